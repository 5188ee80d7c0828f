import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf } from '../src/client/address';
import type { NotebookContext, NotebookPanel } from '../src/notebook/panel';
import { Restorer } from '../src/notebook/restorer';
import { TRACE_TYPE } from '../src/trace-type';

/** A notebook of one code cell, `c`, as far as it is used. */
class FakeNotebook {
  outputs: { data: unknown }[] = [];
  future: object | null = null;
  private readonly slots = new Set<(sender: unknown, status: string) => void>();
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
        statusChanged: {
          connect: (slot: () => void) => this.slots.add(slot),
          disconnect: (slot: () => void) => this.slots.delete(slot),
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
    new Restorer(addressOf('/'), { panel, context });
    this.ready();
  }

  kernelIs(status: string): void {
    for (const slot of [...this.slots]) slot(undefined, status);
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

test('what the kernel showed later comes when it rests, and nothing comes twice', async () => {
  notebook.open();
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t1']));
  notebook.outputs = []; // somebody cleared it
  displays = ['t1', 't2'];
  notebook.kernelIs('busy');
  notebook.kernelIs('idle');
  await vi.waitFor(() => expect(notebook.taskIds).toEqual(['t2']));
  notebook.kernelIs('idle');
  expect(asksFor('/displays')).toBe(2);
});

test('a cell that is executed while the server is asked is left alone', async () => {
  onBundle = () => {
    notebook.future = {};
  };
  notebook.open();
  await vi.waitFor(() => expect(asksFor('/trace')).toBe(1));
  notebook.kernelIs('idle');
  await vi.waitFor(() => expect(asksFor('/displays')).toBe(2));
  expect(notebook.outputs).toEqual([]);
});

test('a run that another page put there while the server was asked stands there once', async () => {
  onBundle = () => {
    notebook.outputs = [{ data: { [TRACE_TYPE]: { task_id: 't1' } } }];
  };
  notebook.open();
  await vi.waitFor(() => expect(asksFor('/trace')).toBe(1));
  notebook.kernelIs('idle');
  await vi.waitFor(() => expect(asksFor('/displays')).toBe(2));
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
    notebook.kernelIs('idle');
    await new Promise(resolve => setTimeout(resolve));
    expect(asked).toEqual([]);
  },
);
