import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { LiveRun } from '../src/view/live';
import { nextTask } from '../src/view/paint';
import { isShort, readLong } from '../src/view/reading';
import type { Listener } from '../src/view/source';
import type { ViewState } from '../src/view/state/state';

type Event = Record<string, unknown>;

const CALLS = 6_000;

/** A call and its result each, and a call without one in their middle. */
function calls(): Event[] {
  const made = Array.from({ length: CALLS }, (_, nth) => {
    const about = { tool_call_id: `c${nth}`, tool_name: 'count', step: nth };
    const asked = { ...about, event_type: 'tool_call', arguments: { nth, why: 'so '.repeat(20) } };
    const left = { ...about, event_type: 'tool_result', outcome: 'success', content: {} };
    return nth === 100 ? [asked] : [asked, left];
  });
  return made.flat().map((event, nth) => ({ seq: nth + 1, ...event }));
}

function packed(events: readonly Event[], status: string): Event {
  const json = `[${events.map(each => JSON.stringify(each)).join(',\n')}]`;
  const data = deflateSync(json).toString('base64');
  return {
    ...{ task_id: 'a', agent: 'analyst', status },
    events: { encoding: 'zlib+base64', count: events.length, data },
  };
}

test('a long run tells at once whose it is, then its first rows, then all of them', async () => {
  const trace = packed(calls(), 'completed');
  expect(isShort(trace)).toBe(false);
  const told: ViewState[] = [];
  const whole = readLong(trace, state => told.push(state), new AbortController().signal);
  expect(told).toMatchObject([{ agent: 'analyst', status: 'completed', rows: [] }]);
  const read = await whole;
  expect(told).toHaveLength(2);
  // The call without a result would look as if it went on.
  expect(told[1]?.rows).toHaveLength(100);
  expect(told[1]?.rows.every(row => row.kind === 'tool' && row.result !== undefined)).toBe(true);
  expect(read?.rows).toHaveLength(CALLS);
});

test('events that somebody packed out of their order are read in it', async () => {
  const events = calls();
  const turned = [...events.slice(8_000), ...events.slice(0, 8_000)];
  const signal = new AbortController().signal;
  const read = await readLong(packed(turned, 'completed'), () => undefined, signal);
  const right = await readLong(packed(events, 'completed'), () => undefined, signal);
  expect(read?.rows).toEqual(right?.rows);
});

test('nobody is told of a run whose view is gone', async () => {
  const life = new AbortController();
  const whole = readLong(packed(calls(), 'completed'), () => undefined, life.signal);
  life.abort();
  expect(await whole).toBeUndefined();
});

test('a long run that was saved unfinished is watched when it is read', async () => {
  const quiet = { changed: () => undefined, finished: () => undefined, refused: () => undefined };
  const run = new LiveRun(quiet);
  let listener: Listener | undefined;
  const source = {
    trace: packed(calls(), 'running'),
    subscribe: (given: Listener) => {
      listener = given;
    },
  };
  run.open(source, new AbortController().signal);
  expect(run.connection).toBe('reconnecting');
  expect(listener).toBeUndefined();
  await run.whole;
  expect(run.state.rows).toHaveLength(CALLS);
  listener?.events([{ seq: 12_000, event_type: 'run_finished', status: 'completed' }]);
  expect(run.over).toBe(true);
});

test('a run whose end the notebook brings while its beginning is still read stays ended', async () => {
  const events = calls();
  const told = { changed: () => undefined, finished: () => undefined, refused: () => undefined };
  const run = new LiveRun(told);
  let watched = 0;
  const subscribe = (): void => {
    watched += 1;
  };
  run.open({ trace: packed(events, 'running'), subscribe }, new AbortController().signal);
  const end = { seq: events.length + 1, event_type: 'run_finished', status: 'completed' };
  run.adopt({ task_id: 'a', status: 'completed', events: [end] });
  expect(run.over).toBe(true);
  await run.whole;
  expect(run.state).toMatchObject({ status: 'completed', lastSeq: end.seq });
  expect(watched).toBe(0);
});

test('a page gets on with other things while a small file becomes very much text', async () => {
  const data = deflateSync(`[${' '.repeat(60_000_000)}]`).toString('base64');
  const trace = { task_id: 'a', status: 'completed', events: { encoding: 'zlib+base64', data } };
  let turns = 0;
  let going = true;
  const other = async (): Promise<void> => {
    while (going) {
      await nextTask();
      turns += 1;
    }
  };
  const others = other();
  await readLong(trace, () => undefined, new AbortController().signal);
  going = false;
  await others;
  expect(turns).toBeGreaterThan(5);
});
