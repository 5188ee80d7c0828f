import { isOver, type Task } from '../client/task';
import type { When } from '../settings/settings';
import { oneLine } from '../view/row/titles';
import { trans } from '../view/words';

/** Something that calls for the reader. */
export interface Notice {
  /** A later one of the same key takes its place. */
  readonly key: string;
  readonly kind: 'asks' | 'done' | 'failed';
  readonly message: string;
  /** The run that is shown when the reader asks for it. */
  readonly task: Task;
}

/** Where notices are given. */
export interface Board {
  put(notice: Notice): void;
  take(key: string): void;
}

/** What the reader has before them. */
export interface Sight {
  /** The notebook is open in this page. */
  isOpen(path: string): boolean;
  /** The run, or its notebook, can be seen right now. */
  sees(task: Task): boolean;
}

/** How the reader wants to be called. */
export interface Wishes {
  readonly notifyEnd: When;
  readonly notifyAsk: When;
}

/** So many runs of a notebook end or ask with a notice each; of more, one notice tells. */
const APART = 3;

/**
 * Calls the reader when a run ends or asks: each run once, and only those of notebooks that are open here.
 *
 * What ends because somebody cancelled it calls nobody.
 */
export class Notices {
  /** What is known of the runs, to tell what is new. */
  private known: ReadonlyMap<string, Task> | undefined;
  /** Runs that ask and of which that was told, by notebook. */
  private readonly asking = new Map<string, Task[]>();
  /** Notebooks of which one notice tells that many runs ask, until none does. */
  private readonly crowded = new Set<string>();
  /** Runs that ended and were not looked at yet, by notebook. */
  private readonly ended = new Map<string, Task[]>();

  constructor(
    private readonly board: Board,
    private readonly sight: Sight,
    private readonly wishes: () => Wishes,
  ) {}

  /** Takes all runs as they stand now. */
  heed(tasks: readonly Task[]): void {
    const before = this.known;
    this.known = new Map(tasks.map(task => [task.id, task]));
    this.forgetAnswered(this.known);
    for (const task of tasks) {
      const earlier = before?.get(task.id);
      if (isOver(task)) {
        if (earlier !== undefined && !isOver(earlier)) this.end(task);
      } else if (task.asks.some(ask => !earlier?.asks.some(each => each.id === ask.id))) {
        this.ask(task);
      }
    }
  }

  /** The reader looks at something else: what they see now needs no notice that it has ended. */
  look(): void {
    for (const [path, tasks] of this.ended) {
      if (!tasks.some(task => this.sight.sees(task))) continue;
      for (const key of keysOf(path, tasks)) this.board.take(key);
      this.ended.delete(path);
    }
  }

  private ask(task: Task): void {
    if (!this.wanted(task, this.wishes().notifyAsk)) return;
    const path = task.place?.path ?? '';
    const others = (this.asking.get(path) ?? []).filter(each => each.id !== task.id);
    this.asking.set(path, [...others, task]);
    if (others.length < APART && !this.crowded.has(path)) {
      this.board.put({ key: task.id, kind: 'asks', message: request(task), task });
      return;
    }
    for (const each of others) this.board.take(each.id);
    this.crowded.add(path);
    const message = trans.__('Several runs of %1 wait for you.', nameOf(path));
    this.board.put({ key: crowdOf(path), kind: 'asks', message, task });
  }

  private forgetAnswered(known: ReadonlyMap<string, Task>): void {
    for (const [path, tasks] of this.asking) {
      const open = tasks.filter(({ id }) => (known.get(id)?.asks.length ?? 0) > 0);
      for (const task of tasks) if (!open.includes(task)) this.board.take(task.id);
      this.asking.set(path, open);
      if (open.length > 0) continue;
      this.asking.delete(path);
      if (this.crowded.delete(path)) this.board.take(crowdOf(path));
    }
  }

  private end(task: Task): void {
    const path = task.place?.path ?? '';
    if (task.status === 'cancelled' || !this.wanted(task, this.wishes().notifyEnd)) return;
    const others = this.ended.get(path) ?? [];
    const tasks = [...others, task];
    this.ended.set(path, tasks);
    if (tasks.length <= APART) {
      this.board.put({ key: task.id, kind: kindOf(task), message: sentence(task), task });
      return;
    }
    for (const key of keysOf(path, others)) if (key !== path) this.board.take(key);
    const failed = tasks.filter(each => kindOf(each) === 'failed').length;
    const message =
      failed === 0
        ? trans.__('%1 runs of %2 are done.', tasks.length, nameOf(path))
        : trans.__(
            '%1 runs of %2 have ended, %3 of them badly.',
            tasks.length,
            nameOf(path),
            failed,
          );
    this.board.put({ key: path, kind: failed === 0 ? 'done' : 'failed', message, task });
  }

  private wanted(task: Task, when: When): boolean {
    if (when === 'never' || task.place === undefined) return false;
    if (!this.sight.isOpen(task.place.path)) return false;
    return when === 'always' || !this.sight.sees(task);
  }
}

function crowdOf(path: string): string {
  return `asks ${path}`;
}

function request(task: Task): string {
  const ask = task.asks.at(-1);
  return ask === undefined || ask.toolName === ''
    ? trans.__('%1 asks: %2', task.agent, oneLine(ask?.question ?? '', 90))
    : trans.__('%1 waits for your approval to call %2.', task.agent, ask.toolName);
}

function keysOf(path: string, tasks: readonly Task[]): string[] {
  return tasks.length > APART ? [path] : tasks.map(task => task.id);
}

function kindOf(task: Task): 'done' | 'failed' {
  return task.status === 'completed' ? 'done' : 'failed';
}

function sentence(task: Task): string {
  const about = oneLine(task.input, 80);
  switch (task.status) {
    case 'completed':
      return trans.__('%1 is done: %2', task.agent, about);
    case 'interrupted':
      return trans.__('%1 was interrupted because the server stopped: %2', task.agent, about);
    default:
      return trans.__('%1 failed: %2', task.agent, oneLine(task.error, 90) || about);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
