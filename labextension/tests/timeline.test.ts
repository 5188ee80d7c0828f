import { describe, expect, test } from 'vitest';
import { fold, fromTrace } from '../src/view/state/reduce';
import { EMPTY, type Status } from '../src/view/state/state';
import { moved, roomFor, ticksOf, zoomed } from '../src/view/timeline/axis';
import { barsOf, lanesOf, timeByKind } from '../src/view/timeline/lanes';
import { type Span, spansOf } from '../src/view/timeline/spans';
import { spanText, spoken } from '../src/view/timeline/text';
import { SAMPLE_NAMES, sample } from './samples';

const ZERO = Date.parse('2026-01-01T00:00:00Z');
type Event = Record<string, unknown>;

/** Events at so many ms after the start. */
function run(...events: [at: number | undefined, event: Event][]) {
  return fold(
    EMPTY,
    events.map(([at, event], index) => ({
      seq: index + 1,
      step: 1,
      ...(at === undefined ? {} : { ts: new Date(ZERO + at).toISOString() }),
      ...event,
    })),
  );
}

const started: [number, Event] = [0, { event_type: 'run_started', agent: 'a', step: 0 }];
const call = (id: string, more: Event = {}): Event => ({
  event_type: 'tool_call',
  tool_call_id: id,
  tool_name: 'look',
  ...more,
});
const result = (id: string, more: Event = {}): Event => ({
  event_type: 'tool_result',
  tool_call_id: id,
  outcome: 'success',
  content: {},
  ...more,
});

/** "model 0-1000 completed", relative to the start. */
const read = (spans: readonly Span[]): string[] =>
  spans.map(({ kind, from, to, state }) => {
    const until = to === undefined ? '…' : to - ZERO;
    return `${kind} ${from - ZERO}-${until} ${state}`;
  });

