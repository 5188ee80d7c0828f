import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isPacked, unpacked } from '../src/view/state/packed';
import { fields } from '../src/view/state/read';

const EVENTS = [{ seq: 1, event_type: 'message', text: 'größer 🧮' }];

function pack(json: string): unknown {
  const data = deflateSync(json).toString('base64');
  return { encoding: 'zlib+base64', count: 1, data };
}

function pieces(events: unknown): (readonly unknown[])[] {
  return [...unpacked({ task_id: 'a', events })];
}

test('a trace is packed where its events are no list', () => {
  expect(isPacked({ task_id: 'a', events: EVENTS })).toBe(false);
  expect(isPacked({ task_id: 'a', events: pack('[]') })).toBe(true);
  expect(isPacked(undefined)).toBe(false);
});

test('packed events are a list again', () => {
  expect(pieces(pack(JSON.stringify(EVENTS)))).toEqual([EVENTS]);
});

test('many events come in pieces, whole and in their order', () => {
  const events = Array.from({ length: 9_000 }, (_, nth) => ({
    seq: nth + 1,
    text: 'a,\\n[b]'.repeat(9),
  }));
  const lines = `[${events.map(event => JSON.stringify(event)).join(',\n')}]`;
  const read = pieces(pack(lines));
  expect(read.length).toBeGreaterThan(2);
  expect(read.flat()).toEqual(events);
});

test.each([
  ['on one line', undefined],
  ['indented', 1],
])('many events that are written %s are read as a whole', (_, indent) => {
  const events = Array.from({ length: 9_000 }, (_, nth) => ({
    seq: nth + 1,
    text: ['a', 'b'.repeat(60)],
  }));
  expect(pieces(pack(JSON.stringify(events, null, indent))).flat()).toEqual(events);
});

test.each([
  ['another encoding', { ...fields(pack('[]')), encoding: 'brotli' }],
  ['no base64', { encoding: 'zlib+base64', data: '%%' }],
  ['data cut off', { encoding: 'zlib+base64', data: 'eJyL' }],
  ['no text', { encoding: 'zlib+base64', data: null }],
])('%s is said to be unreadable', (_, events) => {
  expect(pieces(events)).toMatchObject([[{ event_type: 'unreadable' }]]);
});

test('what is broken at its end is shown up to there', () => {
  const event = JSON.stringify({ seq: 1, text: 'x'.repeat(90) });
  const read = pieces(pack(`[${`${event},\n`.repeat(9_000)}{"seq": `)).flat();
  expect(read.length).toBeGreaterThan(2_000);
  expect(read.at(-1)).toMatchObject({ event_type: 'unreadable' });
});

test.each([
  ['lists', '['],
  ['entries', '{},'],
])('a small file that would become millions of %s is refused', (_, many) => {
  const read = pieces(pack(`[${many.repeat(4_100_000)}`)).flat();
  expect(read.at(-1)).toMatchObject({ message: 'the packed events are longer than is read' });
  expect(read.length).toBeLessThan(2);
});
