import type { ClientFrame } from '../protocol.gen';
import type { Answer, Listener, Source } from '../view/source';
import type { TaskApi } from './api';
import { Line, type Patience } from './line';
import { FrameReader, type Verdict } from './reader';

const PATIENCE: Patience = { first: 500, longest: () => 10_000, greets: true };

/** A run, watched over the page's own socket to the server; comes back by itself when it is lost. */
export class SocketSource implements Source {
  private line: Line | undefined;

  constructor(
    private readonly api: TaskApi,
    readonly trace: unknown = undefined,
    private readonly after = 0,
    private readonly patience = PATIENCE,
  ) {}

  subscribe(listener: Listener, signal: AbortSignal): void {
    if (signal.aborted) return;
    listener.connection('reconnecting');
    const { line } = new Watch(this.api, listener, this.after, signal, this.patience);
    this.line = line;
    signal.addEventListener('abort', () => line.close(), { once: true });
  }

  cancel(): Promise<void> {
    return this.say({ type: 'cancel' });
  }

  /** By its own request: only that tells which answer a refusal belongs to. */
  answer(request_id: string, answer: Answer): Promise<void> {
    return this.api.post({ type: 'answer', request_id, ...answer });
  }

  private async say(frame: ClientFrame): Promise<void> {
    if (this.line?.send(JSON.stringify(frame)) !== true) await this.api.post(frame);
  }
}

/** One subscription: it goes on until the run or the page is over. */
class Watch {
  readonly line: Line;
  private readonly reader: FrameReader;

  constructor(
    private readonly api: TaskApi,
    private readonly listener: Listener,
    after: number,
    private readonly signal: AbortSignal,
    patience: Patience,
  ) {
    this.reader = new FrameReader(listener, after);
    const caller = {
      url: () => api.socketUrl(this.reader.last),
      hear: (frame: unknown) => this.settle(this.reader.read(frame)),
      lost: (refused: boolean) => this.lost(refused),
    };
    this.line = new Line(caller, patience);
  }

  private settle(verdict: Verdict): void {
    if (verdict === 'over') {
      this.line.close();
    } else if (verdict === 'gap') {
      this.listener.connection('reconnecting');
      this.line.again();
    } else if (verdict === 'unknown task' || verdict === 'refused') {
      this.line.close();
      this.listener.connection('saved');
    }
  }

  private async lost(refused: boolean): Promise<boolean> {
    this.listener.connection('reconnecting');
    // A browser hides why a handshake failed; a plain request tells a stranger's task from a lost line.
    if (!refused || (await this.api.look()) !== 'gone') return true;
    if (!this.signal.aborted) this.listener.connection('saved');
    return false;
  }
}
