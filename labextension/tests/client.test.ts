import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf, pageAddress } from '../src/client/address';
import { AnywhereSource } from '../src/client/anywhere';
import { TaskApi } from '../src/client/api';
import { KernelSource } from '../src/client/kernel';
import { offerKernel } from '../src/client/kernels';
import { ServedSource } from '../src/client/served';
import { SocketSource } from '../src/client/socket';
import type { Listener } from '../src/view/source';

/** A socket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.readyState = 3;
  }
  say(...frames: unknown[]): void {
    this.readyState = FakeSocket.OPEN;
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }
  break(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

class Heard implements Listener {
  readonly log: string[] = [];
  attached(status: unknown): void {
    this.log.push(`attached ${status}`);
  }
  events(events: readonly unknown[]): void {
    this.log.push(...events.map(event => `event ${(event as { seq: number }).seq}`));
  }
  connection(connection: string): void {
    this.log.push(connection);
  }
  result(result: unknown): void {
    this.log.push(`result ${(result as { status: string }).status}`);
  }
  refused(message: string): void {
    this.log.push(`refused ${message}`);
  }
}

const connected = { type: 'connected', task_id: 't', protocol: 1, status: 'running', last_seq: 0 };
const step = (seq: number) => ({ type: 'step', data: { event_type: 'warning', seq } });
const delta = (seq: number) => ({ type: 'step', data: { event_type: 'message_delta', seq } });
const result = { type: 'result', task_id: 't', data: { status: 'completed' } };
const refusal = (reason: string) => ({ type: 'error', data: { message: 'No.', reason } });

let heard: Heard;
let life: AbortController;
let source: SocketSource;
let requests: { method: string; url: string; headers: Record<string, string> }[];
let answer: () => Response;

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
  requests = [];
  answer = () => new Response('{}');
  vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    requests.push({ method: init.method ?? '', url: url.href, headers });
    return answer();
  });
  heard = new Heard();
  life = new AbortController();
  const api = new TaskApi(addressOf('http://localhost:3000/user/ada/'), 'a task/7');
  source = new SocketSource(api, undefined, 3);
  source.subscribe(heard, life.signal);
});

afterEach(() => {
  life.abort();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('it asks for what it has not seen, in batches, and never starts a run', () => {
  expect(socket().url).toBe(
    'ws://localhost:3000/user/ada/agentkit/api/v1/ws/tasks/a%20task%2F7?start=false&batch=1&after=3',
  );
});

test('each event is passed on once, in order, and deltas always', () => {
  socket().say(connected, step(3), step(4), delta(4), {
    type: 'steps',
    data: [step(4).data, step(5).data],
  });
  expect(heard.log.slice(1)).toEqual(['attached running', 'live', 'event 4', 'event 4', 'event 5']);
});

test('a lost connection is taken up again after what was seen last', async () => {
  socket().say(connected, step(4));
  socket().break();
  expect(heard.log.at(-1)).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(500);
  expect(socket(1).url).toContain('after=4');
  socket(1).say(connected, step(5));
  expect(heard.log.at(-1)).toBe('event 5');
});

test('it waits longer each time, ten seconds at most', async () => {
  answer = () => {
    throw new TypeError('offline');
  };
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    const before = Date.now();
    const opened = FakeSocket.made.length;
    socket().break();
    while (FakeSocket.made.length === opened) await vi.advanceTimersByTimeAsync(100);
    waits.push(Date.now() - before);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test('it comes back at once when the page is online again', async () => {
  socket().say(connected);
  socket().break();
  await vi.advanceTimersByTimeAsync(10);
  window.dispatchEvent(new Event('online'));
  expect(FakeSocket.made).toHaveLength(2);
});

test('a gap makes it connect again; one that stays is passed over', () => {
  socket().say(connected, step(4), step(7));
  expect(FakeSocket.made).toHaveLength(2);
  expect(socket(1).url).toContain('after=4');
  socket(1).say(connected, step(7), step(8));
  expect(FakeSocket.made).toHaveLength(2);
  expect(heard.log.slice(-2)).toEqual(['event 7', 'event 8']);
});

test('after the result it is over', async () => {
  socket().say(connected, step(4), result);
  socket().break();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard.log.at(-1)).toBe('result completed');
  expect(FakeSocket.made).toHaveLength(1);
});

test('a task that the server does not know is what was saved, and no error', async () => {
  socket().say(connected, refusal('task_not_found'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard.log.at(-1)).toBe('saved');
  expect(FakeSocket.made).toHaveLength(1);
});

test('a bad frame of ours changes nothing', () => {
  socket().say(connected, refusal('bad_frame'), step(4), 'no frame', null);
  expect(heard.log.at(-1)).toBe('event 4');
});

test.each([401, 403, 404])('a server that answers %i has nothing for this page', async status => {
  answer = () => new Response('{}', { status });
  socket().break();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard.log.at(-1)).toBe('saved');
  expect(FakeSocket.made).toHaveLength(1);
});

test('a connection that went silent is replaced within fifteen seconds', async () => {
  socket().say(connected);
  await vi.advanceTimersByTimeAsync(14_900);
  expect(socket(0).sent).toEqual([{ type: 'ping' }]);
  expect(FakeSocket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(heard.log.at(-1)).toBe('reconnecting');
  expect(FakeSocket.made).toHaveLength(2);
});

test('an idle connection has a sign of life every five seconds', async () => {
  socket().say(connected);
  for (let pings = 1; pings <= 6; pings++) {
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket().sent).toHaveLength(pings);
    socket().say({ type: 'pong' });
  }
  expect(FakeSocket.made).toHaveLength(1);
});

test('a hidden page whose timers run once a minute keeps its connection', async () => {
  socket().say(connected);
  vi.setSystemTime(Date.now() + 55_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(socket().sent).toEqual([{ type: 'ping' }]);
  socket().say({ type: 'pong' });
  vi.setSystemTime(Date.now() + 55_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(socket().sent).toHaveLength(2);
  expect(FakeSocket.made).toHaveLength(1);
});

test('a page that slept does not wait for what is dead', async () => {
  socket().say(connected);
  vi.setSystemTime(Date.now() + 600_000);
  window.dispatchEvent(new Event('online'));
  await vi.advanceTimersByTimeAsync(0);
  expect(FakeSocket.made).toHaveLength(2);
});

test('a frame that takes long on a slow way is waited for longer each time', async () => {
  const lives: number[] = [];
  for (let tries = 0; tries < 5; tries++) {
    const opened = FakeSocket.made.length;
    const before = Date.now();
    socket().say(connected);
    while (FakeSocket.made.length === opened) await vi.advanceTimersByTimeAsync(1_000);
    lives.push(Math.round((Date.now() - before) / 5_000) * 5);
  }
  expect(lives).toEqual([15, 25, 45, 85, 85]);
  socket().say(connected, step(4), { type: 'pong' });
  const opened = FakeSocket.made.length;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(FakeSocket.made).toHaveLength(opened + 1);
});

test('a page that leaves closes its socket and comes back no more', async () => {
  socket().say(connected);
  life.abort();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(socket(0).readyState).toBe(3);
  expect(FakeSocket.made).toHaveLength(1);
});

test('cancel goes through the socket', async () => {
  socket().say(connected);
  await source.cancel();
  expect(socket().sent).toEqual([{ type: 'cancel' }]);
  expect(requests).toEqual([]);
});

test('without a socket cancel is posted, with the cookie that proves the page', async () => {
  vi.spyOn(document, 'cookie', 'get').mockReturnValue('other=1; _xsrf=proof');
  await source.cancel();
  expect(requests).toEqual([
    {
      method: 'POST',
      url: 'http://localhost:3000/user/ada/agentkit/api/v1/tasks/a%20task%2F7/cancel',
      headers: expect.objectContaining({ 'X-XSRFToken': 'proof' }),
    },
  ]);
});

test('a cancel that came too late is none that failed, and one that failed says so', async () => {
  answer = () => new Response('{}', { status: 409 });
  await expect(source.cancel()).resolves.toBeUndefined();
  answer = () => new Response('{"message": "Not allowed."}', { status: 403 });
  await expect(source.cancel()).rejects.toThrow('Not allowed.');
});

test('a page of a Jupyter server says where that is, and another page does not', () => {
  expect(pageAddress()).toBeUndefined();
  const config = document.createElement('script');
  config.id = 'jupyter-config-data';
  config.type = 'application/json';
  config.textContent = JSON.stringify({ baseUrl: '/user/ada/', wsUrl: '', token: 'secret' });
  document.head.append(config);
  const address = pageAddress();
  config.remove();
  expect(address?.http.href).toBe('http://localhost:3000/user/ada/agentkit/api/v1/');
  expect(address?.socket.protocol).toBe('ws:');
  expect(address?.token).toBe('');
});

test('only a server of another origin is shown the token', () => {
  const config = { token: 'secret' };
  const away = new TaskApi(addressOf('https://hub.example/ada', document, config), 't');
  expect(away.socketUrl(0)).toMatch(/^wss:\/\/hub\.example\/ada\/.*&token=secret$/);
  const here = new TaskApi(addressOf('/ada', document, config), 't');
  expect(here.socketUrl(0)).not.toContain('secret');
});

class FakeModel {
  sent: unknown[] = [];
  readonly listeners = new Map<string, (content: unknown) => void>();
  send(content: unknown): void {
    this.sent.push(content);
  }
  on(event: string, callback: (content: unknown) => void): void {
    this.listeners.set(event, callback);
  }
  off(event: string): void {
    this.listeners.delete(event);
  }
  hear(content: unknown): void {
    this.listeners.get('msg:custom')?.(content);
  }
}

test('through the kernel a lost message is asked for again, once', () => {
  const model = new FakeModel();
  new KernelSource(model).subscribe(heard, life.signal);
  model.hear({ type: 'frames', frames: [connected, step(1)] });
  model.hear({ type: 'frames', frames: [step(4), step(5)] });
  model.hear({ type: 'frames', frames: [step(6)] });
  expect(model.sent).toEqual([
    { type: 'attach', after: 0 },
    { type: 'attach', after: 1 },
  ]);
  model.hear({ type: 'frames', frames: [connected, step(2), step(3), step(4), result] });
  expect(heard.log.slice(-4)).toEqual(['event 2', 'event 3', 'event 4', 'result completed']);
  expect(model.listeners.size).toBe(0);
});

test('through the kernel silence is asked about, since the last message may be the lost one', async () => {
  const model = new FakeModel();
  new KernelSource(model).subscribe(heard, life.signal);
  model.hear({ type: 'frames', frames: [connected, step(1)] });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(model.sent.at(-1)).toEqual({ type: 'attach', after: 1 });
});

test('a kernel that goes away leaves what was seen, and one that comes back goes on', async () => {
  const model = new FakeModel();
  new KernelSource(model).subscribe(heard, life.signal);
  model.hear({ type: 'frames', frames: [connected, step(1)] });
  model.listeners.get('comm_live_update')?.(undefined);
  expect(model.sent.at(-1)).toEqual({ type: 'attach', after: 1 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(heard.log.slice(-2)).toEqual(['reconnecting', 'saved']);
  model.hear({ type: 'frames', frames: [connected, step(2)] });
  expect(heard.log.slice(-3)).toEqual(['attached running', 'live', 'event 2']);
});

const page = () => new TaskApi(addressOf('http://localhost:3000/'), 't');

test('a run that the server does not know is watched through the kernel that offers it', async () => {
  const model = new FakeModel();
  const source = new AnywhereSource('t', new ServedSource(page(), { task_id: 't' }));
  source.subscribe(heard, life.signal);
  FakeSocket.made.at(-1)?.say(refusal('task_not_found'));
  const takeBack = offerKernel('t', model);
  model.hear({ type: 'frames', frames: [connected, step(1)] });
  expect(heard.log.slice(-3)).toEqual(['attached running', 'live', 'event 1']);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard.log).not.toContain('saved');
  await source.cancel();
  expect(model.sent.at(-1)).toEqual({ type: 'cancel' });
  takeBack();
});

test('a run that nobody knows is what was saved of it', async () => {
  const source = new AnywhereSource('other', new ServedSource(page(), { task_id: 'other' }));
  source.subscribe(heard, life.signal);
  FakeSocket.made.at(-1)?.say(refusal('task_not_found'));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard.log.at(-1)).toBe('saved');
});

test('a follow-up is a task that follows the run, and is watched like it', async () => {
  const asked = vi.fn(async (_url: URL, _init: RequestInit) => Response.json({ task_id: 'next' }));
  vi.stubGlobal('fetch', asked);
  const next = await new ServedSource(page(), { task_id: 't' }).followUp('And the South?');
  const [url, init] = asked.mock.calls[0] ?? [];
  expect(url?.pathname).toBe('/agentkit/api/v1/tasks');
  expect(JSON.parse(String(init?.body))).toEqual({ follows: 't', input: 'And the South?' });
  expect(next.trace).toEqual({ task_id: 'next', input: 'And the South?' });
});

test('a run is taken on by a task of its own, and is watched like it', async () => {
  const asked = vi.fn(async (_url: URL, _init: RequestInit) => Response.json({ task_id: 'next' }));
  vi.stubGlobal('fetch', asked);
  const source = new AnywhereSource('t', new ServedSource(page(), { task_id: 't' }));
  const next = await source.resume();
  const [url, init] = asked.mock.calls[0] ?? [];
  expect(url?.pathname).toBe('/agentkit/api/v1/tasks/t/resume');
  expect(init?.method).toBe('POST');
  expect(next.trace).toEqual({ task_id: 'next' });
  const refuse = async () => Response.json({ message: 'It has its answer.' }, { status: 409 });
  vi.stubGlobal('fetch', vi.fn(refuse));
  await expect(source.resume()).rejects.toThrow('It has its answer.');
});

test('an answer that does not fit is refused in the server’s words, one that came second is not', async () => {
  const source = new SocketSource(page());
  const refuse = (status: number) => async () =>
    Response.json({ message: 'The answer does not fit: year: 1 is too small.' }, { status });
  vi.stubGlobal('fetch', vi.fn(refuse(400)));
  await expect(source.answer('r1', { decision: 'answer', value: 1 })).rejects.toThrow('too small');
  vi.stubGlobal('fetch', vi.fn(refuse(409)));
  await source.answer('r1', { decision: 'approve' });
});
