import { describe, expect, test } from 'vitest';
import { attached, finished, fold, fromTrace, reduce } from '../src/view/state/reduce';
import {
  EMPTY,
  type Row,
  type TextRow,
  type ToolRow,
  type ViewState,
} from '../src/view/state/state';
import { SAMPLE_NAMES, sample } from './samples';

type Event = Record<string, unknown>;

const events = (...list: Event[]): Event[] =>
  list.map((event, index) => ({ seq: index + 1, ...event }));
const tools = (state: ViewState) => state.rows.filter((row): row is ToolRow => row.kind === 'tool');
const texts = (state: ViewState) => state.rows.filter((row): row is TextRow => 'streaming' in row);

const started = {
  event_type: 'run_started',
  agent: 'a',
  input: 'why?',
  ts: '2026-01-01T00:00:00Z',
};
const call = (tool_call_id: string) => ({
  event_type: 'tool_call',
  tool_call_id,
  tool_name: 'look',
  arguments: {},
});
const result = (tool_call_id: string, outcome = 'success') => ({
  event_type: 'tool_result',
  tool_call_id,
  outcome,
  content: { 'text/plain': tool_call_id },
  duration_ms: 5,
});

/** Splits that are the same in every run of the test. */
function* splits(list: Event[]): Generator<Event[][]> {
  for (const size of [1, 2, 3, 7]) {
    const parts: Event[][] = [];
    for (let from = 0; from < list.length; from += size) parts.push(list.slice(from, from + size));
    yield parts;
  }
}

describe.each(SAMPLE_NAMES)('the sample %s', name => {
  test('gives the same state however its events are split into frames', () => {
    const all = sample(name).events;
    const whole = fold(EMPTY, all);
    for (const parts of splits(all)) expect(parts.reduce(fold, EMPTY)).toEqual(whole);
  });

  test('gives the same state when its events arrive a second time', () => {
    const stored = sample(name).events.filter(
      event => !String(event.event_type).endsWith('_delta'),
    );
    const once = fold(EMPTY, stored);
    expect(fold(once, stored)).toEqual(once);
  });

  test('ends as its document says', () => {
    const trace = sample(name);
    expect(fromTrace(trace)).toMatchObject({ status: trace.status, taskId: trace.task_id });
  });
});

test('a delta changes one row and shares all the others', () => {
  const before = fold(EMPTY, events(started, call('1'), result('1')));
  const one = reduce(before, { event_type: 'message_delta', message_id: 'm', delta: 'Hel' });
  const two = reduce(one, { event_type: 'message_delta', message_id: 'm', delta: 'lo' });
  expect(two.rows[0]).toBe(before.rows[0]);
  expect(texts(two).map(row => row.text)).toEqual(['Hello']);
  expect(texts(one).map(row => row.text)).toEqual(['Hel']);
});

test('parallel calls keep their order, and each result lands under its own call', () => {
  const state = fold(
    EMPTY,
    events(started, call('1'), call('2'), call('3'), result('3'), result('1')),
  );
  expect(tools(state).map(row => row.result?.content['text/plain'])).toEqual(['1', undefined, '3']);
});

test('a call id that a provider uses again begins a new row', () => {
  const state = fold(
    EMPTY,
    events(started, call('0'), result('0'), call('0'), result('0', 'failed')),
  );
  expect(tools(state).map(row => row.result?.outcome)).toEqual(['success', 'failed']);
});

test('the answer takes the place of the text that streamed', () => {
  const streaming = fold(EMPTY, [
    ...events(started),
    { event_type: 'message_delta', seq: 1, message_id: 'm', delta: 'It is ' },
  ]);
  const state = reduce(streaming, { event_type: 'final_answer', seq: 2, text: 'It is 4.' });
  expect(state.rows).toHaveLength(1);
  expect(state.rows[0]).toMatchObject({
    kind: 'answer',
    text: 'It is 4.',
    id: streaming.rows[0]?.id,
  });
});

test('text that was cut off by a lost connection stays until it comes again as a whole', () => {
  const delta = (text: string) => ({
    event_type: 'message_delta',
    seq: 1,
    message_id: 'm',
    delta: text,
  });
  const lost = attached(fold(EMPTY, [...events(started), delta('one tw')]), 'running');
  expect(texts(lost)[0]?.text).toBe('one tw');
  expect(texts(fold(lost, [delta('one two '), delta('three')]))[0]?.text).toBe('one two three');
});

test('partial text stays when the run is cancelled, and streams no longer', () => {
  const state = fold(EMPTY, [
    ...events(started),
    { event_type: 'message_delta', seq: 1, message_id: 'm', delta: 'half' },
    { event_type: 'run_finished', seq: 2, status: 'cancelled' },
    { event_type: 'message_delta', seq: 2, message_id: 'm', delta: ' and more' },
  ]);
  expect(texts(state)).toMatchObject([{ text: 'half', streaming: false }]);
});

