import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressOf } from '../src/client/address';
import { TaskApi } from '../src/client/api';
import { SocketSource } from '../src/client/socket';
import { LiveRun } from '../src/view/live';
import { finished, fold } from '../src/view/state/reduce';
import { EMPTY, type ViewState } from '../src/view/state/state';
import { FakeSocket } from './sockets';

type Event = Record<string, unknown>;

const RUNS = Number(process.env.AGENTKIT_PROPERTY_RUNS ?? 200);

// What a run does, one part after the other.
const text = fc.string({ minLength: 1, maxLength: 4 });
const part = fc.oneof(
  fc.record({
    does: fc.constant('say' as const),
    kind: fc.constantFrom('message', 'thinking'),
    pieces: fc.array(text, { minLength: 1, maxLength: 4 }),
    streams: fc.boolean(),
    amid: fc.constantFrom('nothing', 'usage', 'result', 'warning', 'other text'),
  }),
  fc.record({
    does: fc.constant('call' as const),
    calls: fc.integer({ min: 1, max: 3 }),
    backwards: fc.boolean(),
    asks: fc.boolean(),
    progress: fc.boolean(),
    late: fc.boolean(),
  }),
  fc.record({ does: fc.constant('ask' as const), answered: fc.boolean() }),
  fc.record({
    does: fc.constant('tell' as const),
    what: fc.constantFrom('warning', 'usage', 'a_later_type'),
  }),
);
const end = fc.record({
  status: fc.constantFrom('completed', 'failed', 'cancelled'),
  pieces: fc.array(text, { maxLength: 3 }),
  streams: fc.boolean(),
});
type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;
type End = typeof end extends fc.Arbitrary<infer T> ? T : never;

// What happens to one connection: how far the run gets, in which frames it is told, and where it is cut.
const connection = fc.record({
  goesOn: fc.nat(30),
  sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
  again: fc.nat(4),
  cut: fc.nat(20),
  rests: fc.boolean(),
});
type Connection = typeof connection extends fc.Arbitrary<infer T> ? T : never;

/** The events of a run in the order in which its server shows them. */
class Script {
  readonly shown: Event[] = [];
  private seq = 0;
  private step = 1;
  private ids = 0;
  private late: string[] = [];

  constructor(parts: readonly Part[], end: End) {
    this.store('run_started', { agent: 'a', input: '?', model: 'm', provider: 'p' });
    for (const each of parts) {
      if (each.does === 'say') this.say(each);
      else if (each.does === 'call') this.call(each);
      else if (each.does === 'ask') this.ask(each.answered);
      else this.store(each.what, { message: 'm', reason: 'r', input_tokens: 3, output_tokens: 4 });
      this.step += 1;
    }
    this.end(end);
  }

  get stored(): Event[] {
    return this.shown.filter(event => !isDelta(event));
  }

  private id(): string {
    this.ids += 1;
    return `id${this.ids}`;
  }

  private store(event_type: string, payload: Event): void {
    this.seq += 1;
    const ts = new Date(Date.UTC(2026, 0, 1) + 7 * this.seq).toISOString();
    this.shown.push({ seq: this.seq, step: this.step, ts, event_type, ...payload });
  }

  private stream(kind: string, message_id: string, pieces: readonly string[]): void {
    for (const delta of pieces) {
      const event_type = `${kind}_delta`;
      this.shown.push({ seq: this.seq, step: this.step, event_type, message_id, delta });
    }
  }

  private say({ kind, pieces, streams, amid }: Part & { does: 'say' }): void {
    const message_id = this.id();
    if (streams) this.stream(kind, message_id, pieces.slice(0, 2));
    if (amid === 'usage') this.store('usage', { input_tokens: 1, output_tokens: 2 });
    if (amid === 'result') this.finishLate();
    if (amid === 'warning') this.store('warning', { message: 'm', reason: 'r' });
    const other = this.id();
    const otherKind = kind === 'message' ? 'thinking' : 'message';
    if (amid === 'other text') this.stream(otherKind, other, ['o']);
    if (streams) this.stream(kind, message_id, pieces.slice(2));
    this.store(kind, { message_id, text: pieces.join('') });
    if (amid === 'other text') this.store(otherKind, { message_id: other, text: 'o' });
  }

  private finish(tool_call_id: string): void {
    const content = { 'text/plain': tool_call_id };
    this.store('tool_result', { tool_call_id, outcome: 'success', content, duration_ms: 1 });
  }

  private finishLate(): void {
    for (const id of this.late.splice(0)) this.finish(id);
  }

  private call({ calls, backwards, asks, progress, late }: Part & { does: 'call' }): void {
    const ids = Array.from({ length: calls }, () => this.id());
    for (const tool_call_id of ids) {
      this.store('tool_call', { tool_call_id, tool_name: 't', arguments: {}, runs_in: 'server' });
    }
    for (const tool_call_id of backwards ? ids.reverse() : ids) {
      if (asks) {
        const request_id = this.id();
        const payload = { request_id, tool_call_id, tool_name: 't', arguments: {}, reason: 'r' };
        this.store('approval_requested', payload);
        this.store('request_resolved', { request_id, decision: 'approve', by: 'me' });
      }
      if (progress) this.store('tool_progress', { tool_call_id, progress: 1, total: 2 });
      if (late) this.late.push(tool_call_id);
      else this.finish(tool_call_id);
    }
  }

  private ask(answered: boolean): void {
    const request_id = this.id();
    this.store('input_requested', { request_id, question: 'why?' });
    if (answered)
      this.store('request_resolved', { request_id, decision: 'answer', value: 1, by: '' });
  }

