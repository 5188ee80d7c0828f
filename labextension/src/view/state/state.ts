import type { Fields } from './read';
import type { Usage } from './usage';

export type Status =
  | 'queued'
  | 'running'
  | 'input_required'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'interrupted';

export type Outcome = 'success' | 'failed' | 'denied' | 'interrupted';

/** `live`: events arrive as they happen; `saved`: what is shown is all there is. */
export type Connection = 'live' | 'reconnecting' | 'saved';

export interface Failure {
  readonly message: string;
  readonly reason: string;
}

interface RowBase {
  /** Names the row for as long as the state lives; stable while the row changes. */
  readonly id: number;
  /** The event that began the row: 0 while only deltas of it are known. */
  readonly seq: number;
  readonly step: number;
  readonly startedAt: number | undefined;
}

export interface TextRow extends RowBase {
  readonly kind: 'message' | 'thinking' | 'answer';
  readonly text: string;
  readonly streaming: boolean;
  /** The connection was lost amid this text: the next delta brings it whole and replaces it. */
  readonly stale: boolean;
  readonly endedAt: number | undefined;
}

export interface Decision {
  readonly decision: string;
  readonly value: unknown;
  readonly by: string;
  readonly at: number | undefined;
}

export interface Approval {
  readonly requestId: string;
  readonly seq: number;
  readonly askedAt: number | undefined;
  readonly reason: string;
  /** What the call would do, as its result would tell it; empty where the arguments say it all. */
  readonly preview: Fields;
  readonly expiresAt: number | undefined;
  readonly decided: Decision | undefined;
}

export interface ToolResult {
  readonly seq: number;
  readonly at: number | undefined;
  readonly outcome: Outcome;
  readonly content: Fields;
  readonly durationMs: number | undefined;
  readonly error: Failure | undefined;
}

export interface Progress {
  readonly done: number;
  readonly total: number | undefined;
  readonly message: string;
}

export interface ToolRow extends RowBase {
  readonly kind: 'tool';
  readonly callId: string;
  readonly name: string;
  readonly arguments: unknown;
  readonly runsIn: string;
  readonly progress: Progress | undefined;
  readonly approval: Approval | undefined;
  /** It asks a person: the question has a row of its own, which says it all. */
  readonly asks: boolean;
  readonly result: ToolResult | undefined;
}

export interface QuestionRow extends RowBase {
  readonly kind: 'question';
  readonly requestId: string;
  readonly question: string;
  readonly choices: readonly string[];
  /** The JSON Schema of the answer, as it came. */
  readonly schema: unknown;
  readonly expiresAt: number | undefined;
  readonly decided: Decision | undefined;
}

export interface WarningRow extends RowBase {
  readonly kind: 'warning';
  readonly message: string;
  readonly reason: string;
}

/** An event of a type that this version does not know. */
export interface OtherRow extends RowBase {
  readonly kind: 'other';
  readonly eventType: string;
  readonly payload: Fields;
}

export type Row = TextRow | ToolRow | QuestionRow | WarningRow | OtherRow;

/** What whoever shared a run left out of it. */
export interface LeftOut {
  readonly steps: number;
  readonly answer: boolean;
  readonly followUps: number;
}

export interface ViewState {
  readonly taskId: string;
  readonly agent: string;
  readonly input: string;
  /** The run that it takes on, whose question it has; '' for a run of its own. */
  readonly resumes: string;
  readonly model: string;
  readonly provider: string;
  readonly simulated: boolean;
  readonly status: Status;
  readonly error: Failure | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly durationMs: number | undefined;
  readonly usage: Usage | undefined;
  /** The same of each turn of the loop that a model was asked in. */
  readonly stepUsage: ReadonlyMap<number, Usage>;
  /** Turns of the loop so far. What people are told of are steps: see `isStep`. */
  readonly turns: number;
  readonly leftOut: LeftOut | undefined;
  /** The version that it was written in, where that is a later one than this view knows. */
  readonly laterVersion: number | undefined;
  readonly rows: readonly Row[];
  /** The last stored event that is folded in. */
  readonly lastSeq: number;
  readonly lastTime: number | undefined;
  /** The event that ended the run; 0 before. */
  readonly endSeq: number;
  readonly nextId: number;
  /** Where the unfinished rows are: `call:…`, `text:…`, `request:…` → index in `rows`. */
  readonly unfinished: ReadonlyMap<string, number>;
}

const FINAL: ReadonlySet<Status> = new Set(['completed', 'failed', 'cancelled', 'interrupted']);
const KNOWN: ReadonlySet<string> = new Set([...FINAL, 'queued', 'running', 'input_required']);

export function isFinal(status: Status): boolean {
  return FINAL.has(status);
}

export function asStatus(value: unknown): Status | undefined {
  return typeof value === 'string' && KNOWN.has(value) ? (value as Status) : undefined;
}

/** A step is a row of the run: a thought, a word, a call, a question, a warning; not the answer. */
export function isStep(row: Row): boolean {
  return row.kind !== 'answer' && !(row.kind === 'tool' && row.asks);
}

const counted = new WeakMap<readonly Row[], number>();

export function stepsOf({ rows }: ViewState): number {
  let steps = counted.get(rows);
  if (steps === undefined) {
    steps = rows.reduce((sum, row) => sum + (isStep(row) ? 1 : 0), 0);
    counted.set(rows, steps);
  }
  return steps;
}

/** The events that a row tells of, as far as it knows their numbers. */
export function seqsOf(row: Row): readonly number[] {
  if (row.kind !== 'tool') return [row.seq];
  return [row.seq, row.result?.seq, row.approval?.seq].filter(seq => seq !== undefined);
}

/** The request of a row that nobody has answered yet. */
export function openRequest(row: Row): string | undefined {
  if (row.kind === 'question') return row.decided === undefined ? row.requestId : undefined;
  if (row.kind !== 'tool' || row.result !== undefined) return undefined;
  return row.approval?.decided === undefined ? row.approval?.requestId : undefined;
}

export const EMPTY: ViewState = {
  taskId: '',
  agent: '',
  input: '',
  resumes: '',
  model: '',
  provider: '',
  simulated: false,
  status: 'queued',
  error: undefined,
  startedAt: undefined,
  finishedAt: undefined,
  durationMs: undefined,
  usage: undefined,
  stepUsage: new Map(),
  turns: 0,
  leftOut: undefined,
  laterVersion: undefined,
  rows: [],
  lastSeq: 0,
  lastTime: undefined,
  endSeq: 0,
  nextId: 1,
  unfinished: new Map(),
};
