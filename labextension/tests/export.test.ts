import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Address } from '../src/client/address';
import { Traces } from '../src/client/traces';
import { isOut, readManifest, total, totalText } from '../src/export/manifest';
import { freeName } from '../src/export/names';

const HOLDS = { bytes: 100, pictures: 0, tables: 0, masked: 0, hosts: [], paths: [], people: [] };

const told = {
  name: 'analyst-1b2c',
  endings: { html: '.html', json: '.agenttrace.json' },
  rest: { ...HOLDS, bytes: 1000, people: ['ana'] },
  steps: [
    { ...HOLDS, number: 1, kind: 'tool', title: 'Read a.csv', run: 0, paths: ['a.csv'] },
    { ...HOLDS, number: 2, kind: 'answer', title: 'Yes', run: 0, paths: ['a.csv', 'b.csv'] },
    { ...HOLDS, number: 3, kind: 'follow_up', title: 'And?', run: 1 },
    { ...HOLDS, number: 4, kind: 'tool', title: 'Drew', run: 1, pictures: 1, masked: 2 },
  ],
};

describe('what would leave', () => {
  const manifest = readManifest(told);

  test('is added up, each name once', () => {
    const all = total(manifest, new Set());
    expect(totalText(all)).toBe('2 steps, 1 answer, 1 follow-up, 1 kB, 1 picture, 2 masked values');
    expect(all.paths).toEqual(['a.csv', 'b.csv']);
    expect(all.people).toEqual(['ana']);
  });

  test('is less by what is left out', () => {
    const all = total(manifest, new Set([2, 4]));
    expect([all.steps, all.answers, all.bytes, all.pictures]).toEqual([1, 0, 1200, 0]);
    expect(all.paths).toEqual(['a.csv']);
  });

  test('is less by all steps of a follow-up that is left out', () => {
    const leftOut = new Set([3]);
    expect(totalText(total(manifest, leftOut))).toBe('1 step, 1 answer, 1 kB');
    expect(manifest.steps.map(each => isOut(manifest, leftOut, each))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test.each([undefined, null, 'x', [], { steps: {} }, { steps: [null, 'x', { number: 'y' }] }])(
    'is read of whatever the server says: %j',
    value => {
      expect(total(readManifest(value), new Set()).bytes).toBe(0);
    },
  );
});

test('a file does not replace another of its name', () => {
  expect(freeName('run.agenttrace.json', new Set())).toBe('run.agenttrace.json');
  const taken = new Set(['run.agenttrace.json', 'run-1.agenttrace.json']);
  expect(freeName('run.agenttrace.json', taken)).toBe('run-2.agenttrace.json');
});

describe('the server is asked', () => {
  const address = { http: new URL('http://here/agentkit/api/v1/'), token: '' } as Address;
  const asked: unknown[] = [];
  let unknown: string[] = [];

  beforeEach(() => {
    asked.length = 0;
    unknown = [];
    vi.stubGlobal('fetch', async (_url: URL, init: RequestInit) => {
      const body = JSON.parse(String(init.body));
      asked.push(body);
      const message = `There is no task ${body.task_id}.`;
      return unknown.includes(body.task_id)
        ? new Response(JSON.stringify({ message }), { status: 404 })
        : new Response('{}');
    });
  });

  afterEach(() => vi.unstubAllGlobals());

  const going = { task_id: 't1', events: [], finished_at: null };
  const ended = { ...going, finished_at: '2026-11-23T13:02:13Z' };

  test('for what is saved of a run that has ended', async () => {
    const traces = new Traces(address, { taskId: 't1', trace: ended });
    await traces.manifest();
    await traces.export('html', [3]);
    expect(asked).toEqual([{ trace: ended }, { trace: ended, format: 'html', leave_out: [3] }]);
  });

  test('for what it knows itself of a run that goes on', async () => {
    await new Traces(address, { taskId: 't1', trace: going }).manifest();
    expect(asked).toEqual([{ task_id: 't1' }]);
  });

  test('for what is saved of a run that goes on and that it does not know, and of that only', async () => {
    unknown = ['t1'];
    const traces = new Traces(address, { taskId: 't1', trace: going });
    await traces.manifest();
    await traces.export('json', []);
    expect(asked).toEqual([
      { task_id: 't1' },
      { trace: going },
      { trace: going, format: 'json', leave_out: [] },
    ]);
  });

  test('and its refusal is told', async () => {
    unknown = ['t1'];
    const traces = new Traces(address, { taskId: 't1', trace: { task_id: 't1' } });
    await expect(traces.manifest()).rejects.toThrow('There is no task t1.');
  });
});
