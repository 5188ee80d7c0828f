import { Painter } from './paint';
import { isShort, readLong } from './reading';
import type { Listener, Source } from './source';
import { fields, number, time } from './state/read';
import { attached, finished, fold, fromTrace } from './state/reduce';
import { asStatus, type Connection, EMPTY, isFinal, type ViewState } from './state/state';

/** Who is told of a run. */
export interface Watcher {
  changed(): void;
  /** The run, watched live, has ended. */
  finished(taskId: string): void;
  /** The server will not give the run, and says why. */
  refused(message: string): void;
}

/** What is known of one run: what was saved of it, and what comes while it is watched. */
export class LiveRun {
  state: ViewState = EMPTY;
  connection: Connection = 'saved';
  /** It has been watched live. */
  wasLive = false;
  /** All that was saved of the run has been read. */
  whole: Promise<void> = Promise.resolve();
  /** The notebook holds the finished run. */
  private written = false;
  private waiting: unknown[] = [];
  private replayedTo = 0;
  /** How far the server's clock is ahead of the page's, in ms: the quickest live event tells best. */
  private skew: number | undefined;
  private readonly painter = new Painter(() => this.foldIn());
  private signal = AbortSignal.abort();

  constructor(private readonly watcher: Watcher) {}

  /** Reads what is saved, and watches what goes on until the signal aborts; called once. */
  open(source: Source, signal: AbortSignal): void {
    this.signal = signal;
    signal.addEventListener('abort', () => this.painter.stop(), { once: true });
    const { trace } = source;
    const watch = (): void => {
      if (source.subscribe === undefined || this.over) return;
      this.connection = 'reconnecting';
      source.subscribe(this.listener, signal);
    };
    if (isShort(trace)) {
      this.state = fromTrace(trace);
      watch();
      return;
    }
    const ends = isFinal(asStatus(fields(trace).status) ?? 'running');
    if (source.subscribe !== undefined && !ends) this.connection = 'reconnecting';
    // The notebook may have brought a later document meanwhile.
    const read = (state: ViewState): void => {
      if (state.lastSeq >= this.state.lastSeq) this.change(state);
    };
    this.whole = this.readLong(trace, read).then(state => {
      if (state === undefined) return;
      read(state);
      watch();
    });
  }

  get over(): boolean {
    return isFinal(this.state.status);
  }

  /** What it tells is news on this page: not what was so when the page came to know the run. */
  get isNews(): boolean {
    return this.wasLive && this.state.lastSeq >= this.replayedTo;
  }

  /** The server's time, in ms. */
  now(): number {
    return Date.now() + (this.skew ?? 0);
  }

  /** The same while the run goes on. */
  clock(): number | undefined {
    return this.over || this.connection !== 'live' ? undefined : this.now();
  }

  /**
   * Takes the document that the notebook now holds of the same run; one that says less is left.
   *
   * A finished one makes it a saved run: nothing that is shown depends on a server any more.
   */
  adopt(trace: unknown): void {
    if (this.over) this.settle(isFinal(asStatus(fields(trace).status) ?? 'running'));
    else if (isShort(trace)) this.take(fromTrace(trace));
    else void this.readLong(trace).then(told => told !== undefined && this.take(told));
  }

  private take(told: ViewState): void {
    const ended = isFinal(told.status);
    if (!this.over && (ended || told.lastSeq >= this.state.lastSeq)) this.state = told;
    this.settle(ended);
  }

  private settle(ended: boolean): void {
    if (ended) {
      this.written = true;
      this.connection = 'saved';
    }
    this.watcher.changed();
  }

  private readLong(
    trace: unknown,
    began: (state: ViewState) => void = () => undefined,
  ): Promise<ViewState | undefined> {
    return readLong(trace, began, this.signal);
  }

  private readonly listener: Listener = {
    attached: (status, lastSeq) => {
      this.foldIn();
      this.replayedTo = number(lastSeq) ?? 0;
      this.change(attached(this.state, status));
    },
    events: events => {
      this.measureSkew(events);
      this.waiting.push(...events);
      this.painter.request();
    },
    connection: connection => {
      this.wasLive ||= connection === 'live';
      if (!this.written) this.connection = connection;
      this.watcher.changed();
    },
    result: result => {
      this.foldIn();
      this.change(finished(this.state, result));
      this.watcher.finished(this.state.taskId);
    },
    refused: message => this.watcher.refused(message),
  };

  private foldIn(): void {
    if (this.waiting.length === 0) return;
    const events = this.waiting;
    this.waiting = [];
    this.change(fold(this.state, events));
  }

  private change(state: ViewState): void {
    this.state = state;
    this.watcher.changed();
  }

  private measureSkew(events: readonly unknown[]): void {
    const last = fields(events.at(-1));
    const sentAt = time(last.ts);
    if (sentAt === undefined || (number(last.seq) ?? 0) <= this.replayedTo) return;
    this.skew = Math.max(this.skew ?? Number.NEGATIVE_INFINITY, sentAt - Date.now());
  }
}
