import { expect, test } from 'vitest';
import { cost, duration, ticking } from '../src/view/format';
import { summaryOf } from '../src/view/row/summary';
import { detailsOf, timesTitle, toolTitle } from '../src/view/row/titles';

const said = (name: string, args: unknown, tense: 'wanted' | 'going on' | 'over' = 'over') => {
  const { verb, object, details } = toolTitle(name, args, tense);
  return `${verb} ${object} ${details}`.trim();
};

test('a tool that is named like an action reads as one, in the tense of its state', () => {
  expect(said('read_file', { path: 'data.csv' }, 'going on')).toBe('Reading data.csv');
  expect(said('read_file', { path: 'data.csv' }, 'over')).toBe('Read data.csv');
  expect(said('edit_cell', { cell: '4f1c' }, 'wanted')).toBe('Edit cell 4f1c');
  expect(said('listRegions', {})).toBe('Listed regions');
  expect(said('filesystem__write_file', { path: 'a.txt', content: 'x' })).toBe(
    'Wrote a.txt content: x',
  );
});

test('a name is written as people write it', () => {
  expect(said('run_python', { code: '1 + 1' }, 'wanted')).toBe('Run Python 1 + 1');
  expect(said('query_sql_table', {})).toBe('Queried SQL table');
});

test('a tool that is named like a thing is called by its name', () => {
  expect(said('region_total', { region: 'North' }, 'going on')).toBe('Calling region_total North');
  expect(said('region_total', { region: 'North', year: 2025 })).toBe(
    'Called region_total region: North, year: 2025',
  );
  expect(said('', null)).toBe('Called a tool');
});

test('arguments stay on one short line', () => {
  expect(detailsOf({ source: 'import os\nimport sys' })).toBe('import os …');
  expect(detailsOf({ text: 'x'.repeat(1_000_000) })).toHaveLength(161);
  expect(detailsOf({ list: [1, 2], on: true })).toBe('list: [1,2], on: true');
  expect(detailsOf('not an object')).toBe('not an object');
});

test('a result is summed up by what it is', () => {
  expect(summaryOf({ 'text/plain': "'North'" })).toBe('North');
  expect(summaryOf({ 'text/plain': '12345.0' })).toBe('12345.0');
  expect(summaryOf({ 'text/plain': '<Figure>', 'image/png': '' })).toBe('A picture');
  expect(
    summaryOf({ 'text/html': '<table><thead><tr></tr></thead><tr></tr><tr></tr></table>' }),
  ).toBe('A table of 2 rows');
  expect(summaryOf({ 'text/plain': '…\n\n[1,200 rows x 3 columns]' })).toBe(
    'A table of 1,200 rows and 3 columns',
  );
  expect(summaryOf({})).toBe('Nothing returned');
  expect(summaryOf({ 'text/plain': ['one\n', 'two'] })).toBe('one …');
});

test('figures read as people write them', () => {
  expect([30, 420, 9960, 12_400, 65_000, 3_720_000].map(duration)).toEqual([
    '< 0.1 s',
    '0.4 s',
    '10 s',
    '12 s',
    '1 min 05 s',
    '1 h 02 min',
  ]);
  expect([400, 1400, 61_900].map(ticking)).toEqual(['', '1 s', '1 min 01 s']);
  expect([0, 0.00001, 0.0123, 2.5].map(cost)).toEqual(['$0', '< $0.0001', '$0.0123', '$2.50']);
});

test.each([
  ['read_file', 'Read 6 files'],
  ['tick', 'Called tick 6 times'],
  ['region_total', 'Called region_total 6 times'],
  ['load_table', 'Loaded table 6 times'],
])('six calls of %s read "%s"', (name, said) => {
  const { verb, object, details } = timesTitle(name, 6);
  expect([verb, object, details].join(' ').trim()).toBe(said);
});
