import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Address } from '../src/client/address';
import { Traces } from '../src/client/traces';
import { isOut, readManifest, total, totalText } from '../src/export/manifest';
import { freeName } from '../src/export/names';
import shareForm from '../src/share-form';
import { speak } from '../src/view/words';

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
  let now: object = {};

  beforeEach(() => {
    asked.length = 0;
    unknown = [];
    now = {};
    vi.stubGlobal('fetch', async (_url: URL, init: RequestInit) => {
      if (init.method === 'GET') return new Response(JSON.stringify(now));
      const body = JSON.parse(String(init.body));
      asked.push(body);
      const message = `There is no task ${body.task_id}.`;
      return unknown.includes(body.task_id)
        ? new Response(JSON.stringify({ message }), { status: 404 })
        : new Response(JSON.stringify({ goes_on: 'status' in now }));
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

  test('for what it knows itself of a run that goes on, and what was looked at leaves', async () => {
    now = { ...going, status: 'running' };
    const traces = new Traces(address, { taskId: 't1', trace: going });
    await traces.manifest();
    await traces.export('html', []);
    const looked = { trace: now };
    expect(asked).toEqual([
      { task_id: 't1' },
      looked,
      { ...looked, format: 'html', leave_out: [] },
    ]);
    asked.length = 0;
    now = ended;
    await traces.manifest();
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

describe('the form', () => {
  const steps = [
    { ...HOLDS, number: 1, kind: 'tool', state: 'done', title: 'Read a.csv', tool: 'read_file' },
    { ...HOLDS, number: 2, kind: 'tool', state: 'failed', title: 'Draw', tool: 'draw_it' },
    { ...HOLDS, number: 3, kind: 'answer', title: 'Yes' },
  ].map(each => ({ run: 0, arguments: 'path: a.csv', ...each }));
  const offered = { ...told, steps, goes_on: true, at: '2026-11-23T13:02:13Z' };

  function notebook() {
    const heard = new Map<string, (content: unknown) => void>();
    const model = {
      offered: offered as object,
      sent: [] as unknown[],
      get: () => model.offered,
      on: (event: string, callback: (content: unknown) => void) => void heard.set(event, callback),
      off: (event: string) => void heard.delete(event),
      send: (content: unknown) => void model.sent.push(content),
    };
    const el = document.body.appendChild(document.createElement('div'));
    const leave = shareForm.render({ model, el });
    return { model, el, leave, heard };
  }
  const words = (node: Element | null | undefined): string =>
    (node?.textContent ?? '').replace(/\s+/g, ' ').trim();

  test('shows how each step came out', () => {
    const rows = [...notebook().el.querySelectorAll('li > label')];
    expect(rows.map(words)).toEqual([
      'Read a.csv 100 bytes',
      'Draw failed · 100 bytes',
      'Answer Yes 100 bytes',
    ]);
    expect(rows.map(row => (row as HTMLElement).dataset.state)).toEqual([
      'done',
      'failed',
      undefined,
    ]);
  });

  test('says a call in the language of the page', () => {
    speak({ __: text => (text === 'Called' ? 'Aufgerufen:' : text), _n: one => one });
    const [first] = notebook().el.querySelectorAll('li > label');
    speak({ __: text => text, _n: one => one });
    expect(words(first)).toContain('Aufgerufen: read_file path: a.csv');
  });

  test('of a run that goes on looks again and keeps what is left out', () => {
    const { model, el, heard, leave } = notebook();
    const note = el.querySelector('[role="note"]');
    expect(words(note)).toContain('The run has not ended: this is what it had done at');
    el.querySelectorAll<HTMLInputElement>('li input')[1]?.click();
    note?.querySelector('button')?.click();
    expect(model.sent).toEqual([{ type: 'look' }]);
    model.offered = { ...offered, goes_on: false };
    heard.get('change:offered')?.(undefined);
    expect(el.querySelector('[role="note"]')).toBeNull();
    expect(words(el.querySelector('[data-out]'))).toContain('Draw');
    leave();
    expect(heard.size).toBe(0);
  });

  test('has the kernel write the file, and says what came of it', () => {
    const { model, el, heard } = notebook();
    const file = el.querySelector<HTMLInputElement>('form input');
    expect(file?.value).toBe('analyst-1b2c.html');
    const select = el.querySelector('select');
    if (select !== null) select.value = 'json';
    select?.dispatchEvent(new Event('change'));
    expect(file?.value).toBe('analyst-1b2c.agenttrace.json');
    el.querySelector('form')?.dispatchEvent(new Event('submit'));
    expect(model.sent).toEqual([
      { type: 'write', file: 'analyst-1b2c.agenttrace.json', form: 'json', leave_out: [] },
    ]);
    heard.get('msg:custom')?.({ type: 'said', text: 'Wrote it.', failed: false });
    expect(words(el.querySelector('form [role="status"]'))).toBe('Wrote it.');
  });
});
