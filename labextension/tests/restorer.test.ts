import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf } from '../src/client/address';
import type { Task } from '../src/client/task';
import type { NotebookContext, NotebookPanel } from '../src/notebook/panel';
import { Restorer } from '../src/notebook/restorer';
import { TRACE_TYPE } from '../src/trace-type';

/** The feed of runs. */
class FakeRuns {
  tasks: Task[] = [];
  now = 1000;
  readonly changed = new Signal<this, void>(this);

  /** A run begins in a cell, or is shown there. */
  tell(id: string, createdAt: number, path = 'a b.ipynb'): void {
    const task = { id, createdAt, place: { path, cellId: 'c' } } as Task;
    this.tasks = [task, ...this.tasks.filter(each => each.id !== id)];
    this.changed.emit();
  }
}

/** A notebook of one code cell, `c`, as far as it is used. */
class FakeNotebook {
  outputs: { data: unknown }[] = [];
  future: object | null = null;
  readonly runs = new FakeRuns();
  /** The kernel answers this page for the first time. */
  kernelAnswers: () => void = () => undefined;
  private ready: () => void = () => undefined;

  open(model: Record<string, unknown> = {}): void {
    const outputs = this;
    const cell = {
      model: {
        sharedModel: { getId: () => 'c' },
        outputs: {
          get length() {
            return outputs.outputs.length;
          },
          get: (index: number) => this.outputs[index],
          add: (output: { data: unknown }) => void this.outputs.push(output),
          clear: () => void this.outputs.splice(0),
        },
      },
      outputArea: {
        get future() {
          return outputs.future;
        },
      },
    };
    const panel = {
      isDisposed: false,
      disposed: { connect: () => true },
      content: { widgets: [cell] },
      sessionContext: {
        ready: Promise.resolve(),
        session: {
          kernel: {
            info: new Promise<void>(resolve => {
              this.kernelAnswers = resolve;
            }),
          },
        },
      },
    } as unknown as NotebookPanel;
    const context = {
      isDisposed: false,
      localPath: 'a b.ipynb',
      contentsModel: { last_modified: '2026-01-01T00:00:00Z' },
      model,
      ready: new Promise<void>(resolve => {
        this.ready = resolve;
      }),
    } as unknown as NotebookContext;
    new Restorer(addressOf('/'), { panel, context }, this.runs);
    this.ready();
  }

  get taskIds(): unknown[] {
    return this.outputs.map(
      each => (each.data as Record<string, { task_id?: string }>)[TRACE_TYPE]?.task_id,
    );
  }
}

/** The server: what it has to tell, and what it was asked. */
let displays: string[];
let asked: string[];
let onBundle: () => void;
let notebook: FakeNotebook;

beforeEach(() => {
  displays = ['t1'];
  asked = [];
  onBundle = () => undefined;
  notebook = new FakeNotebook();
  vi.stubGlobal('fetch', async (url: URL) => {
    asked.push(url.pathname + url.search);
    if (url.pathname.endsWith('/displays')) {
      const told = displays.map(id => ({ task_id: id, cell_id: 'c', finished_at: null }));
      return new Response(JSON.stringify({ displays: told }));
    }
    onBundle();
    const id = /tasks\/(\w+)/.exec(url.pathname)?.[1];
    if (id === 'broken') return new Response('{}', { status: 500 });
    const bundle = { data: { [TRACE_TYPE]: { task_id: id }, 'text/plain': id }, metadata: {} };
    return new Response(JSON.stringify(bundle));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const asksFor = (word: string) => asked.filter(each => each.includes(word)).length;

test('an opened notebook is given back what it showed, as outputs of its cell', async () => {
  notebook.open();
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t1']));
  expect(notebook.outputs[0]).toMatchObject({ output_type: 'display_data', metadata: {} });
  expect(asked[0]).toContain('/displays?path=a+b.ipynb');
});

test('what the kernel still had to do for an earlier page comes when it is told, and nothing comes twice', async () => {
  notebook.open();
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t1']));
  notebook.outputs = []; // somebody cleared it
  notebook.runs.tell('t1', 100);
  notebook.runs.tell('t2', 900); // it has begun, and is not shown yet
  await vi.waitFor(() => expect(asksFor('/displays')).toBe(2));
  displays = ['t1', 't2'];
  notebook.runs.tell('t2', 900);
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t2']));
  notebook.runs.tell('t2', 900);
  notebook.runs.tell('t3', 900, 'other.ipynb');
  expect(asksFor('/displays')).toBe(3);
});

test('what is told while the server is asked is asked for once more', async () => {
  displays = [];
  notebook.open();
  await vi.waitFor(() => expect(asksFor('/displays')).toBe(1));
  notebook.runs.tell('t1', 900);
  displays = ['t1'];
  notebook.runs.tell('t1', 900);
  notebook.runs.tell('t1', 900);
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t1']));
  expect(asksFor('/displays')).toBeLessThan(4);
});

test('what begins after the kernel answered this page belongs to another one', async () => {
  displays = [];
  notebook.open();
  await vi.waitFor(() => expect(asksFor('/displays')).toBe(1));
  notebook.kernelAnswers();
  await new Promise(resolve => setTimeout(resolve));
  displays = ['early', 'late'];
  notebook.runs.tell('late', 1001);
  expect(asksFor('/displays')).toBe(1);
  notebook.runs.tell('early', 999);
  await vi.waitFor(() => expect(notebook.taskIds).toContain('early'));
});

test('a cell that is executed while the server is asked is left alone', async () => {
  onBundle = () => {
    notebook.future = {};
  };
  notebook.open();
  await vi.waitFor(() => expect(asksFor('/trace')).toBe(1));
  await new Promise(resolve => setTimeout(resolve));
  expect(notebook.outputs).toEqual([]);
});

test('a run that another page put there while the server was asked stands there once', async () => {
  onBundle = () => {
    notebook.outputs = [{ data: { [TRACE_TYPE]: { task_id: 't1' } } }];
  };
  notebook.open();
  await vi.waitFor(() => expect(asksFor('/trace')).toBe(1));
  await new Promise(resolve => setTimeout(resolve));
  expect(notebook.taskIds).toEqual(['t1']);
});

test('one run that cannot be had keeps no other away', async () => {
  displays = ['broken', 't1'];
  notebook.open();
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t1']));
});

test.each([[{ collaborative: true }], [{ readOnly: true }]])(
  'a notebook that is %j is left alone',
  async model => {
    notebook.open(model);
    notebook.runs.tell('t1', 900);
    await new Promise(resolve => setTimeout(resolve));
    expect(asked).toEqual([]);
  },
);
