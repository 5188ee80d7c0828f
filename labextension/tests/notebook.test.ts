import { YNotebook } from '@jupyter/ydoc';
import { beforeEach, expect, test, vi } from 'vitest';
import { NotebookDesk } from '../src/notebook/desk';
import { applyChange, readCells } from '../src/notebook/edits';
import type { NotebookContext, NotebookPanel } from '../src/notebook/panel';
import type { Change } from '../src/page.gen';

let notebook: YNotebook;

function sources(): string[] {
  return notebook.cells.map(cell => cell.getSource());
}

function cell(index: number): YNotebook['cells'][number] {
  const found = notebook.cells[index];
  if (found === undefined) throw new Error(`there is no cell ${index}`);
  return found;
}

function replace(cell_id: string, before: string, source: string): Change {
  return { kind: 'replace', cell_id, before, source };
}

beforeEach(() => {
  notebook = new YNotebook();
  notebook.insertCells(0, [
    { cell_type: 'code', id: 'a', source: 'one = 1\ntwo = 2', metadata: {} },
    { cell_type: 'markdown', id: 'b', source: '# Words', metadata: {} },
  ]);
  notebook.undoManager.clear();
});

test('cells are read with their ids, sources and outputs', () => {
  const outputs = [{ output_type: 'stream', name: 'stdout', text: 'hello' }];
  notebook.insertCell(2, {
    cell_type: 'code',
    id: 'c',
    source: 'x',
    metadata: {},
    execution_count: 7,
    outputs,
  });
  expect(readCells(notebook).slice(1)).toEqual([
    { id: 'b', cell_type: 'markdown', source: '# Words', outputs: [] },
    {
      id: 'c',
      cell_type: 'code',
      source: 'x',
      execution_count: 7,
      outputs: [expect.objectContaining({ output_type: 'stream', text: 'hello' })],
    },
  ]);
});

test('what no model is given stays in the page', () => {
  const data = { 'text/plain': 'Figure', 'image/png': 'x'.repeat(6_000_000) };
  const outputs = [{ output_type: 'display_data', data, metadata: {} }];
  notebook.insertCell(0, { cell_type: 'code', id: 'c', source: '', metadata: {}, outputs });
  const [read] = readCells(notebook);
  expect(read?.outputs[0]?.data).toEqual({ 'text/plain': 'Figure' });
});

test.each([
  ['one = 1\ntwo = 20\nthree = 3'],
  ['two = 2'],
  [''],
  ['one = 1\ntwo = 2two = 2'],
  ['entirely different'],
])('a source becomes %j', source => {
  applyChange(notebook, replace('a', 'one = 1\ntwo = 2', source));
  expect(sources()).toEqual([source, '# Words']);
});

test('only what differs is replaced, so that a cursor elsewhere stays where it is', () => {
  const changes: unknown[] = [];
  cell(0).changed.connect((_, change) => changes.push(change.sourceChange));
  applyChange(notebook, replace('a', 'one = 1\ntwo = 2', 'one = 100\ntwo = 2'));
  expect(changes).toEqual([[{ retain: 7 }, { insert: '00' }]]);
});

test('characters of two halves stay whole', () => {
  applyChange(notebook, replace('b', '# Words', '😀'));
  applyChange(notebook, replace('b', '😀', '😁'));
  applyChange(notebook, replace('b', '😁', '🐁'));
  expect(sources()[1]).toBe('🐁');
});

test('a change is one step of the undo history, apart from what was typed just before', () => {
  cell(0).updateSource(0, 0, '#');
  applyChange(notebook, replace('a', '#one = 1\ntwo = 2', 'x'));
  cell(0).updateSource(1, 1, '!');
  expect(sources()[0]).toBe('x!');
  notebook.undo();
  expect(sources()[0]).toBe('x');
  notebook.undo();
  expect(sources()[0]).toBe('#one = 1\ntwo = 2');
  notebook.redo();
  expect(sources()[0]).toBe('x');
});

test('a cell that somebody changed is left alone', () => {
  const change = replace('a', 'one = 1', 'x');
  expect(() => applyChange(notebook, change)).toThrow(
    expect.objectContaining({ reason: 'cell_changed' }),
  );
  expect(() => applyChange(notebook, { kind: 'remove', cell_id: 'a', before: 'x' })).toThrow(
    expect.objectContaining({ reason: 'cell_changed' }),
  );
  expect(sources()).toEqual(['one = 1\ntwo = 2', '# Words']);
});

test('an inserted code cell is trusted as one that a person adds', () => {
  const made = applyChange(notebook, {
    kind: 'insert',
    cell_id: 'new',
    after: 'a',
    cell_type: 'code',
    source: '1 + 1',
  });
  expect(made?.getMetadata('trusted')).toBe(true);
});

test('a cell that is not there is said to be so', () => {
  const nowhere: Change = {
    kind: 'insert',
    cell_id: 'new',
    after: 'gone',
    cell_type: 'code',
    source: '',
  };
  for (const change of [replace('gone', '', 'x'), nowhere]) {
    expect(() => applyChange(notebook, change)).toThrow(
      expect.objectContaining({ reason: 'cell_not_found' }),
    );
  }
});

