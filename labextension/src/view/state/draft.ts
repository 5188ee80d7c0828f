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
