import { type ISignal, Signal } from '@lumino/signaling';
import { fields, text, time } from '../view/state/read';
import { Line } from './line';
import { byAge, type Task, taskOf } from './task';
import { type TasksApi, tasksOf } from './tasks';

/**
 * How a page stands to the server's runs.
 *
 * `closed`: nobody has asked yet. `missing`: the server does not know of agents. `refused`: it does not let
 * this page see them.
 */
export type Standing = 'closed' | 'connecting' | 'live' | 'reconnecting' | 'missing' | 'refused';

/** All runs of the server that are worth a list, as they change; one for a page. */
export class Feed {
  private readonly known = new Map<string, Task>();
  private readonly removed = new Set<string>();
  private readonly news = new Signal<this, void>(this);
  private sorted: readonly Task[] | undefined;
  private line: Line | undefined;
  /** How far the server's clock is ahead of the page's, in ms. */
  private skew: number | undefined;
  private told: Standing = 'closed';
  private next: string | undefined;
  private trouble = '';

  constructor(private readonly api: TasksApi) {}

  /** Something below has changed. */
  get changed(): ISignal<this, void> {
    return this.news;
  }

  /** What has not ended, and the newest of the others; the newest first. */
  get tasks(): readonly Task[] {
    this.sorted ??= [...this.known.values()].sort(byAge);
    return this.sorted;
  }

  get standing(): Standing {
    return this.told;
  }

  /** Where older runs begin; nothing when there are none. */
  get before(): string | undefined {
    return this.next;
  }

  /** What is wrong with the place where the server stores runs; mostly nothing. */
  get problem(): string {
    return this.trouble;
  }

  /** The time by the server's clock, in milliseconds since 1970. */
  get now(): number {
    return Date.now() + (this.skew ?? 0);
  }

  find(taskId: string): Task | undefined {
    return this.known.get(taskId);
  }

  /** Whether it was deleted since the page listens. */
  isRemoved(taskId: string): boolean {
    return this.removed.has(taskId);
  }

  /** Begins to listen, once; calling it again does no harm. */
  open(): void {
    if (this.told !== 'closed') return;
    this.told = 'connecting';
    this.line = new Line({
      url: () => this.api.socketUrl(),
      hear: frame => this.hear(frame),
      lost: refused => this.lost(refused),
    });
    this.tell();
  }

  /** Tries again what the server has refused. */
  retry(): void {
    this.line?.close();
    this.told = 'closed';
    this.open();
  }

  private hear(frame: unknown): void {
    const { type, now, data, task_id, before, problem } = fields(frame);
    switch (type) {
      case 'tasks':
        this.skew = undefined;
        this.setClock(now);
        this.known.clear();
        for (const task of tasksOf(data)) this.take(task);
        this.next = text(before) || undefined;
        this.trouble = '';
        this.told = 'live';
        break;
      case 'task': {
        this.setClock(now);
        const task = taskOf(data);
        if (task === undefined) return;
        this.take(task);
        break;
      }
      case 'journal':
        this.trouble = text(fields(problem).message);
        break;
      case 'removed':
        this.known.delete(text(task_id));
        this.removed.add(text(task_id));
        break;
      default:
        return;
    }
    this.sorted = undefined;
    this.tell();
  }

  private take(task: Task): void {
    this.known.set(task.id, task);
    this.removed.delete(task.id); // somebody has started another of that id
  }

  private async lost(refused: boolean): Promise<boolean> {
    // The first list sets the clock.
    this.told = this.skew === undefined ? 'connecting' : 'reconnecting';
    this.tell();
    // A browser hides why a handshake failed; a plain request tells a server without agents from a lost line.
    const seen = refused ? await this.api.look() : 'there';
    if (seen !== 'missing' && seen !== 'refused') return true;
    this.told = seen;
    this.tell();
    return false;
  }

  /** The quickest frame tells best. */
  private setClock(now: unknown): void {
    const ahead = (time(now) ?? Date.now()) - Date.now();
    this.skew = Math.max(this.skew ?? ahead, ahead);
  }

  private tell(): void {
    this.news.emit();
  }
}