test('tokens add up, and a cost that is unknown once is unknown in all', () => {
  const used = (cost?: number) => ({
    event_type: 'usage',
    input_tokens: 10,
    output_tokens: 1,
    cost,
  });
  expect(fold(EMPTY, events(used(0.5), used(0.25))).usage).toEqual({
    inputTokens: 20,
    outputTokens: 2,
    cost: 0.75,
  });
  expect(fold(EMPTY, events(used(0.5), used())).usage?.cost).toBeUndefined();
  expect(fold(EMPTY, events(used(), used(0.5))).usage?.cost).toBeUndefined();
});

test('an approval waits, and its decision stays on the row of its call', () => {
  const waiting = fromTrace(sample('waiting'));
  expect(waiting.status).toBe('input_required');
  const [, asked] = tools(fromTrace(sample('approved')));
  expect(asked?.approval?.decided).toMatchObject({ decision: 'approve', by: 'ada' });
});

test('the result of a run whose last events were lost still ends it', () => {
  const state = finished(fold(EMPTY, events(started, call('1'))), {
    status: 'interrupted',
    error: { message: 'The server stopped.', reason: 'server_stopped' },
    steps: 3,
    duration_ms: 10,
  });
  expect(state).toMatchObject({
    status: 'interrupted',
    turns: 3,
    error: { reason: 'server_stopped' },
  });
});

test('a trace of a later version is shown as far as it is understood, and says so', () => {
  const saved = { ...sample('completed'), version: 2, added: {} };
  const state = fromTrace({
    ...saved,
    events: [...saved.events, { event_type: 'dreamed', seq: 99 }],
  });
  expect(state.laterVersion).toBe(2);
  expect(state.rows.at(-1)).toMatchObject({ kind: 'other', eventType: 'dreamed' });
  expect(fromTrace(sample('completed')).laterVersion).toBeUndefined();
  expect(fromTrace({ ...saved, version: 'two' }).laterVersion).toBeUndefined();
});

test('an event of an unknown type is shown and counted', () => {
  const state = fold(EMPTY, events(started, { event_type: 'cell_edited', cell: '4f1c' }));
  expect(state).toMatchObject({ lastSeq: 2, rows: [{ kind: 'other', eventType: 'cell_edited' }] });
});

const HOSTILE: unknown[] = [
  undefined,
  null,
  0,
  'text',
  [],
  [[]],
  {},
  { event_type: {} },
  { __proto__: null },
];
const TYPES = [
  ...['run_started', 'thinking', 'message', 'thinking_delta', 'message_delta', 'tool_call'],
  ...['tool_progress', 'tool_result', 'approval_requested', 'input_requested', 'request_resolved'],
  ...['usage', 'warning', 'final_answer', 'run_finished', 'constructor', '__proto__'],
];
const WRONG = [undefined, null, 7, true, [], {}, 'x', Number.NaN];

test('nothing that is not an event throws', () => {
  for (const value of HOSTILE) {
    expect(() => reduce(EMPTY, value)).not.toThrow();
    expect(() => fromTrace(value)).not.toThrow();
    expect(() => fromTrace({ events: value, usage: value, status: value })).not.toThrow();
    expect(() => finished(EMPTY, value)).not.toThrow();
  }
});

test.each(TYPES)(
  '%s with missing and wrong fields never throws, and keeps its rows well formed',
  type => {
    const names =
      'tool_call_id tool_name arguments content outcome error text delta message_id progress total';
    const more = 'request_id choices question decision status usage input_tokens cost seq step ts';
    for (const value of WRONG) {
      const wrong = Object.fromEntries(`${names} ${more}`.split(' ').map(name => [name, value]));
      const state = fold(EMPTY, [{ event_type: type }, { ...wrong, event_type: type }]);
      const ids = state.rows.map((row: Row) => row.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(Number.isFinite(state.turns + state.lastSeq)).toBe(true);
    }
  },
);

test('ten thousand calls fold, some at a time', () => {
  const many = events(
    ...Array.from({ length: 10_000 }, (_, n) => [call(`${n}`), result(`${n}`)]).flat(),
  );
  let state = EMPTY;
  for (let from = 0; from < many.length; from += 50)
    state = fold(state, many.slice(from, from + 50));
  expect(tools(state)).toHaveLength(10_000);
});

test('the call of ask_user that a question came from is known, any other is not', () => {
  const call = { event_type: 'tool_call', step: 1, runs_in: 'server', arguments: {} };
  const asked = [
    { ...call, seq: 1, tool_call_id: 'a', tool_name: 'look' },
    { ...call, seq: 2, tool_call_id: 'b', tool_name: 'ask_user' },
    { event_type: 'input_requested', seq: 3, step: 1, request_id: 'r', question: 'Which?' },
  ];
  const rows = fold(EMPTY, asked).rows;
  expect(rows.map(row => row.kind === 'tool' && row.asks)).toEqual([false, true, false]);
});
