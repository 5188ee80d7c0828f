import { expect, test } from 'vitest';
import { search } from '../src/view/find/search';
import { fromTrace } from '../src/view/state/reduce';
import { SAMPLE_NAMES, sample } from './samples';

const call = (id: string, tool_name: string, args: unknown, content: unknown, error?: unknown) => [
  { event_type: 'tool_call', tool_call_id: id, tool_name, arguments: args },
  { event_type: 'tool_result', tool_call_id: id, outcome: 'success', content, error },
];

function rowsOf(...events: Record<string, unknown>[]) {
  return fromTrace({ events: events.map((event, index) => ({ ...event, seq: index + 1 })) }).rows;
}

const rows = rowsOf(
  ...call(
    'a',
    'read_file',
    { path: 'North.csv', deep: { unit: ['mm'] } },
    { 'text/plain': 'Rain' },
  ),
  ...call('b', 'run_query', {}, { 'text/html': '<b>ra</b>in', 'text/plain': ['ra', 'in'] }),
  ...call('c', 'fetch', 'plain', {}, { message: 'no such station' }),
  { event_type: 'thinking', message_id: 't', text: 'What about the RAIN?' },
  { event_type: 'warning', message: 'slow', reason: 'retry' },
  { event_type: 'input_requested', request_id: 'q', question: 'Which?', choices: ['Alpha'] },
  { event_type: 'from the future', novelty: { name: 'Zeta' } },
);
const found = (query: string): number[] => search(rows, query).map(row => rows.indexOf(row));

test.each([
  ['rain', [0, 1, 3]],
  ['north.csv', [0]],
  ['mm', [0]],
  ['Read file', [0]],
  ['run_query', [1]],
  ['<b>', []],
  ['station', [2]],
  ['plain', [2]],
  ['retry', [4]],
  ['alpha', [5]],
  ['ZETA', [6]],
  ['nowhere', []],
  ['', []],
  ['  ', []],
])('%j is found in the rows that say it, in their order', (query, expected) => {
  expect(found(query)).toEqual(expected);
});

test.each(SAMPLE_NAMES)('anything can be looked for in the sample %s', name => {
  for (const query of ['a', '{', '"', 'İ'])
    expect(search(fromTrace(sample(name)).rows, query)).toEqual(expect.any(Array));
});

test('ten thousand steps are searched, and searched again', () => {
  const many = rowsOf(
    ...Array.from({ length: 10_000 }, (_, n) =>
      call(`c${n}`, 'read_file', { path: `${n}.csv` }, { 'text/plain': `${n} lines`.repeat(40) }),
    ).flat(),
  );
  expect(search(many, '9999.csv')).toHaveLength(1);
  expect(search(many, '777 lines').length).toBeGreaterThan(9);
});
