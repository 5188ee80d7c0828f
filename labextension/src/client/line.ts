const PING_EVERY_MS = 20_000;
/** Two pings without any answer. */
const SILENT_AFTER_MS = 45_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Who is at this end of a line. */
export interface Caller {
  hear(frame: unknown): void;
  /**
   * The line is down.
   *
   * @param greeted Whether the other end had said anything on it.
   * @returns Whether to try again.
   */
  lost(greeted: boolean): Promise<boolean>;
}

/** A socket to the server, and the next one when it fails. */
export class Line {
  private socket: WebSocket | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly pulse: ReturnType<typeof setInterval>;
  private failures = 0;
  private greeted = false;
  private heardAt = 0;
  private over = false;

  constructor(
    private readonly url: string,
    private readonly caller: Caller,
  ) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.pulse = setInterval(() => this.beat(), PING_EVERY_MS);
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
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = () => void this.lost();
  }

  private hear(data: unknown): void {
    this.heardAt = Date.now();
    this.greeted = true;
    this.failures = 0;
    this.caller.hear(parsed(data));
  }

  private async lost(): Promise<void> {
    this.drop();
    this.failures += 1;
    const again = await this.caller.lost(this.greeted);
    if (this.over || this.socket !== undefined) return;
    if (!again) {
      this.close();
      return;
    }
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (this.failures - 1), LONGEST_WAIT_MS);
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private beat(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.heardAt > SILENT_AFTER_MS) void this.lost();
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