test.each([
  [null, ['new', 'a', 'b']],
  ['a', ['a', 'new', 'b']],
  ['b', ['a', 'b', 'new']],
])('a cell is inserted behind %s under its id', (after, order) => {
  const cell_type = 'markdown' as const;
  const made = applyChange(notebook, {
    kind: 'insert',
    cell_id: 'new',
    after,
    cell_type,
    source: '# New',
  });
  expect(notebook.cells.map(each => each.getId())).toEqual(order);
  expect(made?.getSource()).toBe('# New');
  notebook.undo();
  expect(notebook.cells.map(each => each.getId())).toEqual(['a', 'b']);
});

test('a cell is removed, and comes back by undo', () => {
  expect(applyChange(notebook, { kind: 'remove', cell_id: 'b', before: '# Words' })).toBe(
    undefined,
  );
  expect(sources()).toEqual(['one = 1\ntwo = 2']);
  notebook.undo();
  expect(sources()).toEqual(['one = 1\ntwo = 2', '# Words']);
});

/** What the desk needs of a panel and its document. */
function open(desk: NotebookDesk, path: string, state: Record<string, unknown> = {}): void {
  const model = {
    sharedModel: notebook,
    dirty: false,
    readOnly: false,
    deletedCells: [],
    ...state,
  };
  const panel = {
    id: path,
    content: { model, widgets: [], notebookConfig: { recordTiming: false } },
    sessionContext: { session: null },
  };
  const context = { isReady: true, localPath: path, model };
  desk.opened.add({
    panel: panel as unknown as NotebookPanel,
    context: context as unknown as NotebookContext,
  });
}

const life = new AbortController().signal;

test('the desk tells what is open, and which of it is looked at', () => {
  const desk = new NotebookDesk(panel => panel.id === 'b.ipynb');
  open(desk, 'a.ipynb', { dirty: true });
  open(desk, 'b.ipynb', { collaborative: true });
  expect(desk.notebooks()).toEqual([
    { path: 'a.ipynb', dirty: true, collaborative: false, active: false },
    { path: 'b.ipynb', dirty: false, collaborative: true, active: true },
  ]);
});

test('the desk reads and changes the notebook of that path', async () => {
  const desk = new NotebookDesk(() => true);
  open(desk, 'a.ipynb');
  const change = replace('b', '# Words', '# Others');
  const [changed] = await desk.carryOut({ type: 'apply', id: 1, path: 'a.ipynb', change }, life);
  expect(changed?.source).toBe('# Others');
  const read = await desk.carryOut({ type: 'read', id: 2, path: 'a.ipynb' }, life);
  expect(read.map(each => each.id)).toEqual(['a', 'b']);
});

test('the desk says of each refusal why', async () => {
  const desk = new NotebookDesk(() => true);
  open(desk, 'a.ipynb');
  open(desk, 'locked.ipynb', { readOnly: true });
  const change = replace('a', 'not this', 'x');
  const asked = [
    { type: 'read' as const, id: 1, path: 'closed.ipynb' },
    { type: 'apply' as const, id: 2, path: 'a.ipynb', change },
    { type: 'apply' as const, id: 3, path: 'locked.ipynb', change },
    { type: 'run' as const, id: 4, path: 'a.ipynb', cell_id: 'a', source: 'one = 1\ntwo = 2' },
  ];
  const reasons: unknown[] = [];
  for (const request of asked) {
    const error = await desk.carryOut(request, life).catch(caught => caught);
    reasons.push(desk.failure(request.id, error));
  }
  expect(reasons).toEqual(
    ['notebook_gone', 'cell_changed', 'read_only', 'cell_not_found'].map((reason, place) =>
      expect.objectContaining({ type: 'failed', id: place + 1, reason }),
    ),
  );
  expect(desk.failure(9, new TypeError('odd'))).toMatchObject({ reason: 'page_error' });
});

test('a run is stopped by an interrupt only while the kernel runs this very cell', async () => {
  const desk = new NotebookDesk(() => true);
  open(desk, 'a.ipynb');
  const [opened] = desk.opened;
  const listeners = new Set<(sender: unknown, message: unknown) => void>();
  const kernel = {
    interrupt: vi.fn(async () => finish()),
    iopubMessage: {
      connect: (listener: () => void) => listeners.add(listener),
      disconnect: (listener: () => void) => listeners.delete(listener),
    },
  };
  let finish = (): void => undefined;
  class CodeCell {
    static execute = () => new Promise<void>(resolve => (finish = resolve));
    readonly model = { sharedModel: cell(0) };
    readonly outputArea = { future: { msg: { header: { msg_id: 'ours' } } } };
  }
  Object.assign(opened?.panel.content ?? {}, { widgets: [new CodeCell()] });
  Object.assign(opened?.panel.sessionContext ?? {}, { session: { kernel } });
  const running = new AbortController();
  const run = { type: 'run' as const, id: 1, path: 'a.ipynb', cell_id: 'a' };
  const begun = (parent: string): void => {
    const message = { header: { msg_type: 'execute_input' }, parent_header: { msg_id: parent } };
    for (const listener of listeners) listener(undefined, message);
  };

  const waiting = desk.carryOut({ ...run, source: 'one = 1\ntwo = 2' }, running.signal);
  begun('of somebody else');
  running.abort();
  expect(kernel.interrupt).not.toHaveBeenCalled();
  finish();
  await waiting;

  const again = new AbortController();
  const stopped = desk.carryOut({ ...run, source: 'one = 1\ntwo = 2' }, again.signal);
  begun('ours');
  again.abort();
  await stopped;
  expect(kernel.interrupt).toHaveBeenCalledOnce();
  expect(listeners.size).toBe(0);
});
