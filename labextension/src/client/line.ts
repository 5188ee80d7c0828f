const PING_EVERY_MS = 20_000;
/** Two pings without any answer. */
const SILENT_AFTER_MS = 45_000;

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

/** How long to wait before the next call: twice as long each time, up to the longest; ms. */
export interface Patience {
  readonly first: number;
  longest(): number;
  /** An other end that has not begun to talk by then is called again; absent where it may be silent. */
  readonly greeting?: number;
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
  private over = false;
  private called = 0;

  constructor(
    private readonly caller: Caller,
    private readonly patience: Patience = USUAL,
  ) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.pulse = setInterval(() => this.beat(), PING_EVERY_MS);
    this.connect();
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
    this.called += 1;
    const socket = new WebSocket(this.caller.url());
    this.socket = socket;
    socket.onopen = () => {
      this.heardAt = Date.now();
      this.caller.opened?.();
    };
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = () => void this.lost(!this.greeted, this.patience.longest());
    if (this.patience.greeting === undefined) return;
    setTimeout(() => {
      if (this.socket === socket && !this.greeted) void this.lost(false, 0);
    }, this.patience.greeting);
  }

  private hear(data: unknown): void {
    this.heardAt = Date.now();
    this.greeted = true;
    this.failures = 0;
    this.caller.hear(parsed(data));
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
    if (Date.now() - this.heardAt > SILENT_AFTER_MS) void this.lost(false, 0);
    else this.socket.send('{"type":"ping"}');
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
