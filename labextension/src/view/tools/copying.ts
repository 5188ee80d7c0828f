import { duration } from '../format';
import { changedArguments, madeEdit } from '../row/edits';
import { type RowState, stateOf } from '../row/row';
import { copyOf, isPicture } from '../row/summary';
import { toolTitle } from '../row/titles';
import { fields, json } from '../state/read';
import {
  isStep,
  type Row,
  type Status,
  type TextRow,
  type ToolRow,
  type ViewState,
} from '../state/state';
import { spentText } from '../state/usage';
import { trans } from '../words';

/** A step as Markdown, to paste elsewhere: what was done, with what, and what came of it. */
export function rowMarkdown(row: Row, run: Status): string {
  switch (row.kind) {
    case 'tool':
      return toolMarkdown(row, run);
    case 'question':
      return parts(
        bold(trans.__('Asked you')),
        quoted(row.question),
        row.decided === undefined ? '' : quoted(saidOf(row.decided.value)),
      );
    case 'warning':
      return bold(row.message || row.reason);
    case 'other':
      return parts(bold(row.eventType), fenced(json(row.payload, 2), 'json'));
    case 'thinking':
      return parts(bold(trans.__('Thought')), quoted(row.text));
    default:
      return row.text.trim();
  }
}

/** The whole run as Markdown, as far as it has come. */
export function runMarkdown(state: ViewState, run: Status): string {
  const { rows, agent, input, usage } = state;
  const took =
    state.startedAt === undefined || state.finishedAt === undefined
      ? ''
      : duration(state.finishedAt - state.startedAt);
  const steps = rows.filter(isStep);
  const answers = rows.filter((row): row is TextRow => row.kind === 'answer');
  const facts = [state.simulated ? trans.__('Simulated') : '', took, spentText(usage)];
  return `${parts(
    bold(agent || trans.__('Agent')),
    quoted(input),
    ...steps.map(row => `- ${rowMarkdown(row, run).replaceAll('\n', '\n  ')}`),
    state.error === undefined ? '' : bold(state.error.message),
    answers.length === 0 ? '' : '---',
    ...answers.map(row => row.text.trim()),
    plain(facts.filter(Boolean).join(' · ')),
  )}\n`;
}

function toolMarkdown(row: ToolRow, run: Status): string {
  const state = stateOf(row, run);
  const args = changedArguments(row) ?? row.arguments;
  const { verb, object, isName } = toolTitle(
    row.name,
    args,
    state === 'completed' ? 'over' : 'wanted',
  );
  const took = row.result?.durationMs;
  const head = [
    `${bold(verb)} ${isName ? code(object) : bold(object)}`,
    badWord(state),
    took === undefined ? '' : duration(took),
  ];
  const content = row.result?.content ?? {};
  const edit = madeEdit(row);
  const given =
    Object.keys(fields(args)).length === 0 && typeof args === 'object' ? '' : json(args, 2);
  const result = edit === undefined ? resultOf(content) : fenced(edit.after, '');
  const problem = row.result?.error?.message ?? '';
  return parts(
    head.filter(Boolean).join(' · '),
    given === '' ? '' : parts(trans.__('Arguments'), fenced(given, 'json')),
    problem === '' ? '' : quoted(problem),
    result === '' ? '' : parts(trans.__('Result'), result),
  );
}

function resultOf(content: Readonly<Record<string, unknown>>): string {
  if (Object.keys(content).length === 0) return '';
  const said = 'text/plain' in content || !isPicture(content) ? copyOf(content).trim() : '';
  return said === '' ? trans.__('A picture') : fenced(said, '');
}

/** Of what did not go as it should. */
function badWord(state: RowState): string {
  if (state === 'failed') return trans.__('failed');
  if (state === 'denied') return trans.__('denied');
  if (state === 'cancelled') return trans.__('stopped');
  return state === 'interrupted' ? trans.__('interrupted') : '';
}

function saidOf(value: unknown): string {
  return typeof value === 'string' ? value : json(value, 2);
}

function parts(...each: string[]): string {
  return each.filter(part => part !== '').join('\n\n');
}

/** Text on one line in which nothing is Markdown or HTML. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_[\]<>|~&#]/g, '\\$&');
}

function bold(text: string): string {
  const line = plain(text);
  return line === '' ? '' : `**${line}**`;
}

/** What several backticks in a text cannot end. */
function ticksAround(text: string, least: number): string {
  const longest = Math.max(least - 1, ...(text.match(/`+/g) ?? []).map(run => run.length));
  return '`'.repeat(longest + 1);
}

function code(text: string): string {
  const ticks = ticksAround(text, 1);
  const space = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${space}${text}${space}${ticks}`;
}

function fenced(text: string, language: string): string {
  const fence = ticksAround(text, 3);
  return `${fence}${language}\n${text}\n${fence}`;
}

function quoted(text: string): string {
  const lines = text.trim().split('\n');
  return text.trim() === ''
    ? ''
    : lines.map(line => (line === '' ? '>' : `> ${plain(line)}`)).join('\n');
}
