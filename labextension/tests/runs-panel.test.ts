import { Signal } from '@lumino/signaling';
import { render } from 'lit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { byAge, isOver, type Task, taskOf } from '../src/client/task';
import type { Page, Query } from '../src/client/tasks';
import { RunList } from '../src/panel/list';
import { rowTemplate } from '../src/panel/row';
import type { IRuns } from '../src/runs';

function task(id: string, more: object = {}): Task {
  const created_at = `2026-11-23T12:00:${id.padStart(2, '0')}.000Z`;
  const told = taskOf({ task_id: id, agent: 'a', status: 'completed', created_at, ...more });
  if (told === undefined) throw new Error('no task');
  return told;
}

/** What the page is told, and a server that answers when the test says so. */
class FakeRuns implements IRuns {
  known: Task[] = [];
  removed: string[] = [];
  before: string | undefined;
  standing = 'live' as const;
  now = 0;
  problem = '';
  readonly changed = new Signal<this, void>(this);
  asked: Query[] = [];
  answer: (page: Page | Error) => void = () => {};

  get tasks(): Task[] {
    return [...this.known].sort(byAge);
  }
  task(id: string): Task | undefined {
    return this.known.find(each => each.id === id);
  }
  isRemoved(id: string): boolean {
    return this.removed.includes(id);
  }
  find(query: Query): Promise<Page> {
    this.asked.push(query);
    return new Promise((resolve, reject) => {
      this.answer = page => (page instanceof Error ? reject(page) : resolve(page));
    });
  }
  open(): void {}
  retry(): void {}
  async cancel(): Promise<void> {}
  async cancelAll(): Promise<void> {}
  async decide(): Promise<void> {}
  async resume(): Promise<void> {}
  async remove(): Promise<void> {}
}

let runs: FakeRuns;
let list: RunList;

beforeEach(() => {
  vi.useFakeTimers();
  runs = new FakeRuns();
  list = new RunList(runs, () => {});
});

afterEach(() => {
  vi.useRealTimers();
});

const shown = (): Record<string, string[]> =>
  Object.fromEntries(list.groups().map(({ name, tasks }) => [name, tasks.map(each => each.id)]));

const asks = [{ request_id: 'r', question: 'Sure?' }];

test('what waits for somebody comes first, then what runs, then the rest; the newest first', () => {
  runs.known = [
    task('1', { status: 'running' }),
    task('2'),
    task('3', { status: 'input_required', asks }),
    task('4', { status: 'queued' }),
    task('5', { status: 'failed' }),
  ];
  expect(shown()).toEqual({ waiting: ['3'], running: ['4', '1'], recent: ['5', '2'] });
  expect(list.groups().map(group => group.name)).toEqual(['waiting', 'running', 'recent']);
});

test('thousands are shown by fifties, and older ones are asked for when those are used up', async () => {
  const at = (number: number): object => ({
    created_at: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
  });
  runs.known = Array.from({ length: 60 }, (_, number) => task(`t${number}`, at(1000 + number)));
  runs.before = 't0';
  expect(shown().recent).toHaveLength(50);
  const more = list.more('recent');
  expect(shown().recent).toHaveLength(60);
  expect(runs.asked).toEqual([{ words: '', statuses: [], before: 't0' }]);
  expect(list.loading).toBe(true);
  runs.answer({
    tasks: Array.from({ length: 50 }, (_, number) => task(`o${number}`, at(number))),
    before: 'o0',
  });
  await more;
  expect(list.loading).toBe(false);
  expect(shown().recent).toHaveLength(100);
  expect(list.hasMore).toBe(true);
  const last = list.more('recent');
  expect(runs.asked[1]?.before).toBe('o0');
  runs.answer({ tasks: [], before: undefined });
  await last;
  expect(shown().recent).toHaveLength(110);
  expect(list.hasMore).toBe(false);
});

test('a search asks once somebody stops typing, and shows what is told and what is found', async () => {
  runs.known = [
    task('1', { input: 'Über Pinguine', agent: 'zoo' }),
    task('2', { input: 'Robben' }),
    task('3', { place: { path: 'deep/Pinguine.ipynb' } }),
  ];
  list.search('pin', 'all');
  list.search('PINGUINE', 'all');
  expect(shown()).toEqual({ recent: ['3', '1'] });
  await vi.advanceTimersByTimeAsync(300);
  expect(runs.asked).toEqual([{ words: 'PINGUINE', statuses: [], before: undefined }]);
  runs.answer({ tasks: [task('0', { input: 'Alte Pinguine' })], before: undefined });
  await vi.advanceTimersByTimeAsync(0);
  expect(shown()).toEqual({ recent: ['3', '1', '0'] });
  list.search('', 'all');
  expect(shown()).toEqual({ recent: ['3', '2', '1'] });
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs.asked).toHaveLength(1);
});

