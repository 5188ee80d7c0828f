import type { Preferred } from './preferences';
import type { Fields } from './state/read';
import type { Connection } from './state/state';
import type { Words } from './words';

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

/** What somebody says to an open request. */
export interface Answer {
  readonly decision: 'approve' | 'deny' | 'answer';
  /** Of an approval `{arguments?, always?}`, of a question the answer. */
  readonly value?: unknown;
  /** Why it is denied; the model is told. */
  readonly reason?: string;
}

/** What came of taking back the edits of a run. */
export interface Undone {
  readonly undone: number;
  /** Cells that were left as they are, each with the reason. */
  readonly kept: readonly { readonly cell_id: string; readonly message: string }[];
}

/** Where a run comes from: a saved document, a live connection, or one that becomes the other. */
export interface Source {
  /** The trace document that is there already. */
  readonly trace?: unknown;
  /** Tells of the run until the signal aborts. Absent: the document is all there is. */
  subscribe?(listener: Listener, signal: AbortSignal): void;
  /** Asks for the run to end; rejects when nobody could be asked. */
  cancel?(): Promise<void>;
  /** Resolves when the answer was handed over; rejects with what was wrong with it. */
  answer?(requestId: string, answer: Answer): Promise<void>;
  /** Takes back what the run did to the notebook. */
  undo?(): Promise<Undone>;
  /** Starts a run that goes on from this one, in the same thread. */
  followUp?(input: string): Promise<Source>;
  /** Starts a run that takes this one on where it ended without an answer. */
  resume?(): Promise<Source>;
  /** Where a run comes from that followed this one up, of which `trace` is saved. */
  followed?(trace: unknown): Source;
  /** Whether `undo`, `followUp` and `resume` have anybody to ask; asked once, when the run is looked at. */
  reachable?(): Promise<boolean>;
}

/** What the place that shows the view does for it. */
export interface Host {
  /** Shows a MIME bundle in `node`; rejects when none of its types can be shown. */
  renderMime(bundle: Fields, node: HTMLElement): Promise<void>;
  renderMarkdown(markdown: string, node: HTMLElement): Promise<void>;
  /** Shows code in the colours of its language (`python`, `sql`, …). */
  renderCode(code: string, language: string, node: HTMLElement): Promise<void>;
  /** The look of what the two above make, where the page has none for it. */
  readonly css: string;
  /** The page's language; English without it. */
  readonly words?: Words;
  /** The reader's; the usual ones without it. */
  readonly preferences?: Preferred;
  /** A run that was watched live has ended. */
  onFinished?(taskId: string): void;
  /** A run that follows up the shown one has been started. */
  onFollowedUp?(): void;
  /** The address that leads to a step of a run, by its `seq`; absent where no page would follow it. */
  linkTo?(taskId: string, seq: number): string;
  /** Lets somebody look at what is in the run and export it; absent where that is not to be had. */
  share?(trace: unknown): void;
}
