import { type Fields, number, time } from './read';
import type { Row, TextRow, ViewState } from './state';
import type { Usage } from './usage';

/** A state that is being worked on: the same fields, writable, its collections its own. */
export type Draft = { -readonly [K in keyof ViewState]: ViewState[K] } & {
  rows: Row[];
  unfinished: Map<string, number>;
  stepUsage: Map<number, Usage>;
};

export function begin(state: ViewState): Draft {
  return {
    ...state,
    rows: state.rows.slice(),
    unfinished: new Map(state.unfinished),
    stepUsage: new Map(state.stepUsage),
  };
}

/** Adds a row for something stored; texts that still stream stay below it, since they are stored later. */
export function add(draft: Draft, row: Row): number {
  const at = endOfStored(draft);
  draft.rows.splice(at, 0, row);
  shift(draft, at, draft.rows.length);
  return at;
}

/** Puts a text that is stored now into its row: it goes above what still streams. */
export function store(draft: Draft, index: number, row: TextRow): void {
  const first = draft.rows.findIndex(isStreaming);
  const at = first < 0 ? index : Math.min(index, first);
  draft.rows.splice(index, 1);
  draft.rows.splice(at, 0, row);
  shift(draft, at, index);
}

/** Where the rows end that nothing more comes above of. */
export function endOfStored({ rows }: Draft): number {
  let end = rows.length;
  while (isStreaming(rows[end - 1])) end -= 1;
  return end;
}

function isStreaming(row: Row | undefined): boolean {
  return row !== undefined && 'streaming' in row && row.streaming;
}

/** The rows that were from one place up to another have moved by one. */
function shift(draft: Draft, from: number, to: number): void {
  for (const [key, index] of draft.unfinished)
    if (index >= from && index < to) draft.unfinished.set(key, index + 1);
}

/** No row goes on after the end of the run. */
export function settle(draft: Draft): void {
  for (const index of draft.unfinished.values()) {
    const row = draft.rows[index];
    if (row !== undefined && 'streaming' in row) {
      draft.rows[index] = { ...row, streaming: false, stale: false } satisfies TextRow;
    }
  }
  draft.unfinished.clear();
}

/** What every new row begins with. */
export function origin(draft: Draft, event: Fields) {
  return {
    id: draft.nextId++,
    seq: number(event.seq) ?? 0,
    step: number(event.step) ?? draft.turns,
    startedAt: time(event.ts) ?? draft.lastTime,
  };
}
