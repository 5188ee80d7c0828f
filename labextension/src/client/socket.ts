import type { ClientFrame } from '../protocol.gen';
import type { Answer, Listener, Source } from '../view/source';
import type { TaskApi } from './api';
import { FrameReader, type Verdict } from './reader';

const PING_EVERY_MS = 20_000;
/** Two pings without any answer. */
const SILENT_AFTER_MS = 45_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A server that has not begun to talk by then is tried again. */
const GREETING_WITHIN_MS = 10_000;

/** A run, watched over the page's own socket to the server; comes back by itself when it is lost. */
export class SocketSource implements Source {
  private socket: WebSocket | undefined;

  constructor(
    private readonly api: TaskApi,
    readonly trace: unknown = undefined,
    private readonly after = 0,
  ) {}

  subscribe(listener: Listener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const watch = new Watch(this.api, listener, this.after, socket => {
      this.socket = socket;
    });
    watch.start();
    signal.addEventListener('abort', () => watch.stop(), { once: true });
  }

  cancel(): Promise<void> {
    return this.say({ type: 'cancel' });
  }

  /** By its own request: only that tells which answer a refusal belongs to. */
  answer(request_id: string, answer: Answer): Promise<void> {
    return this.api.post({ type: 'answer', request_id, ...answer });
  }

  private async say(frame: ClientFrame): Promise<void> {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
    else await this.api.post(frame);
  }
}

/** One subscription: a socket, and the next one when it fails, until the run or the page is over. */
class Watch {
  private readonly reader: FrameReader;
  private socket: WebSocket | undefined;
  private failures = 0;
  private greeted = false;
  private heardAt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pulse: ReturnType<typeof setInterval> | undefined;
  private over = false;

  constructor(
    private readonly api: TaskApi,
    private readonly listener: Listener,
    after: number,
    private readonly opened: (socket: WebSocket | undefined) => void,
  ) {
    this.reader = new FrameReader(listener, after);
  }

  start(): void {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.pulse = setInterval(() => this.beat(), PING_EVERY_MS);
    this.listener.connection('reconnecting');
    this.connect();
  }

  stop(): void {
    this.over = true;
    clearTimeout(this.retry);
    clearInterval(this.pulse);
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    this.drop();
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.greeted = false;
    this.heardAt = Date.now();
    const socket = new WebSocket(this.api.socketUrl(this.reader.last));
    this.socket = socket;
    this.opened(socket);
    socket.onmessage = message => this.hear(message.data);
    socket.onclose = () => void this.lost();
    setTimeout(() => {
      if (this.socket === socket && !this.greeted) this.again();
    }, GREETING_WITHIN_MS);
  }

  private hear(data: unknown): void {
    this.heardAt = Date.now();
    this.settle(this.reader.read(parse(data)));
  }

  private settle(verdict: Verdict): void {
    if (verdict === 'over') {
      this.stop();
    } else if (verdict === 'gap') {
      this.again();
    } else if (verdict === 'unknown task' || verdict === 'refused') {
      this.stop();
      this.listener.connection('saved');
    } else {
      this.greeted = true;
      this.failures = 0;
    }
  }

  private async lost(): Promise<void> {
    const refusedAtTheDoor = !this.greeted;
    this.drop();
    this.listener.connection('reconnecting');
    this.failures += 1;
    // A browser hides why a handshake failed; a plain request tells a stranger's task from a lost line.
    const gone = refusedAtTheDoor && (await this.api.look()) === 'gone';
    if (this.over || this.socket !== undefined) return;
    if (gone) {
      this.stop();
      this.listener.connection('saved');
      return;
    }
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (this.failures - 1), LONGEST_WAIT_MS);
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
  }

  private again(): void {
    this.drop();
    this.listener.connection('reconnecting');
    this.connect();
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    this.opened(undefined);
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private beat(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.heardAt > SILENT_AFTER_MS) this.again();
    else this.socket.send('{"type":"ping"}');
  }

  /** The page is back, from sleep or from offline: no reason to wait any longer. */
  private readonly hurry = (): void => {
    if (document.visibilityState === 'hidden') return;
    if (this.retry !== undefined) this.connect();
    else this.beat();
  };
}

function parse(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