test('an answer to an earlier search is not shown', async () => {
  list.search('first', 'all');
  await vi.advanceTimersByTimeAsync(300);
  const { answer } = runs;
  list.search('second', 'all');
  answer({ tasks: [task('1')], before: '1' });
  await vi.advanceTimersByTimeAsync(0);
  expect(shown()).toEqual({});
  expect(list.hasMore).toBe(false);
});

test('a run that ends leaves the list of those that run, and one that is deleted every list', async () => {
  list.search('', 'going on');
  await vi.advanceTimersByTimeAsync(300);
  expect(runs.asked[0]?.statuses).toEqual(['queued', 'running', 'input_required']);
  runs.answer({
    tasks: [task('1', { status: 'running' }), task('2', { status: 'running' })],
    before: undefined,
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(shown()).toEqual({ running: ['2', '1'] });
  runs.known = [task('1')];
  runs.removed = ['2'];
  expect(shown()).toEqual({});
});

test('what could not be asked says why, and can be asked again', async () => {
  list.search('x', 'failed');
  await vi.advanceTimersByTimeAsync(300);
  runs.answer(new Error('The journal failed.'));
  await vi.advanceTimersByTimeAsync(0);
  expect([list.problem, list.loading]).toEqual(['The journal failed.', false]);
  void list.retry();
  expect(list.problem).toBe('');
  expect(runs.asked[1]).toEqual(runs.asked[0]);
});

test('older runs are forgotten when the page is told anew, so that none is missing between', async () => {
  runs.known = [task('9')];
  runs.before = '9';
  shown();
  const more = list.more('recent');
  runs.answer({ tasks: [task('1')], before: '1' });
  await more;
  expect(shown()).toEqual({ recent: ['9', '1'] });
  runs.known = [task('20')];
  runs.before = '20';
  expect(shown()).toEqual({ recent: ['20'] });
  expect(list.hasMore).toBe(true);
});

test('older runs go on after one that is still there', async () => {
  runs.known = [task('9')];
  runs.before = '9';
  shown();
  const more = list.more('recent');
  runs.answer({ tasks: [task('3'), task('2')], before: '2' });
  await more;
  runs.removed = ['2'];
  void list.more('recent');
  expect(runs.asked.at(-1)?.before).toBe('3');
});

test('only what has ended is over', () => {
  const over = [
    'queued',
    'running',
    'input_required',
    'completed',
    'failed',
    'cancelled',
    'interrupted',
  ].filter(status => isOver(task('1', { status })));
  expect(over).toEqual(['completed', 'failed', 'cancelled', 'interrupted']);
});

test('what is consented to in a row cannot read as something else', () => {
  const place = document.createElement('div');
  const args = { '\u202ehtap': 'a\u202egpj.exe', b: ['x\u200by'], c: '\u{e0072}m' };
  const waiting = task('1', {
    status: 'input_required',
    asks: [{ request_id: 'r', tool_name: 'delete_file', arguments: { path: 'z\u2066', ...args } }],
  });
  const state = {
    active: true,
    stopping: false,
    resumable: false,
    resuming: false,
    sending: new Set<string>(),
    now: 0,
  };
  const actions = { show: vi.fn(), cancel: vi.fn(), resume: vi.fn(), decide: vi.fn() };
  render(rowTemplate(waiting, state, actions), place);
  const asked = place.querySelector('.agentkit-run-ask')?.textContent ?? '';
  for (const shown of ['[U+202E]htap', 'a[U+202E]gpj.exe', 'x[U+200B]y', '[U+E0072]m', 'z[U+2066]'])
    expect(asked).toContain(shown);
  expect(asked).not.toMatch(/[\u202e\u200b\u2066\u{e0072}]/u);
});

test('a run without an answer can be resumed until its conversation goes on', async () => {
  const resumable = (): string[] =>
    list
      .groups()
      .flatMap(group => group.tasks.filter(each => list.isResumable(each)).map(({ id }) => id));
  runs.known = [
    task('1', { status: 'failed' }),
    task('2', { status: 'cancelled' }),
    task('3', { status: 'interrupted' }),
    task('4'),
    task('5', { status: 'running' }),
    task('6', { status: 'failed', thread_id: '4' }),
  ];
  expect(resumable()).toEqual(['6', '3', '2', '1']);
  runs.known.push(task('7', { status: 'running', thread_id: '2' }));
  expect(resumable()).toEqual(['6', '3', '1']);
  // One that only a search has found counts too.
  list.search('x', 'all');
  vi.runAllTimers();
  runs.answer({ tasks: [task('8', { thread_id: '1', input: 'x' })], before: undefined });
  await Promise.resolve();
  list.words = '';
  expect(resumable()).toEqual(['6', '3']);
});
