import { begin, type Draft, origin, settle } from './draft';
import { applyStored, DELTAS } from './events';
import { type Fields, fields, list, number, text, time } from './read';
import { asStatus, EMPTY, isFinal, type LeftOut, type ViewState } from './state';
import { usageOf } from './usage';

/** The version of the trace that this view knows. */
const VERSION = 1;

/** The state after one event of the contract. Pure; an event that was seen before changes nothing. */
export function reduce(state: ViewState, event: unknown): ViewState {
  return fold(state, [event]);
}

/** The state after several events: the same as one after the other, at the price of one copy. */
export function fold(state: ViewState, events: readonly unknown[]): ViewState {
  if (events.length === 0) return state;
  const draft = begin(state);
  for (const event of events) apply(draft, event);
  return draft;
}

/** The state of a saved trace document, finished or not; its events a list. */
export function fromTrace(document: unknown): ViewState {
  const draft = opening(document);
  foldInto(draft, list(fields(document).events));
  return closing(draft, document);
}

/** What a document says of itself before any of its events is folded in. */
export function opening(document: unknown): Draft {
  const trace = fields(document);
  const draft = begin(EMPTY);
  draft.taskId = text(trace.task_id);
  draft.agent = text(trace.agent);
  draft.input = text(trace.input);
  draft.simulated = trace.simulated === true;
  draft.leftOut = leftOut(fields(trace.left_out));
  const version = number(trace.version) ?? VERSION;
  draft.laterVersion = version > VERSION ? version : undefined;
  return draft;
}

/** Folds in events that belong together, by their number. */
export function foldInto(draft: Draft, events: readonly unknown[]): void {
  for (const event of inOrder(events)) apply(draft, event);
}

/** The state when all events of a document are folded in. */
export function closing(draft: Draft, document: unknown): ViewState {
  const trace = fields(document);
  draft.startedAt = time(trace.started_at) ?? draft.startedAt;
  draft.finishedAt = time(trace.finished_at) ?? draft.finishedAt;
  end(draft, { ...trace, content: trace.result });
  return draft;
}

/** The state when a connection is up: what was only streamed comes again, as a whole. */
export function attached(state: ViewState, status: unknown): ViewState {
  const draft = begin(state);
  draft.rows = draft.rows.map(row =>
    'streaming' in row && row.streaming ? { ...row, stale: true } : row,
  );
  const told = asStatus(status);
  // An ended task is replayed first: its end is an event like the others.
  if (told !== undefined && !isFinal(told) && !isFinal(draft.status)) draft.status = told;
  return draft;
}

/** The state after the socket's `result`, which ends every run, also one whose last event was lost. */
export function finished(state: ViewState, result: unknown): ViewState {
  const draft = begin(state);
  end(draft, fields(result));
  return draft;
}

/** Events by their number; one without stays behind the one that it came after. */
export function inOrder(events: readonly unknown[]): readonly unknown[] {
  let last = 0;
  let ordered = true;
  const places = events.map(event => {
    const seq = seqOf(event) ?? last;
    ordered &&= seq >= last;
    last = seq;
    return seq;
  });
  if (ordered) return events;
  return events
    .map((event, index) => ({ event, place: places[index] ?? 0 }))
    .sort((a, b) => a.place - b.place)
    .map(({ event }) => event);
}

/** An event's number, if it is one that an event can have. */
function seqOf(event: unknown): number | undefined {
  const seq = number(fields(event).seq);
  return seq !== undefined && Number.isSafeInteger(seq) && seq > 0 ? seq : undefined;
}

function apply(draft: Draft, raw: unknown): void {
  const event = fields(raw);
  const type = text(event.event_type);
  const grow = DELTAS.get(type);
  if (grow !== undefined) {
    if (!isFinal(draft.status)) grow(draft, event);
    return;
  }
  const seq = seqOf(event);
  if (seq !== undefined) {
    if (seq <= draft.lastSeq) return;
    draft.lastSeq = seq;
  }
  const at = time(event.ts);
  draft.turns = Math.max(draft.turns, number(event.step) ?? 0);
  applyStored(draft, type, event);
  draft.lastTime = at ?? draft.lastTime;
}

function leftOut(told: Fields): LeftOut | undefined {
  const steps = number(told.steps) ?? 0;
  const followUps = number(told.follow_ups) ?? 0;
  const answer = told.answer === true;
  return steps > 0 || followUps > 0 || answer ? { steps, answer, followUps } : undefined;
}

function end(draft: Draft, told: Fields): void {
  const status = asStatus(told.status);
  if (status !== undefined && (isFinal(status) || !isFinal(draft.status))) draft.status = status;
  const failure = fields(told.error);
  if (text(failure.message) !== '') {
    draft.error = { message: text(failure.message), reason: text(failure.reason) };
  }
  draft.usage = usageOf(told.usage) ?? draft.usage;
  draft.turns = Math.max(draft.turns, number(told.steps) ?? 0);
  draft.durationMs = number(told.duration_ms) ?? draft.durationMs;
  if (isFinal(draft.status)) settle(draft);
  const content = text(told.content);
  const answered = draft.rows.some(row => row.kind === 'answer');
  if (content !== '' && !answered && draft.status === 'completed') {
    const answer = { kind: 'answer', text: content, streaming: false, stale: false } as const;
    draft.rows.push({ ...answer, ...origin(draft, {}), endedAt: undefined });
  }
}