  private end({ status, pieces, streams }: End): void {
    const message_id = this.id();
    if (streams) this.stream('message', message_id, pieces);
    const said = pieces.join('');
    if (status === 'completed') this.store('final_answer', { text: said });
    else if (said !== '' && streams) this.store('message', { message_id, text: said });
    const error = status === 'failed' ? { message: 'no', reason: 'r' } : undefined;
    this.store('run_finished', { status, error });
  }
}

function isDelta(event: Event): boolean {
  return String(event.event_type).endsWith('_delta');
}

/** What a server sends that has shown so many events, to who has those up to `after`. */
function replay(shown: readonly Event[], after: number): Event[] {
  const open = new Map<unknown, Event>();
  const stored: Event[] = [];
  let last: unknown = 0;
  for (const event of shown) {
    if (isDelta(event)) {
      const before = open.get(event.message_id);
      open.set(event.message_id, { ...event, delta: `${before?.delta ?? ''}${event.delta}` });
      continue;
    }
    last = event.seq;
    if (Number(event.seq) > after) stored.push(event);
    if (event.event_type === 'final_answer' || event.event_type === 'run_finished') open.clear();
    else open.delete(event.message_id);
  }
  return [...stored, ...[...open.values()].map(delta => ({ ...delta, seq: last }))];
}

function* frames(events: readonly Event[], sizes: readonly number[]): Generator<unknown> {
  for (let from = 0, nth = 0; from < events.length; nth++) {
    const size = sizes[nth % sizes.length] ?? 1;
    const data = events.slice(from, from + size);
    yield size === 1 ? { type: 'step', data: data[0] } : { type: 'steps', data };
    from += size;
  }
}

/**
 * What is to be the same: all but the names of rows, which count what was streamed too.
 *
 * When a text began is known better by who saw it stream, where something else was stored amid it.
 */
function comparable({ nextId: _, rows, ...state }: ViewState, amid: boolean) {
  const same = rows.map(({ id: __, ...row }) =>
    amid && 'streaming' in row ? { ...row, startedAt: undefined } : row,
  );
  return { ...state, rows: same };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Watches a run over several connections; each that is not cut leaves what a first look would see. */
async function watched(
  script: Script,
  result: unknown,
  connections: readonly Connection[],
  amid: boolean,
  life: AbortController,
) {
  FakeSocket.made = [];
  const run = new LiveRun({
    changed: () => undefined,
    finished: () => undefined,
    refused: () => undefined,
  });
  run.open(new SocketSource(new TaskApi(addressOf('http://localhost:3000/'), 't')), life.signal);
  let shown = 0;
  for (const { goesOn, sizes, again, cut, rests } of connections) {
    const socket = await called();
    const known = replay(script.shown.slice(0, shown), Math.max(0, after(socket) - again));
    greet(socket, script.shown.slice(0, shown));
    const news = script.shown.slice(shown, shown + goesOn);
    shown += news.length;
    const all = [...frames([...known, ...news], sizes)];
    for (const frame of all.slice(0, cut)) {
      socket.say(frame);
      if (rests) await vi.advanceTimersByTimeAsync(20);
    }
    if (cut >= all.length) {
      await vi.advanceTimersByTimeAsync(20);
      const looked = fold(EMPTY, replay(script.shown.slice(0, shown), 0));
      expect(comparable(run.state, amid)).toEqual(comparable(looked, amid));
    }
    socket.break();
  }
  const socket = await called();
  greet(socket, script.shown.slice(0, shown));
  for (const frame of frames(replay(script.shown.slice(0, shown), after(socket)), [3]))
    socket.say(frame);
  for (const frame of frames(script.shown.slice(shown), [2, 1])) socket.say(frame);
  socket.say({ type: 'result', task_id: 't', data: result });
  return run.state;
}

/** The next socket that the page opens. */
async function called(): Promise<FakeSocket> {
  const before = FakeSocket.made.filter(each => each.readyState !== 3).at(-1);
  if (before !== undefined) return opened(before);
  for (;;) {
    await vi.advanceTimersByTimeAsync(1_000);
    const socket = FakeSocket.made.at(-1);
    if (socket !== undefined && socket.readyState !== 3) return opened(socket);
  }
}

function opened(socket: FakeSocket): FakeSocket {
  if (socket.readyState !== FakeSocket.OPEN) socket.open();
  return socket;
}

function after(socket: FakeSocket): number {
  return Number(new URL(socket.url).searchParams.get('after') ?? 0);
}

function greet(socket: FakeSocket, shown: readonly Event[]): void {
  const { status, lastSeq } = fold(EMPTY, shown);
  socket.say({ type: 'connected', task_id: 't', protocol: 1, status, last_seq: lastSeq });
}

test('however a run comes, in frames, batches and connections, it is the run that is saved', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 8 }),
      end,
      fc.array(connection, { maxLength: 5 }),
      async (parts, ending, connections) => {
        const script = new Script(parts, ending);
        const said = ending.pieces.join('');
        const content = ending.status === 'completed' ? said : null;
        const result = { status: ending.status, content, steps: parts.length, duration_ms: 5 };
        const amid = parts.some(each => each.does === 'say' && each.amid !== 'nothing');
        const life = new AbortController();
        try {
          const state = await watched(script, result, connections, amid, life);
          const saved = finished(fold(EMPTY, script.stored), result);
          expect(comparable(state, amid)).toEqual(comparable(saved, amid));
        } finally {
          // A line that is left would call into the next run.
          life.abort();
        }
      },
    ),
    { numRuns: RUNS },
  );
});
