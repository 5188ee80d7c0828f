import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isPacked, unpacked } from '../src/packed';
import { fields } from '../src/view/state/read';

const EVENTS = [{ seq: 1, event_type: 'message', text: 'größer 🧮' }];

function pack(events: unknown): unknown {
  const data = deflateSync(JSON.stringify(events)).toString('base64');
  return { encoding: 'zlib+base64', count: 1, data };
}

test('a plain trace is given back as it is', async () => {
  const trace = { task_id: 'a', events: EVENTS };
  expect(isPacked(trace)).toBe(false);
  expect(await unpacked(trace)).toBe(trace);
  expect(await unpacked(undefined)).toBe(undefined);
});

test('packed events are lists again, also those of the runs that follow up', async () => {
  const later = { task_id: 'b', events: pack(EVENTS) };
  const trace = { task_id: 'a', events: EVENTS, follow_ups: [later, { task_id: 'c', events: [] }] };
  expect(isPacked(trace)).toBe(true);
  expect(await unpacked(trace)).toEqual({
    ...trace,
    follow_ups: [{ task_id: 'b', events: EVENTS }, trace.follow_ups[1]],
  });
});

test.each([
  ['another encoding', { ...fields(pack(EVENTS)), encoding: 'brotli' }],
  ['no base64', { encoding: 'zlib+base64', data: '%%' }],
  ['data cut off', { encoding: 'zlib+base64', data: 'eJyL' }],
  ['no text', { encoding: 'zlib+base64', data: null }],
])('%s is said to be unreadable, and the rest of the trace stays', async (_, events) => {
  const read = fields(await unpacked({ task_id: 'a', result: 'yes', events }));
  expect(read.result).toBe('yes');
  expect(read.events).toMatchObject([{ event_type: 'unreadable' }]);
});
