import { expect, test } from 'vitest';
import type { Display } from '../src/client/displays';
import { type CellState, lostRuns, taskIdsIn } from '../src/notebook/restore';
import { TRACE_TYPE } from '../src/trace-type';

const SAVED_AT = 1000;

function cells(given: Record<string, Partial<CellState>>): (id: string) => CellState | undefined {
  return id =>
    id in given ? { executedHere: false, taskIds: new Set<string>(), ...given[id] } : undefined;
}

const running = (taskId: string, cellId = 'c'): Display => ({
  taskId,
  cellId,
  finishedAt: undefined,
});

function lost(displays: readonly Display[], given: Record<string, Partial<CellState>>) {
  return lostRuns(displays, cells(given), SAVED_AT);
}

const back = (taskId: string, cellId = 'c', replaces = false) => ({ taskId, cellId, replaces });

test('a run that goes on comes back into the cell that showed it', () => {
  expect(lost([running('t')], { c: {} })).toEqual([back('t')]);
});

test('a run that ended after the file was saved comes back', () => {
  expect(lost([{ ...running('t'), finishedAt: SAVED_AT + 1 }], { c: {} })).toEqual([back('t')]);
});

test('a run that had ended when the file was saved without it was cleared', () => {
  expect(lost([{ ...running('t'), finishedAt: SAVED_AT }], { c: {} })).toEqual([]);
});

test('a run that its cell shows does not come back', () => {
  expect(lost([running('t')], { c: { taskIds: new Set(['t']) } })).toEqual([]);
});

test('a cell that was removed gets nothing back', () => {
  expect(lost([running('t')], { other: {} })).toEqual([]);
});

test('a cell that this page executes gets nothing back', () => {
  expect(lost([running('t')], { c: { executedHere: true } })).toEqual([]);
});

test('the run of an earlier execution makes room for those of the last, once', () => {
  const given = { c: { taskIds: new Set(['old']) } };
  expect(lost([running('a'), running('b')], given)).toEqual([back('a', 'c', true), back('b')]);
});

test('a run of the same execution stays beside the one that comes back', () => {
  const given = { c: { taskIds: new Set(['a']) } };
  expect(lost([running('a'), running('b')], given)).toEqual([back('b')]);
});

test('each run comes back to its own cells', () => {
  const displays = [running('t', 'c'), running('t', 'd')];
  const given = { c: { taskIds: new Set(['t']) }, d: {} };
  expect(lost(displays, given)).toEqual([back('t', 'd')]);
});

test('a cell shows the runs of its traces and those that follow them up', () => {
  const trace = { task_id: 'first', follow_ups: [{ task_id: 'second' }, 7] };
  const outputs = [{ [TRACE_TYPE]: trace }, { 'text/plain': 'x' }, undefined, { [TRACE_TYPE]: 3 }];
  expect([...taskIdsIn(outputs)]).toEqual(['first', 'second']);
});
