import type {
  ApplyFrame,
  Cell,
  OpenNotebook,
  PageFrame,
  PageServerFrame,
  ReadFrame,
  RunFrame,
} from '../page.gen';
import type { Address } from './address';

const PING_EVERY_MS = 20_000;
/** Two pings without any answer. */
const SILENT_AFTER_MS = 45_000;
const FIRST_WAIT_MS = 250;
/** The server gives a page that lost its connection five seconds before it takes the file instead. */
const LONGEST_WAIT_MS = 3_000;
/** A server that has never let the page in, because it may not work here, is hardly asked. */
const REFUSED_WAIT_MS = 60_000;

/** What the server may ask of a page. */
export type PageRequest = ReadFrame | ApplyFrame | RunFrame;

/** What carries the server's requests out. */
export interface Desk {
  /** The notebooks that are open now. */
  notebooks(): OpenNotebook[];
  /** Resolves with the cells to answer with; rejects with a `Refusal`. */
  carryOut(request: PageRequest, signal: AbortSignal): Promise<Cell[]>;
  /** How an error is told. */
  failure(id: number, error: unknown): PageFrame;
}

/** The page's own way to the server, for the notebooks that are open in it. */
export class PageChannel {
  private socket: WebSocket | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private admitted = false;
  private heardAt = 0;
  private told = '';
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly address: Address,
    private readonly desk: Desk,
    private readonly life: AbortSignal,
  ) {
    window.addEventListener('online', () => this.hurry(), { signal: life });
    document.addEventListener('visibilitychange', () => this.hurry(), { signal: life });
    const pulse = setInterval(() => this.beat(), PING_EVERY_MS);
    life.addEventListener('abort', () => {
      clearInterval(pulse);
      clearTimeout(this.retry);
      this.drop();
    });
    this.connect();
  }

  /** Tells the server what is open now, if that is news. */
  tell(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const frame: PageFrame = { type: 'notebooks', notebooks: this.desk.notebooks() };
    const text = JSON.stringify(frame);
    if (text === this.told) return;
    this.told = text;
    this.socket.send(text);
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.told = '';
    this.heardAt = Date.now();
    const url = new URL('ws/page', this.address.socket);
    if (this.address.token !== '') url.searchParams.set('token', this.address.token);
    const socket = new WebSocket(url.href);
    this.socket = socket;
    socket.onopen = () => {
      this.admitted = true;
      this.failures = 0;
      this.heardAt = Date.now();
      this.tell();
    };
    socket.onmessage = message => {
      this.heardAt = Date.now();
      void this.hear(socket, message.data);
    };
    socket.onclose = () => this.lost();
  }

  private async hear(socket: WebSocket, data: unknown): Promise<void> {
    const frame = JSON.parse(String(data)) as PageServerFrame;
    if (frame.type === 'pong') return;
    if (frame.type === 'stop') {
      this.running.get(frame.id)?.abort();
      return;
    }
    const life = new AbortController();
    this.running.set(frame.id, life);
    let answer: PageFrame;
    try {
      const cells = await this.desk.carryOut(frame, life.signal);
      answer = { type: 'done', id: frame.id, cells };
    } catch (error) {
      answer = this.desk.failure(frame.id, error);
    }
    this.running.delete(frame.id);
    // On another connection the server would not know the request.
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(answer));
  }

  private lost(): void {
    this.drop();
    const longest = this.admitted ? LONGEST_WAIT_MS : REFUSED_WAIT_MS;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.failures, longest);
    this.failures += 1;
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private beat(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.heardAt > SILENT_AFTER_MS) this.lost();
    else this.socket.send('{"type":"ping"}');
  }

  /** The page is back, from sleep or from offline: no reason to wait any longer. */
  private hurry(): void {
    if (document.visibilityState === 'hidden' || this.life.aborted) return;
    if (this.retry !== undefined) this.connect();
    else this.beat();
  }
}
