import { add, type Draft, endOfStored, origin, settle, store } from './draft';
import { type Fields, fields, list, number, text, time } from './read';
import {
  asStatus,
  type Decision,
  type Failure,
  type Outcome,
  type Row,
  type TextRow,
} from './state';
import { sum, usageOf } from './usage';

type Step = (draft: Draft, event: Fields) => unknown;

const OUTCOMES: ReadonlySet<string> = new Set(['success', 'failed', 'denied', 'interrupted']);

const STORED: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['run_started', runStarted],
  ['thinking', (draft, event) => textFinished(draft, event, 'thinking')],
  ['message', (draft, event) => textFinished(draft, event, 'message')],
  ['final_answer', finalAnswer],
  ['tool_call', addTool],
  ['tool_progress', toolProgressed],
  ['tool_result', toolFinished],
  ['approval_requested', approvalRequested],
  ['input_requested', inputRequested],
  ['request_resolved', requestResolved],
  ['usage', usageReported],
  ['warning', warned],
  ['run_finished', runFinished],
]);

export const DELTAS: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['thinking_delta', (draft, event) => textGrew(draft, event, 'thinking')],
  ['message_delta', (draft, event) => textGrew(draft, event, 'message')],
]);

/** Folds a stored event in; a type that is not known becomes a row that shows it as it is. */
export function applyStored(draft: Draft, type: string, event: Fields): void {
  const step = STORED.get(type);
  if (step !== undefined) step(draft, event);
  else add(draft, { kind: 'other', ...origin(draft, event), eventType: type, payload: event });
}

function runStarted(draft: Draft, event: Fields): void {
  draft.agent = text(event.agent) || draft.agent;
  draft.input = text(event.input) || draft.input;
  draft.resumes = text(event.resumes);
  draft.model = text(event.model);
  draft.provider = text(event.provider);
  draft.simulated = draft.simulated || event.simulated === true;
  draft.startedAt = time(event.ts) ?? draft.startedAt;
  draft.status = 'running';
}

function textGrew(draft: Draft, event: Fields, kind: 'message' | 'thinking'): void {
  draft.turns = Math.max(draft.turns, number(event.step) ?? 0);
  const key = textKey(kind, event);
  const delta = text(event.delta);
  const index = draft.unfinished.get(key);
  const row = index === undefined ? undefined : draft.rows[index];
  if (index !== undefined && row !== undefined && 'streaming' in row) {
    draft.rows[index] = { ...row, text: row.stale ? delta : row.text + delta, stale: false };
    return;
  }
  draft.unfinished.set(key, draft.rows.length);
  // A delta carries the number of the last stored event, and no time of its own.
  const start = { ...origin(draft, {}), startedAt: draft.lastTime };
  draft.rows.push({
    kind,
    ...start,
    text: delta,
    streaming: true,
    stale: false,
    endedAt: undefined,
  });
}

function textFinished(draft: Draft, event: Fields, kind: 'message' | 'thinking'): void {
  const row = takeStreamed(draft, textKey(kind, event)) ?? takeLast(draft, kind);
  writeText(draft, event, kind, row);
}

function finalAnswer(draft: Draft, event: Fields): void {
  const row = takeLast(draft, 'message') ?? takeRepeated(draft, text(event.text));
  writeText(draft, event, 'answer', row);
}

function writeText(
  draft: Draft,
  event: Fields,
  kind: TextRow['kind'],
  index: number | undefined,
): void {
  const before = index === undefined ? undefined : draft.rows[index];
  const row: TextRow = {
    kind,
    ...origin(draft, event),
    startedAt: before?.startedAt ?? draft.lastTime,
    text: text(event.text),
    streaming: false,
    stale: false,
    endedAt: time(event.ts),
  };
  if (index === undefined || before === undefined) add(draft, row);
  else store(draft, index, { ...row, id: before.id });
}

function takeStreamed(draft: Draft, key: string): number | undefined {
  const index = draft.unfinished.get(key);
  draft.unfinished.delete(key);
  return index;
}

/** The text that streams now, whatever its id: the answer has none, and a retry changes it. */
function takeLast(draft: Draft, kind: 'message' | 'thinking'): number | undefined {
  const keys = [...draft.unfinished.keys()].filter(key => key.startsWith(`${kind}:`));
  const last = keys.at(-1);
  return last === undefined ? undefined : takeStreamed(draft, last);
}

/** The last stored row, when it is a message that says what the answer says: it is shown once. */
function takeRepeated(draft: Draft, answer: string): number | undefined {
  const index = endOfStored(draft) - 1;
  const last = draft.rows[index];
  return last?.kind === 'message' && last.text === answer ? index : undefined;
}

function addTool(draft: Draft, event: Fields): number {
  const callId = text(event.tool_call_id);
  const index = add(draft, {
    kind: 'tool',
    ...origin(draft, event),
    callId,
    name: text(event.tool_name),
    arguments: event.arguments ?? {},
    runsIn: text(event.runs_in),
    progress: undefined,
    approval: undefined,
    asks: false,
    result: undefined,
  });
  draft.unfinished.set(`call:${callId}`, index);
  return index;
}

