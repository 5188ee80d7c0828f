import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { pageAddress } from './client/address';
import { Feed, type Standing } from './client/feed';
import { isOver, type Task } from './client/task';
import { type Page, type Query, TasksApi } from './client/tasks';

/** The server's runs, for everything on the page that shows more than one. */
export interface IRuns {
  /** What has not ended, and the newest of the others; the newest first. Empty until `open` was called. */
  readonly tasks: readonly Task[];
  /** Tasks, standing or clock have changed. */
  readonly changed: ISignal<unknown, void>;
  readonly standing: Standing;
  /** Where older runs begin, for `find`; nothing when there are none. */
  readonly before: string | undefined;
  /** The time by the server's clock, in milliseconds since 1970. */
  readonly now: number;
  /** What is wrong with the place where the server stores runs, and what to do; mostly nothing. */
  readonly problem: string;
  /** Begins to listen; to be called by whoever shows something, as often as it likes. */
  open(): void;
  /** Tries again what the server has refused. */
  retry(): void;
  /** A run of `tasks`. */
  task(taskId: string): Task | undefined;
  /** Whether it was deleted since the page listens. */
  isRemoved(taskId: string): boolean;
  /** Asks the server, for older runs too. */
  find(query: Query): Promise<Page>;
  cancel(taskId: string): Promise<void>;
  /** Cancels every run that has not ended. */
  cancelAll(): Promise<void>;
  /** Answers a request for consent. */
  decide(taskId: string, requestId: string, decision: 'approve' | 'deny'): Promise<void>;
  /** Takes on a run that ended without an answer; a new one goes on in its place. */
  resume(taskId: string): Promise<void>;
  /** Deletes a finished run. */
  remove(taskId: string): Promise<void>;
}

export const IRuns = new Token<IRuns>(
  'jupyter-agentkit:runs',
  'The runs of agents on this server, as they change.',
);

/** Why each of all runs is cancelled; a map heeds it, and begins no more (`jupyter_agentkit/map_state.py`). */
const ALL_RUNS = 'All runs were cancelled.';

/** The same over one feed. */
export class Runs implements IRuns {
  private readonly feed: Feed;

  constructor(private readonly api: TasksApi) {
    this.feed = new Feed(api);
  }

  get tasks(): readonly Task[] {
    return this.feed.tasks;
  }

  get changed(): ISignal<unknown, void> {
    return this.feed.changed;
  }

  get standing(): Standing {
    return this.feed.standing;
  }

  get before(): string | undefined {
    return this.feed.before;
  }

  get now(): number {
    return this.feed.now;
  }

  get problem(): string {
    return this.feed.problem;
  }

  open(): void {
    this.feed.open();
  }

  retry(): void {
    this.feed.retry();
  }

  task(taskId: string): Task | undefined {
    return this.feed.find(taskId);
  }

  isRemoved(taskId: string): boolean {
    return this.feed.isRemoved(taskId);
  }

  find(query: Query): Promise<Page> {
    return this.api.find(query);
  }

  cancel(taskId: string): Promise<void> {
    return this.api.of(taskId).post({ type: 'cancel' });
  }

  async cancelAll(): Promise<void> {
    const running = this.tasks.filter(task => !isOver(task));
    const frame = { type: 'cancel', reason: ALL_RUNS } as const;
    const ends = await Promise.allSettled(running.map(({ id }) => this.api.of(id).post(frame)));
    const refused = ends.find(end => end.status === 'rejected');
    if (refused !== undefined) throw refused.reason;
  }

  decide(taskId: string, request_id: string, decision: 'approve' | 'deny'): Promise<void> {
    return this.api.of(taskId).post({ type: 'answer', request_id, decision });
  }

  async resume(taskId: string): Promise<void> {
    await this.api.of(taskId).resume();
  }

  remove(taskId: string): Promise<void> {
    return this.api.of(taskId).remove();
  }
}

/** Offers the runs; listens to the server once a notebook is open, or somebody shows them. */
export const runsPlugin: JupyterFrontEndPlugin<IRuns> = {
  id: 'jupyter-agentkit:runs',
  description: 'Knows the runs of agents on this server.',
  autoStart: true,
  provides: IRuns,
  activate: (app: JupyterFrontEnd) => {
    const address = pageAddress();
    if (address === undefined) throw new Error('No Jupyter server gave out this page.');
    const runs = new Runs(new TasksApi(address));
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (_: Widget, context: DocumentRegistry.IContext<DocumentRegistry.IModel>) =>
        void context.ready.then(() => runs.open()),
    });
    return runs;
  },
};