describe('the time of a run', () => {
  test('is the model’s until it calls, the calls’ until their results, and the model’s again', () => {
    const state = run(
      started,
      [900, { event_type: 'thinking', text: 'hm' }],
      [1000, call('1')],
      [1000, call('2')],
      [1300, result('2', { duration_ms: 250 })],
      [2000, result('1', { duration_ms: 1000 })],
      [3000, { event_type: 'final_answer', text: 'yes', step: 2 }],
      [3001, { event_type: 'run_finished', status: 'completed', step: 2 }],
    );
    expect(read(spansOf(state))).toEqual([
      'model 0-1000 completed',
      'tool 1000-2000 completed',
      'tool 1050-1300 completed',
      'model 2000-3000 completed',
    ]);
  });

  test('is shared out by turns also where steps have no numbers', () => {
    const bare = (at: number, event: Event): [number, Event] => [at, { ...event, step: undefined }];
    const state = run(
      bare(0, { event_type: 'run_started' }),
      bare(100, call('1')),
      bare(200, result('1')),
      bare(500, call('2')),
      bare(600, result('2')),
      bare(900, { event_type: 'message', message_id: 'm', text: 'so' }),
    );
    expect(read(spansOf(state, 'completed'))).toEqual([
      'model 0-100 completed',
      'tool 100-200 completed',
      'model 200-500 completed',
      'tool 500-600 completed',
      'model 600-900 completed',
    ]);
  });

  test('goes to the person who is waited for, before the call itself', () => {
    const asked = { ...call('1'), event_type: 'approval_requested', request_id: 'r', reason: '' };
    const events: [number, Event][] = [started, [1000, call('1')], [1001, asked]];
    expect(read(spansOf(run(...events)))).toEqual([
      'model 0-1000 completed',
      'wait 1001-… waiting',
    ]);
    const closed = { event_type: 'request_resolved', request_id: 'r', decision: 'approve' };
    events.push([7000, closed], [7300, result('1', { duration_ms: 250 })]);
    expect(read(spansOf(run(...events))).slice(1)).toEqual([
      'wait 1001-7000 completed',
      'tool 7050-7300 completed',
      'model 7300-… running',
    ]);
    events[3] = [7000, { ...closed, decision: 'deny' }];
    events[4] = [7000, result('1', { outcome: 'denied', duration_ms: 0 })];
    expect(read(spansOf(run(...events)))[1]).toBe('wait 1001-7000 denied');
    expect(read(spansOf(run(...events)))[2]).toBe('model 7000-… running');
  });

  test('of a decision made in advance is nobody’s', () => {
    const asked = { ...call('1'), event_type: 'approval_requested', request_id: 'r', reason: '' };
    const closed = { event_type: 'request_resolved', request_id: 'r', decision: 'approve' };
    const state = run(started, [10, call('1')], [10, asked], [10, closed], [20, result('1')]);
    expect(read(spansOf(state, 'completed'))).toEqual([
      'model 0-10 completed',
      'tool 10-20 completed',
    ]);
  });

  test('goes on for what is running', () => {
    expect(read(spansOf(run(started)))).toEqual(['model 0-… running']);
    const calling = run(started, [500, call('1')]);
    expect(read(spansOf(calling))).toEqual(['model 0-500 completed', 'tool 500-… running']);
    const streaming = fold(run(started), [
      { event_type: 'message_delta', step: 1, seq: 1, message_id: 'm', delta: 'He' },
    ]);
    expect(read(spansOf(streaming))).toEqual(['model 0-… running']);
  });

  test.each([
    ['cancelled', 'cancelled'],
    ['failed', 'interrupted'],
    ['interrupted', 'interrupted'],
  ] as [Status, string][])('ends with a run that ended as %s', (status, shown) => {
    const over: [number, Event] = [9000, { event_type: 'run_finished', status }];
    expect(read(spansOf(run(started, [500, call('1')], over)))).toEqual([
      'model 0-500 completed',
      `tool 500-9000 ${shown}`,
    ]);
    expect(read(spansOf(run(started, over)))).toEqual([`model 0-9000 ${status}`]);
  });

  test('of a run that was saved unfinished stops at the last that is known', () => {
    const state = run(started, [500, call('1')], [800, call('2')]);
    expect(read(spansOf(state, 'interrupted'))).toEqual([
      'model 0-500 completed',
      'tool 500-800 interrupted',
      'tool 800-800 interrupted',
    ]);
  });

  test('that is missing or runs backwards makes empty spans, never long ones', () => {
    const state = run(
      started,
      [undefined, call('1')],
      [undefined, result('1', { duration_ms: 40 })],
      [-5000, call('2')],
      [-9000, result('2', { duration_ms: -3 })],
      [-1, { event_type: 'final_answer', text: 'x', step: 2 }],
    );
    for (const { from, to } of spansOf(state, 'completed')) {
      expect(from).toBeGreaterThanOrEqual(ZERO);
      expect((to ?? 0) - from).toBeGreaterThanOrEqual(0);
      expect((to ?? 0) - from).toBeLessThanOrEqual(40);
    }
    expect(spansOf(run([undefined, call('1')]))).toEqual([]);
  });

  test.each(SAMPLE_NAMES)('of the sample %s lies within it, its spans in order', name => {
    const state = fromTrace(sample(name));
    const spans = spansOf(state);
    let before = Number.NEGATIVE_INFINITY;
    for (const { from, to } of spans) {
      expect(from).toBeGreaterThanOrEqual(Math.max(before, state.startedAt ?? 0));
      expect(to ?? from).toBeGreaterThanOrEqual(from);
      expect(to ?? from).toBeLessThanOrEqual(state.finishedAt ?? state.lastTime ?? 0);
      before = from;
    }
  });

  test('tells the tokens and the cost of a turn once', () => {
    const usage = { event_type: 'usage', input_tokens: 10, output_tokens: 5, cost: 0.25 };
    const text = { event_type: 'message', message_id: 'm' };
    const state = run(
      started,
      [100, usage],
      [110, { ...text, text: 'a' }],
      [120, call('1')],
      [200, result('1')],
      [300, { ...text, message_id: 'n', text: 'b' }],
    );
    const [first, , second] = spansOf(state, 'completed');
    expect(second?.usage).toBeUndefined();
    expect(spoken(spanText(first as Span, ZERO, 0))).toBe(
      'Model, turn 1: a, 0.1 s, from 0 s, 15 tokens, $0.25',
    );
  });
});

