import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf } from '../src/client/address';
import { type Desk, PageChannel, type PageRequest } from '../src/client/page';
import type { Cell, OpenNotebook } from '../src/page.gen';
import { FakeSocket } from './sockets';

class FakeDesk implements Desk {
  opened: OpenNotebook[] = [{ path: 'a.ipynb', dirty: false, collaborative: false, active: true }];
  readonly asked: { request: PageRequest; signal: AbortSignal }[] = [];
  answer: () => Promise<Cell[]> = async () => [];
  notebooks(): OpenNotebook[] {
    return this.opened;
  }
  carryOut(request: PageRequest, signal: AbortSignal): Promise<Cell[]> {
    this.asked.push({ request, signal });
    return this.answer();
  }
  failure(id: number, error: unknown) {
    return { type: 'failed' as const, id, reason: 'not_run' as const, message: String(error) };
  }
}

let desk: FakeDesk;
let life: AbortController;
let channel: PageChannel;

function socket(number = FakeSocket.made.length - 1): FakeSocket {
  const made = FakeSocket.made[number];
  if (made === undefined) throw new Error(`only ${FakeSocket.made.length} sockets were opened`);
  return made;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.made = [];
  desk = new FakeDesk();
  life = new AbortController();
  channel = new PageChannel(addressOf('http://localhost:3000/user/ada/'), desk, life.signal);
});

afterEach(() => {
  life.abort();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('it says what is open when it is connected, and later only what is news', () => {
  expect(socket().url).toBe('ws://localhost:3000/user/ada/agentkit/api/v1/ws/page');
  channel.tell();
  expect(socket().sent).toEqual([]);
  socket().open();
  channel.tell();
  expect(socket().sent).toEqual([{ type: 'notebooks', notebooks: desk.opened }]);
  desk.opened = [];
  channel.tell();
  expect(socket().sent.at(-1)).toEqual({ type: 'notebooks', notebooks: [] });
  expect(socket().sent).toHaveLength(2);
});

test('requests are carried out and answered by their numbers', async () => {
  socket().open();
  const cell: Cell = { id: 'a', cell_type: 'code', source: 'x', outputs: [] };
  desk.answer = async () => [cell];
  socket().say({ type: 'read', id: 7, path: 'a.ipynb' });
  await vi.waitFor(() =>
    expect(socket().sent.at(-1)).toEqual({ type: 'done', id: 7, cells: [cell] }),
  );
  desk.answer = () => Promise.reject('no');
  socket().say({ type: 'read', id: 8, path: 'a.ipynb' });
  await vi.waitFor(() => expect(socket().sent.at(-1)).toMatchObject({ type: 'failed', id: 8 }));
});

test('what nobody waits for any more is stopped', () => {
  socket().open();
  desk.answer = () => new Promise(() => undefined);
  socket().say({ type: 'run', id: 3, path: 'a.ipynb', cell_id: 'a', source: 'x' });
  socket().say({ type: 'stop', id: 4 });
  expect(desk.asked[0]?.signal.aborted).toBe(false);
  socket().say({ type: 'stop', id: 3 });
  expect(desk.asked[0]?.signal.aborted).toBe(true);
});

test('a lost connection is taken up again within three seconds, and all is said anew', async () => {
  socket().open();
  for (let attempt = 0; attempt < 8; attempt++) {
    const before = Date.now();
    const opened = FakeSocket.made.length;
    socket().break();
    while (FakeSocket.made.length === opened) await vi.advanceTimersByTimeAsync(50);
    expect(Date.now() - before).toBeLessThanOrEqual(3_000);
  }
  socket().open();
  expect(socket().sent).toEqual([{ type: 'notebooks', notebooks: desk.opened }]);
});

test('a server that never lets the page in is asked ever less', async () => {
  for (let attempt = 0; attempt < 12; attempt++) {
    const opened = FakeSocket.made.length;
    socket().break();
    while (FakeSocket.made.length === opened) await vi.advanceTimersByTimeAsync(250);
  }
  socket().break();
  const opened = FakeSocket.made.length;
  await vi.advanceTimersByTimeAsync(59_000);
  expect(FakeSocket.made).toHaveLength(opened);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(FakeSocket.made).toHaveLength(opened + 1);
});

test('an answer does not go to another connection than the request came by', async () => {
  socket().open();
  let settle: (cells: Cell[]) => void = () => undefined;
  desk.answer = () => new Promise(resolve => (settle = resolve));
  socket().say({ type: 'read', id: 7, path: 'a.ipynb' });
  socket().break();
  await vi.advanceTimersByTimeAsync(1_000);
  socket().open();
  settle([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(socket(0).sent).toHaveLength(1);
  expect(socket(1).sent).toHaveLength(1);
});

test('a connection that went silent is replaced, and pongs keep a quiet one', async () => {
  socket().open();
  for (let pings = 0; pings < 4; pings++) {
    await vi.advanceTimersByTimeAsync(5_000);
    socket().say({ type: 'pong' });
  }
  expect(FakeSocket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(FakeSocket.made.length).toBeGreaterThan(1);
});

test('a page that is back from sleep connects at once', async () => {
  socket().open();
  socket().break();
  await vi.advanceTimersByTimeAsync(10);
  window.dispatchEvent(new Event('online'));
  expect(FakeSocket.made).toHaveLength(2);
});

test('at the end of its life it closes and comes back no more', async () => {
  socket().open();
  life.abort();
  window.dispatchEvent(new Event('online'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(socket(0).readyState).toBe(3);
  expect(FakeSocket.made).toHaveLength(1);
});
