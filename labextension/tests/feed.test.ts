import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf } from '../src/client/address';
import { TasksApi } from '../src/client/tasks';
import { Runs } from '../src/runs';
import { FakeSocket } from './sockets';

const AT = '2026-11-23T12:00:00.000Z';

function summary(task_id: string, more: object = {}): object {
  return { task_id, agent: 'analyst', input: '?', status: 'running', created_at: AT, ...more };
}

function socket(number = FakeSocket.made.length - 1): FakeSocket {
  const made = FakeSocket.made[number];
  if (made === undefined) throw new Error(`only ${FakeSocket.made.length} sockets were opened`);
  return made;
}

/** What the server was asked, and what it answers to the next request. */
const asked: { method: string; path: string; body: unknown }[] = [];
let answer: { status: number; body?: unknown };
let runs: Runs;
let news: number;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(AT) });
  FakeSocket.made = [];
  asked.length = 0;
  answer = { status: 200, body: { tasks: [] } };
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
    const body = init.body === undefined ? undefined : JSON.parse(String(init.body));
    asked.push({ method: init.method ?? '', path: url.pathname + url.search, body });
    const text = answer.body === undefined ? null : JSON.stringify(answer.body);
    return new Response(text, { status: answer.status });
  });
  runs = new Runs(new TasksApi(addressOf('/base/')));
  news = 0;
  runs.changed.connect(() => {
    news += 1;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function greet(...tasks: object[]): void {
  socket().open();
  socket().say({ type: 'tasks', now: AT, data: tasks });
}

const ids = (): string[] => runs.tasks.map(task => task.id);

test('no socket is opened before somebody needs it, and one for all', () => {
  expect(FakeSocket.made).toHaveLength(0);
  expect(runs.standing).toBe('closed');
  runs.open();
  runs.open();
  expect(FakeSocket.made).toHaveLength(1);
  expect(socket().url).toMatch(/^ws:.*\/base\/agentkit\/api\/v1\/ws\/tasks$/);
  expect(runs.standing).toBe('connecting');
});

test('runs are kept as they change, the newest first', () => {
  runs.open();
  greet(summary('old'), summary('new', { created_at: '2026-11-23T12:00:05.000Z' }));
  expect(ids()).toEqual(['new', 'old']);
  socket().say({
    type: 'task',
    now: AT,
    data: summary('old', {
      status: 'input_required',
      asks: [{ request_id: 'r1', tool_name: 'rm', arguments: { path: 'a' } }],
      place: { path: 'a.ipynb', cell_id: 'c' },
      usage: { input_tokens: 3, output_tokens: 4, cost: 0.5 },
    }),
  });
  const old = runs.tasks.find(task => task.id === 'old');
  expect(old).toMatchObject({
    status: 'input_required',
    asks: [{ id: 'r1', toolName: 'rm', arguments: { path: 'a' }, question: '' }],
    place: { path: 'a.ipynb', cellId: 'c' },
    usage: { inputTokens: 3, outputTokens: 4, cost: 0.5 },
  });
  socket().say({ type: 'removed', task_id: 'new' });
  expect(ids()).toEqual(['old']);
  expect([runs.isRemoved('new'), runs.isRemoved('old')]).toEqual([true, false]);
  expect(news).toBe(4);
});

test('nothing that the server could say by mistake breaks the list', () => {
  runs.open();
  greet(summary('t1'), { task_id: 't2' }, { ...summary('t3'), status: 'odd' });
  for (const frame of [{ type: 'task', data: 7 }, { type: 'new' }, 'text', null])
    socket().say(frame);
  socket().onmessage?.({ data: '{' });
  expect(ids()).toEqual(['t1']);
});

test('time is counted by the clock of the server', () => {
  runs.open();
  socket().say({ type: 'tasks', now: '2026-11-23T12:01:00.000Z', data: [] });
  vi.advanceTimersByTime(2_000);
  expect(runs.now - Date.parse(AT)).toBe(62_000);
  // A frame that took longer on its way does not set it back.
  socket().say({ type: 'task', now: '2026-11-23T12:01:01.000Z', data: summary('t1') });
  expect(runs.now - Date.parse(AT)).toBe(62_000);
});

test('a lost line is tried again, and what went meanwhile is gone', async () => {
  runs.open();
  greet(summary('t1'), summary('t2'));
  socket().break();
  expect(runs.standing).toBe('reconnecting');
  expect(ids()).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.made).toHaveLength(2);
  greet(summary('t2', { status: 'completed' }));
  expect(runs.standing).toBe('live');
  expect(runs.tasks.map(({ id, status }) => [id, status])).toEqual([['t2', 'completed']]);
});

test.each([
  [404, 'missing'],
  [403, 'refused'],
])(
  'a server that answers %i is left alone until somebody tries again',
  async (status, standing) => {
    answer = { status, body: {} };
    runs.open();
    socket().break();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(runs.standing).toBe(standing);
    expect(FakeSocket.made).toHaveLength(1);
    runs.retry();
    greet(summary('t1'));
    expect(runs.standing).toBe('live');
  },
);

test('a server that is away is tried for as long as it takes', async () => {
  answer = { status: 502, body: {} };
  runs.open();
  for (let tries = 1; tries < 5; tries += 1) {
    expect(FakeSocket.made).toHaveLength(tries);
    socket().break();
    await vi.advanceTimersByTimeAsync(9_000);
  }
});

test('a silent line is given up, a quiet one that answers is not', async () => {
  runs.open();
  greet();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(socket().sent).toEqual([{ type: 'ping' }]);
  socket().say({ type: 'pong' });
  await vi.advanceTimersByTimeAsync(14_000);
  expect(FakeSocket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.made.length).toBeGreaterThan(1);
});

test('a line that never opens is called again', async () => {
  runs.open();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(FakeSocket.made).toHaveLength(2);
});

test('a server that was never reached is not said to have no runs', async () => {
  runs.open();
  expect(ids()).toEqual([]);
  answer = { status: 500 };
  socket().break();
  await vi.advanceTimersByTimeAsync(0);
  expect(runs.standing).toBe('connecting');
  await vi.advanceTimersByTimeAsync(2000);
  greet();
  socket().break();
  expect(runs.standing).toBe('reconnecting');
});

test('all that has not ended is cancelled, and nothing else', async () => {
  runs.open();
  greet(summary('t1'), summary('t2', { status: 'completed' }), summary('t3', { status: 'queued' }));
  answer = { status: 202, body: {} };
  await runs.cancelAll();
  expect(asked.map(({ method, path }) => [method, path.replace(/.*v1/, '')]).sort()).toEqual([
    ['POST', '/tasks/t1/cancel'],
    ['POST', '/tasks/t3/cancel'],
  ]);
});

test('of all that is cancelled maps learn that they too were meant, and one refusal stops no other', async () => {
  runs.open();
  greet(summary('t1'), summary('t2'));
  answer = { status: 403, body: { message: 'Not allowed.' } };
  await expect(runs.cancelAll()).rejects.toThrow('Not allowed.');
  expect(asked.map(each => each.body)).toEqual([
    { reason: 'All runs were cancelled.' },
    { reason: 'All runs were cancelled.' },
  ]);
});

test('a server that does not answer is said to be out of reach, in the words of the page', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(runs.cancel('t1')).rejects.toThrow('The server cannot be reached.');
});