const span = (from: number, to: number | undefined, more: Partial<Span> = {}): Span => ({
  ...{ kind: 'tool', row: undefined, step: 1, state: 'completed', from, to, usage: undefined },
  ...more,
});

test('spans that overlap get lanes of their own, below the model’s', () => {
  const spans = [
    span(0, 10, { kind: 'model' }),
    span(10, 30),
    span(10, 20),
    span(20, undefined),
    span(40, 50),
    span(40, 50),
  ];
  expect(lanesOf(spans)).toEqual({ of: [0, 1, 2, 2, 1, 3], count: 4 });
});

test('ten thousand spans are drawn as no more bars than there is room for, and no failure is lost', () => {
  const spans = Array.from({ length: 10_000 }, (_, n) =>
    span(n * 10, n * 10 + 4, { state: n === 5000 ? 'failed' : 'completed' }),
  );
  const lanes = lanesOf(spans);
  const bars = barsOf(spans, lanes, { from: 0, to: 100_000 }, 700, 0);
  expect(bars.length).toBeLessThan(400);
  expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(10_000);
  expect(bars.map(bar => bar.failed).filter(failed => failed > 0)).toEqual([1]);
  const near = barsOf(spans, lanes, { from: 50_000, to: 50_100 }, 700, 0);
  expect(near.map(bar => [bar.first, bar.count, bar.failed])).toContainEqual([5000, 1, 1]);
});

test('what ran at the same time counts once in the sum of its kind', () => {
  const spans = [span(0, 100), span(50, 150), span(60, 70), span(200, undefined)];
  expect(timeByKind(spans, 250).get('tool')).toBe(200);
});

test.each([
  [{ from: 0, to: 10_000 }, 300, '0 s, 2 s, 4 s, 6 s, 8 s, 10 s'],
  [{ from: 0, to: 400 }, 300, '0 s, 100 ms, 200 ms, 300 ms, 400 ms'],
  [{ from: 900, to: 1200 }, 200, '900 ms, 1.0 s, 1.1 s, 1.2 s'],
  [{ from: 60_000, to: 61_000 }, 240, '1 min, 1 min 0.5 s, 1 min 1.0 s'],
  [{ from: 0, to: 300_000 }, 320, '0 s, 1 min, 2 min, 3 min, 4 min, 5 min'],
  [{ from: 0, to: 9_000_000 }, 500, '0 s, 30 min, 1 h, 1 h 30 min, 2 h, 2 h 30 min'],
  [{ from: 0, to: 2e8 }, 200, '0 s, 1 d, 2 d'],
])('the ticks of %j are round', (range, width, expected) => {
  expect(
    ticksOf(range, 0, width)
      .map(tick => tick.text)
      .join(', '),
  ).toBe(expected);
});

test('the axis of a growing run widens seldom, and always has room', () => {
  const rooms = new Set<number>();
  for (let length = 0; length < 3_600_000; length += 500) {
    expect(roomFor(length)).toBeGreaterThan(length);
    rooms.add(roomFor(length));
  }
  expect(rooms.size).toBeLessThan(14);
});

test('zooming keeps the time under the pointer in its place, and stays within the run', () => {
  const whole = { from: 0, to: 1000 };
  expect(zoomed(whole, whole, 0.5, 250)).toEqual({ from: 125, to: 625 });
  expect(zoomed({ from: 0, to: 100 }, whole, 100, 50)).toEqual(whole);
  expect(moved({ from: 800, to: 900 }, whole, 500)).toEqual({ from: 900, to: 1000 });
});
