import { fields } from '../view/state/read';

/** Below what proxies allow an idle line. */
const PING_MS = 5_000;
/** Pings' time without an answer to one after which a line is taken for dead: noticed within three. */
const UNANSWERED = 2;
/** That, doubled by each line in a row that died so, at the most: a large frame may be on a slow way. */
const SLOWEST = 8;
/** Longer than any page that is not asleep is without an answer, hidden ones too: their timers run once a minute. */
const ASLEEP_MS = 90_000;
/** A line that is not there by then is called again. */
const OPENING_MS = 10_000;

/** Who is at this end of a line. */
export interface Caller {
  /** Where to call; asked each time. */
  url(): string;
  /** The other end is there. */
  opened?(): void;
  hear(frame: unknown): void;
  /**
   * The line is down.
   *
   * @param refused The other end hung up without having said anything.
   * @returns Whether to try again.
   */
  lost(refused: boolean): boolean | Promise<boolean>;
}

/** How long to wait for what, in ms. */
export interface Patience {
  /** Before the next call; twice as long each time, up to the longest. */
  readonly first: number;
  longest(): number;
  /** The other end talks first: while it does not, it is not there. */
  readonly greets?: boolean;
  /** Until the other end is there. */
  readonly opening?: number;
  /** Between two pings. */
  readonly ping?: number;
}

const USUAL: Patience = { first: 500, longest: () => 10_000 };

/** A socket to the server, and the next one when it fails. */
export class Line {
  private socket: WebSocket | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly pulse: ReturnType<typeof setInterval>;
  private failures = 0;
  private greeted = false;
  private heardAt = 0;
  /** When the ping was sent that nothing has been heard since. */
  private askedAt: number | undefined;
  private slowness = 1;
  private over = false;
  private called = 0;

  constructor(
    private readonly caller: Caller,
    private readonly patience: Patience = USUAL,
  ) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.pulse = setInterval(() => this.beat(), this.pingMs);
    this.connect();
  }

  private get pingMs(): number {
    return this.patience.ping ?? PING_MS;
  }

  /** How many calls there were: what was heard on one is not to be answered on the next. */
  get calls(): number {
    return this.called;
  }

  /** Sends a frame; whether anybody was there to send it to. */
  send(frame: string): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(frame);
    return true;
  }

  /** Hangs up and calls again, at once. */
  again(): void {
    this.drop();
    this.connect();
  }

  /** Ends it for good. */
  close(): void {
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
    this.askedAt = undefined;
    this.called += 1;
    const socket = new WebSocket(this.caller.url());
    this.socket = socket;
    socket.onopen = () => {
      this.heardAt = Date.now();
      this.caller.opened?.();
    };
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = () => void this.lost(!this.greeted, this.patience.longest());
    setTimeout(() => {
      if (this.socket !== socket || this.greeted) return;
      const begun = socket.readyState === WebSocket.OPEN && this.patience.greets !== true;
      if (!begun) void this.lost(false, 0);
    }, this.patience.opening ?? OPENING_MS);
  }

  private hear(data: unknown): void {
    this.heardAt = Date.now();
    this.askedAt = undefined;
    this.greeted = true;
    this.failures = 0;
    const frame = parsed(data);
    if (fields(frame).type === 'pong') this.slowness = 1;
    this.caller.hear(frame);
  }

  private async lost(refused: boolean, longest: number): Promise<void> {
    this.drop();
    this.failures += 1;
    const again = this.caller.lost(refused);
    if (again !== true && !(await again)) this.close();
    if (this.over || this.socket !== undefined) return;
    const wait = Math.min(this.patience.first * 2 ** (this.failures - 1), longest);
    if (wait === 0) this.connect();
    else this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
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
    const now = Date.now();
    if (this.askedAt === undefined && now - this.heardAt < ASLEEP_MS) {
      this.askedAt = now;
      this.socket.send('{"type":"ping"}');
    } else if (now - (this.askedAt ?? this.heardAt) >= UNANSWERED * this.slowness * this.pingMs) {
      this.slowness = Math.min(2 * this.slowness, SLOWEST);
      void this.lost(false, 0);
    }
  }

  /** The page is back, from sleep or from offline: no reason to wait any longer. */
  private readonly hurry = (): void => {
    if (document.visibilityState === 'hidden') return;
    if (this.retry !== undefined) this.connect();
    else this.beat();
  };
}

function parsed(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
