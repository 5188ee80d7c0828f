import { textOf } from '../row/summary';
import { toolTitle } from '../row/titles';
import { json, list } from '../state/read';
import type { Row, ToolRow } from '../state/state';

/** What rows say, in small letters; rows never change, so it is made once. */
const TEXTS = new WeakMap<Row, string>();

/** The rows whose text holds `query`, folded away or not, in their order; capitals count as small letters. */
export function search(rows: readonly Row[], query: string): readonly Row[] {
  const wanted = query.toLowerCase();
  return wanted.trim() === '' ? [] : rows.filter(row => textOfRow(row).includes(wanted));
}

/** Whether the run's question holds `query`. */
export function asks(question: string, query: string): boolean {
  const wanted = query.toLowerCase();
  return wanted.trim() !== '' && question.toLowerCase().includes(wanted);
}

function textOfRow(row: Row): string {
  const known = TEXTS.get(row);
  if (known !== undefined) return known;
  const text = parts(row).join('\n').toLowerCase();
  TEXTS.set(row, text);
  return text;
}

function parts(row: Row): string[] {
  switch (row.kind) {
    case 'message':
    case 'answer':
    case 'thinking':
      return [row.text];
    case 'question':
      return [row.question, ...row.choices, said(row.decided?.value)];
    case 'warning':
      return [row.message, row.reason];
    case 'other':
      return [row.eventType, json(row.payload, 2)];
    case 'tool':
      // A call that asks has a row of its own for the question.
      return row.asks ? [] : ofCall(row);
  }
}

function ofCall(row: ToolRow): string[] {
  const { verb, object, details } = toolTitle(row.name, {}, 'over');
  const { result, approval } = row;
  const values = Object.entries(result?.content ?? {}).filter(([type]) => isText(type));
  // A table comes as HTML and as plain text: marks between its words are not what is looked for.
  const shown = values.filter(([type]) => type !== 'text/html' || values.length === 1);
  return [
    `${verb} ${object} ${details}`,
    row.name,
    ...texts(row.arguments),
    ...shown.map(([, value]) => said(value)),
    result?.error?.message ?? '',
    approval?.reason ?? '',
    said(approval?.decided?.value),
  ];
}

function isText(type: string): boolean {
  return type.startsWith('text/') || type.endsWith('json');
}

function said(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' || list(value).every(line => typeof line === 'string')
    ? textOf(value)
    : json(value, 2);
}

/** Arguments as they are shown: their names, text as it is, the rest as JSON. */
function texts(args: unknown): string[] {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return [said(args)];
  return Object.entries(args).flatMap(([name, value]) => [
    name,
    typeof value === 'string' ? value : json(value, 2),
  ]);
}
