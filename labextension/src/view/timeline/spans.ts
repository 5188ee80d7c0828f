import { type RowState, stateOf } from '../row/row';
import {
  type Decision,
  isFinal,
  type QuestionRow,
  type Row,
  type Status,
  type ToolRow,
  type ViewState,
} from '../state/state';
import type { Usage } from '../state/usage';

/** `model`: a model writes; `tool`: a call runs; `wait`: it waits for a person. */
export type SpanKind = 'model' | 'tool' | 'wait';

/** A stretch of a run's time, in ms since 1970. */
export interface Span {
  readonly kind: SpanKind;
  /** What it leads to. Of a turn of the model its first row; none while it has said nothing yet. */
  readonly row: Row | undefined;
  readonly step: number;
  readonly state: RowState;
  readonly from: number;
  /** Absent while it goes on. */
  readonly to: number | undefined;
  /** What the model's turn took. */
  readonly usage: Usage | undefined;
}

/**
 * Where the time of a run went, in the order of its beginnings.
 *
 * A model has the time from when all before it was done until it calls or ends. Times that are missing
 * or run backwards make a span empty, never longer.
 *
 * @param run The state of the run; `interrupted` for one that was saved unfinished.
 */
export function spansOf(state: ViewState, run: Status = state.status): readonly Span[] {
  const first = state.startedAt ?? state.rows.find(row => row.startedAt !== undefined)?.startedAt;
  if (first === undefined) return [];
  const spans = new Spans(state, run, first);
  for (const row of state.rows) spans.add(row);
  return spans.end();
}

/** What is shorter than this between the last call and the end was no model's. */
const UNSAID_MS = 250;

interface Turn {
  readonly step: number;
  readonly row: Row;
  readonly from: number;
  to: number;
  streams: boolean;
  /** It has called or asked: what the model says after that is another turn. */
  called: boolean;
}

class Spans {
  private readonly spans: Span[] = [];
  private readonly told = new Set<number>();
  private turn: Turn | undefined;
  /** All that was asked for so far was done by then. */
  private settled: number;
  /** Something waits or runs that the model needs to go on. */
  private busy = false;

  constructor(
    private readonly state: ViewState,
    private readonly run: Status,
    first: number,
  ) {
    this.settled = first;
  }

  add(row: Row): void {
    if (row.kind === 'warning' || row.kind === 'other') return;
    const isText = 'streaming' in row;
    if (this.isNextTurn(row, isText)) this.beginTurn(row);
    const { turn } = this;
    if (turn === undefined) return;
    if (isText) {
      turn.to = Math.max(turn.to, row.endedAt ?? row.startedAt ?? 0);
      turn.streams = row.streaming;
      return;
    }
    if (!turn.called) turn.to = Math.max(turn.to, row.startedAt ?? 0);
    turn.called = true;
    if (row.kind === 'question')
      this.wait(row, Math.max(row.startedAt ?? 0, turn.to), row.decided, undefined);
    else if (!row.asks) this.tool(row);
  }

  end(): readonly Span[] {
    const free = !this.busy && (this.turn === undefined || this.turn.called);
    const goes = !isFinal(this.run) && !this.busy;
    this.endTurn(goes);
    if (free && (goes || this.wasCutOff())) this.unsaid();
    return this.spans.sort((one, other) => one.from - other.from);
  }

  /** The run was ended while its model was asked, which left nothing but time. */
  private wasCutOff(): boolean {
    const { settled, run } = this;
    return isFinal(run) && run !== 'completed' && this.over(settled) - settled > UNSAID_MS;
  }

  private unsaid(): void {
    const from = this.settled;
    const step = this.state.turns + (this.turn === undefined ? 0 : 1);
    const open = !isFinal(this.run);
    const to = open ? undefined : this.over(from);
    const state = open ? 'running' : endOf(this.run);
    this.spans.push({ kind: 'model', row: undefined, step, state, from, to, usage: undefined });
  }

  private isNextTurn(row: Row, isText: boolean): boolean {
    const { turn } = this;
    if (turn === undefined || row.step !== turn.step) return true;
    if (!turn.called) return false;
    // Without numbers of steps, a call that follows the end of all others is one of a next turn.
    return isText || (row.step === 0 && (row.startedAt ?? 0) > this.settled);
  }

  private beginTurn(row: Row): void {
    this.endTurn(false);
    const from = this.settled;
    this.turn = { step: row.step, row, from, to: from, streams: false, called: false };
  }

  private endTurn(goes: boolean): void {
    const { turn } = this;
    if (turn === undefined) return;
    const open = (goes || turn.streams) && !turn.called && !isFinal(this.run);
    const usage = this.told.has(turn.step) ? undefined : this.state.stepUsage.get(turn.step);
    this.told.add(turn.step);
    const state = open ? 'running' : 'completed';
    const { row, step, from } = turn;
    const to = open ? undefined : turn.to;
    this.spans.push({ kind: 'model', row, step, state, from, to, usage });
    this.settle(to);
  }

  private tool(row: ToolRow): void {
    const { approval, result } = row;
    const called = Math.max(row.startedAt ?? 0, this.turn?.to ?? 0);
    let ready = called;
    if (approval !== undefined) {
      const asked = Math.max(called, approval.askedAt ?? 0);
      const told = this.wait(row, asked, approval.decided, result?.at);
      if (approval.decided === undefined || told === undefined) return;
      if (result?.outcome === 'denied') return;
      ready = told;
    }
    const end = this.toolEnd(row, ready);
    const took = result?.durationMs;
    const from =
      end === undefined || took === undefined ? ready : Math.max(ready, end - Math.max(0, took));
    this.push('tool', row, stateOf(row, this.run), from, end);
  }

  private toolEnd({ result }: ToolRow, from: number): number | undefined {
    if (result === undefined) return isFinal(this.run) ? this.over(from) : undefined;
    return Math.max(from, result.at ?? from + (result.durationMs ?? 0));
  }

  /** Says when it was over, if it is. */
  private wait(
    row: ToolRow | QuestionRow,
    from: number,
    decided: Decision | undefined,
    givenUp: number | undefined,
  ): number | undefined {
    const refused = decided?.decision === 'deny' || decided?.decision === 'expired';
    const over = decided?.at ?? givenUp;
    const open = decided === undefined && givenUp === undefined;
    const to =
      open && !isFinal(this.run) ? undefined : Math.max(from, open ? this.over(from) : (over ?? 0));
    const state = decided === undefined ? stateOf(row, this.run) : refused ? 'denied' : 'completed';
    // What was decided in advance kept nobody waiting.
    if (to !== from) this.push('wait', row, state, from, to);
    return to;
  }

  private over(from: number): number {
    return Math.max(from, this.state.finishedAt ?? this.state.lastTime ?? 0);
  }

  private push(
    kind: SpanKind,
    row: Row,
    state: RowState,
    from: number,
    to: number | undefined,
  ): void {
    this.spans.push({ kind, row, step: row.step, state, from, to, usage: undefined });
    this.busy ||= to === undefined;
    this.settle(to);
  }

  private settle(at: number | undefined): void {
    if (at !== undefined && at > this.settled) this.settled = at;
  }
}

function endOf(run: Status): RowState {
  return run === 'failed' || run === 'cancelled' ? run : 'interrupted';
}
