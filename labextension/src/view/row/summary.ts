import { thousands } from '../format';
import { type Fields, json, list, text } from '../state/read';
import { trans } from '../words';
import { oneLine } from './titles';

const LIMIT = 200;

/** What a tool gave back, on one line. */
export function summaryOf(bundle: Fields): string {
  const plain = textOf(bundle['text/plain']);
  const table = tableSize(textOf(bundle['text/html']), plain);
  if (table !== undefined) return table;
  if (isPicture(bundle)) return trans.__('A picture');
  if (plain.trim() !== '') return oneLine(unquoted(plain), LIMIT);
  for (const type of ['text/markdown', 'text/latex']) {
    const value = textOf(bundle[type]);
    if (value.trim() !== '') return oneLine(value, LIMIT);
  }
  if ('application/json' in bundle) return oneLine(json(bundle['application/json']), LIMIT);
  const types = Object.keys(bundle);
  return isBlank(bundle) ? trans.__('Nothing returned') : types.join(', ');
}

/** Nothing of it would be seen. */
export function isBlank(bundle: Fields): boolean {
  return Object.values(bundle).every(part => textOf(part).trim() === '');
}

export function isPicture(bundle: Fields): boolean {
  return Object.keys(bundle).some(type => type.startsWith('image/'));
}

/** A value of a bundle as text: the notebook format also allows a list of lines. */
export function textOf(value: unknown): string {
  return Array.isArray(value) ? list(value).map(text).join('') : text(value);
}

/** What to copy of a bundle. */
export function copyOf(bundle: Fields): string {
  for (const type of ['text/plain', 'text/markdown', 'text/html']) {
    if (type in bundle) return textOf(bundle[type]);
  }
  return json(bundle['application/json'] ?? bundle, 2);
}

function tableSize(html: string, plain: string): string | undefined {
  // pandas says the size itself when it shows a part only.
  const said = /(\d[\d,]*) rows? (?:x|×) (\d[\d,]*) columns?/.exec(
    `${plain.slice(-200)}\n${html.slice(-400)}`,
  );
  if (said !== null) {
    return trans.__(
      'A table of %1 and %2',
      rowsText(digits(said[1])),
      columnsText(digits(said[2])),
    );
  }
  if (!html.includes('<table')) return undefined;
  const rows = html.split('<tr').length - 1;
  const heads = html.includes('<thead')
    ? (html.split('<thead')[1]?.split('</thead')[0]?.split('<tr').length ?? 1) - 1
    : 0;
  return trans.__('A table of %1', rowsText(Math.max(0, rows - heads)));
}

function rowsText(amount: number): string {
  return trans._n('%2 row', '%2 rows', amount, thousands(amount));
}

function columnsText(amount: number): string {
  return trans._n('%2 column', '%2 columns', amount, thousands(amount));
}

function digits(value: string | undefined): number {
  return Number((value ?? '0').replaceAll(',', ''));
}

/** A Python string's repr reads better without its quotes. */
function unquoted(plain: string): string {
  const quoted = /^(['"])([^\n\\]*)\1$/.exec(plain.slice(0, 2000).trim());
  return quoted?.[2] ?? plain;
}
