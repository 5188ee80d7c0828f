import type { Fields } from './read';
import type { Connection } from './state';

/** What a source tells while it is subscribed to. */
export interface Listener {
  /**
   * A connection is up: `status` is the task's, events up to `lastSeq` are replayed, and what was only
   * streamed so far comes again.
   */
  attached(status: unknown, lastSeq: unknown): void;
  events(events: readonly unknown[]): void;
  connection(connection: Connection): void;
  /** The run is over; nothing follows. */
  result(result: unknown): void;
  /** The server will not give this run to this page, and says why. */
  refused(message: string): void;
}

export type AnswerDecision = 'approve' | 'deny' | 'answer';

/** Where a run comes from: a saved document, a live connection, or one that becomes the other. */
export interface Source {
  /** The trace document that is there already. */
  readonly trace?: unknown;
  /** Tells of the run until the signal aborts. Absent: the document is all there is. */
  subscribe?(listener: Listener, signal: AbortSignal): void;
  /** Asks for the run to end; rejects when nobody could be asked. */
  cancel?(): Promise<void>;
  answer?(requestId: string, decision: AnswerDecision, value?: unknown): Promise<void>;
}

/** What the place that shows the view does for it. */
export interface Host {
  /** Shows a MIME bundle in `node`; rejects when none of its types can be shown. */
  renderMime(bundle: Fields, node: HTMLElement): Promise<void>;
  renderMarkdown(markdown: string, node: HTMLElement): Promise<void>;
  /** The look of what the two above make, where the page has none for it. */
  readonly css: string;
  /** A run that was watched live has ended. */
  onFinished?(taskId: string): void;
}