test('what is wrong with the place of the runs is told until it is right again', () => {
  runs.open();
  greet(summary('t1'));
  expect(runs.problem).toBe('');
  socket().say({
    type: 'journal',
    problem: { message: 'The disk is full.', reason: 'journal_full' },
  });
  expect(runs.problem).toBe('The disk is full.');
  socket().say({ type: 'journal' });
  expect(runs.problem).toBe('');
  socket().say({
    type: 'journal',
    problem: { message: 'The disk is full.', reason: 'journal_full' },
  });
  // A new list says itself whether there still is something.
  greet(summary('t1'));
  expect(runs.problem).toBe('');
});

test('a run that is started again under the id of a deleted one is there', () => {
  runs.open();
  greet(summary('t1'), summary('t2'));
  socket().say({ type: 'removed', task_id: 't1' });
  socket().say({ type: 'removed', task_id: 't2' });
  expect(runs.isRemoved('t1')).toBe(true);
  socket().say({ type: 'task', now: AT, data: summary('t1') });
  expect([ids(), runs.isRemoved('t1')]).toEqual([['t1'], false]);
  socket().say({ type: 'tasks', now: AT, data: [summary('t2')] });
  expect([ids(), runs.isRemoved('t2')]).toEqual([['t2'], false]);
});

test('a search is made by the server, page by page', async () => {
  const found = Array.from({ length: 51 }, (_, number) => summary(`t${number}`));
  answer = { status: 200, body: { tasks: found } };
  const page = await runs.find({ words: 'a b', statuses: ['failed', 'cancelled'], before: 'x' });
  expect(asked[0]?.path).toMatch(/\/tasks\?limit=51&q=a\+b&status=failed%2Ccancelled&before=x$/);
  expect(page.tasks).toHaveLength(50);
  expect(page.before).toBe('t49');
  answer = { status: 200, body: { tasks: found.slice(0, 50) } };
  expect((await runs.find({ words: '', statuses: [] })).before).toBeUndefined();
  answer = { status: 400, body: { message: 'No such page.' } };
  await expect(runs.find({ words: '', statuses: [] })).rejects.toThrow('No such page.');
});

test('a decision and a deletion say what went wrong, and bear that somebody was quicker', async () => {
  answer = { status: 409, body: { message: 'Answered already.' } };
  await runs.decide('t1', 'r1', 'approve');
  expect(asked[0]?.body).toEqual({ request_id: 'r1', decision: 'approve' });
  await expect(runs.remove('t1')).rejects.toThrow('Answered already.');
  answer = { status: 404, body: {} };
  await runs.remove('t1');
  answer = { status: 403, body: { message: 'Not you.' } };
  await expect(runs.cancel('t1')).rejects.toThrow('Not you.');
});