function change<K extends Row['kind']>(
  draft: Draft,
  index: number | undefined,
  kind: K,
  with_: (row: Extract<Row, { kind: K }>) => Row,
): boolean {
  const row = index === undefined ? undefined : draft.rows[index];
  if (index === undefined || row?.kind !== kind) return false;
  draft.rows[index] = with_(row as Extract<Row, { kind: K }>);
  return true;
}

function toolProgressed(draft: Draft, event: Fields): void {
  const progress = {
    done: number(event.progress) ?? 0,
    total: number(event.total),
    message: text(event.message),
  };
  const index = draft.unfinished.get(`call:${text(event.tool_call_id)}`);
  change(draft, index, 'tool', row => ({ ...row, progress }));
}

function toolFinished(draft: Draft, event: Fields): void {
  const key = `call:${text(event.tool_call_id)}`;
  const outcome = text(event.outcome);
  const result = {
    seq: number(event.seq) ?? 0,
    at: time(event.ts),
    outcome: (OUTCOMES.has(outcome) ? outcome : 'failed') as Outcome,
    content: fields(event.content),
    durationMs: number(event.duration_ms),
    error: failureOf(event.error),
  };
  const known = draft.unfinished.get(key) ?? lateCall(draft, text(event.tool_call_id));
  const index = known ?? addTool(draft, event);
  draft.unfinished.delete(key);
  change(draft, index, 'tool', row => ({ ...row, result }));
}

/** A call that was given up when the run ended, and whose result came after all. */
function lateCall(draft: Draft, callId: string): number | undefined {
  const recent = Math.max(0, draft.rows.length - 64);
  for (let index = draft.rows.length - 1; index >= recent; index--) {
    const row = draft.rows[index];
    if (row?.kind === 'tool' && row.callId === callId && row.result === undefined) return index;
  }
  return undefined;
}

function approvalRequested(draft: Draft, event: Fields): void {
  const requestId = text(event.request_id);
  const approval = {
    requestId,
    seq: number(event.seq) ?? 0,
    askedAt: time(event.ts),
    reason: text(event.reason),
    preview: fields(event.preview),
    expiresAt: time(event.expires_at),
    decided: undefined,
  };
  const index = draft.unfinished.get(`call:${text(event.tool_call_id)}`) ?? addTool(draft, event);
  change(draft, index, 'tool', row => ({ ...row, approval }));
  draft.unfinished.set(`request:${requestId}`, index);
  draft.status = 'input_required';
}

/** The built-in tool whose calls are questions. */
const ASKING_TOOL = 'ask_user';

function inputRequested(draft: Draft, event: Fields): void {
  const requestId = text(event.request_id);
  const asking = [...draft.unfinished.values()].find(index => {
    const row = draft.rows[index];
    return row?.kind === 'tool' && row.name === ASKING_TOOL && !row.asks;
  });
  change(draft, asking, 'tool', row => ({ ...row, asks: true }));
  const index = add(draft, {
    kind: 'question',
    ...origin(draft, event),
    requestId,
    question: text(event.question),
    choices: list(event.choices).map(text),
    schema: event.schema ?? undefined,
    expiresAt: time(event.expires_at),
    decided: undefined,
  });
  draft.unfinished.set(`request:${requestId}`, index);
  draft.status = 'input_required';
}

function requestResolved(draft: Draft, event: Fields): void {
  const key = `request:${text(event.request_id)}`;
  const index = draft.unfinished.get(key);
  draft.unfinished.delete(key);
  const decided: Decision = {
    decision: text(event.decision),
    value: event.value,
    by: text(event.by),
    at: time(event.ts),
  };
  const approved = change(draft, index, 'tool', row =>
    row.approval === undefined ? row : { ...row, approval: { ...row.approval, decided } },
  );
  if (!approved) change(draft, index, 'question', row => ({ ...row, decided }));
  const waits = [...draft.unfinished.keys()].some(open => open.startsWith('request:'));
  if (!waits && draft.status === 'input_required') draft.status = 'running';
}

function usageReported(draft: Draft, event: Fields): void {
  const more = usageOf(event);
  if (more === undefined) return;
  const step = number(event.step) ?? draft.turns;
  draft.usage = sum(draft.usage, more);
  draft.stepUsage.set(step, sum(draft.stepUsage.get(step), more));
}

function warned(draft: Draft, event: Fields): void {
  const { message, reason } = event;
  add(draft, {
    kind: 'warning',
    ...origin(draft, event),
    message: text(message),
    reason: text(reason),
  });
}

function runFinished(draft: Draft, event: Fields): void {
  draft.status = asStatus(event.status) ?? 'completed';
  draft.error = failureOf(event.error);
  draft.finishedAt = time(event.ts) ?? draft.finishedAt;
  draft.endSeq = number(event.seq) ?? 0;
  settle(draft);
}

function textKey(kind: string, event: Fields): string {
  return `${kind}:${text(event.message_id)}`;
}

function failureOf(value: unknown): Failure | undefined {
  const failure = fields(value);
  const message = text(failure.message) || (typeof value === 'string' ? value : '');
  return message === '' ? undefined : { message, reason: text(failure.reason) };
}
