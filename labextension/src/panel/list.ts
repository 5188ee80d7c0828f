import { byAge, endedWithout, isOver, type Task } from '../client/task';
import type { IRuns } from '../runs';
import type { Status } from '../view/state/state';

/** Which states are looked at. */
export type Choice = 'all' | 'waiting' | 'going on' | 'done' | 'failed' | 'stopped';

const STATUSES: Readonly<Record<Choice, readonly Status[]>> = {
  all: [],
  waiting: ['input_required'],
  'going on': ['queued', 'running', 'input_required'],
  done: ['completed'],
  failed: ['failed', 'interrupted'],
  stopped: ['cancelled'],
};

export const CHOICES = Object.keys(STATUSES) as readonly Choice[];

export type GroupName = 'waiting' | 'running' | 'recent';

export interface Group {
  readonly name: GroupName;
  /** All that are known. */
  readonly amount: number;
  /** Those that are shown. */
  readonly tasks: readonly Task[];
}

/** Rows of a group before more are asked for; a page of thousands would be slow, and read by nobody. */
const ROWS = 50;
/** Nobody types a word letter by letter to search for each. */
const TYPING_MS = 250;

/** What the panel lists: the runs that the page is told of, older ones, and what a search has found. */
export class RunList {
  words = '';
  choice: Choice = 'all';
  /** The server was asked and has not answered. */
  loading = false;
  /** Why it did not. */
  problem = '';
  private found: Task[] = [];
  /** Where the next page goes on: after all that the page is told of, until one was asked for. */
  private next: string | undefined;
  private asked = false;
  private toldBefore: string | undefined;
  private question = 0;
  private typing: ReturnType<typeof setTimeout> | undefined;
  private limits: Record<GroupName, number> = { waiting: ROWS, running: ROWS, recent: ROWS };

  constructor(
    private readonly runs: IRuns,
    private readonly changed: () => void,
  ) {}

  get isSearch(): boolean {
    return this.words.trim() !== '' || this.choice !== 'all';
  }

  /** Those that have something in them: what waits for somebody first. */
  groups(): Group[] {
    // A new list of what is told: what was read before may not join it.
    if (this.toldBefore !== this.runs.before) {
      this.toldBefore = this.runs.before;
      this.restart();
    }
    const all = this.matching();
    const waiting = all.filter(task => !isOver(task) && task.asks.length > 0);
    const running = all.filter(task => !isOver(task) && task.asks.length === 0);
    const recent = all.filter(isOver);
    return [
      this.group('waiting', waiting),
      this.group('running', running),
      this.group('recent', recent),
    ].filter(group => group.amount > 0);
  }

  /** Whether a run ended without an answer, and none that is known goes on with its conversation. */
  isResumable(task: Task): boolean {
    if (!endedWithout(task)) return false;
    const wentOn = (other: Task): boolean =>
      other.thread === task.thread && other.id !== task.id && byAge(other, task) < 0;
    return !this.runs.tasks.some(wentOn) && !this.found.some(wentOn);
  }

  /** Whether older runs can be asked for. */
  get hasMore(): boolean {
    return this.cursor() !== undefined;
  }

  search(words: string, choice: Choice): void {
    if (words === this.words && choice === this.choice) return;
    this.words = words;
    this.choice = choice;
    this.restart();
    this.limits = { waiting: ROWS, running: ROWS, recent: ROWS };
    if (this.isSearch) {
      this.loading = true;
      this.typing = setTimeout(() => void this.ask(undefined), TYPING_MS);
    }
    this.changed();
  }

  /** Shows more of a group, and asks for older runs where that is not enough. */
  async more(name: GroupName): Promise<void> {
    const shown = this.groups().find(group => group.name === name);
    this.limits[name] += ROWS;
    this.changed();
    const cursor = this.cursor();
    if (name !== 'recent' || cursor === undefined || this.loading) return;
    if ((shown?.amount ?? 0) < this.limits[name]) await this.ask(cursor);
  }

  /** Asks again what could not be answered. */
  retry(): Promise<void> {
    return this.ask(this.isSearch && !this.asked ? undefined : this.cursor());
  }

  private restart(): void {
    clearTimeout(this.typing);
    this.question += 1;
    this.found = [];
    this.next = undefined;
    this.asked = false;
    this.loading = false;
    this.problem = '';
  }

  private cursor(): string | undefined {
    if (!this.asked && this.isSearch) return undefined;
    const next = this.asked ? this.next : this.runs.before;
    if (next === undefined || !this.runs.isRemoved(next)) return next;
    // The server goes on after a run that it still has.
    const listed = this.found.length > 0 ? this.found : this.runs.tasks.filter(isOver);
    return listed.filter(task => !this.runs.isRemoved(task.id)).at(-1)?.id;
  }

  private async ask(before: string | undefined): Promise<void> {
    this.question += 1;
    const question = this.question;
    this.loading = true;
    this.problem = '';
    this.changed();
    try {
      const statuses = STATUSES[this.choice];
      const page = await this.runs.find({ words: this.words.trim(), statuses, before });
      if (question !== this.question) return;
      this.found.push(...page.tasks);
      this.next = page.before;
      this.asked = true;
    } catch (error) {
      if (question !== this.question) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.loading = false;
    this.changed();
  }

  /** What is known last of each run counts, and whether it fits now. */
  private matching(): Task[] {
    const all = new Map(this.found.map(task => [task.id, task]));
    const foundIds = new Set(all.keys());
    for (const task of this.runs.tasks) all.set(task.id, task);
    const words = folded(this.words)
      .split(/\s+/)
      .filter(word => word !== '');
    const statuses = STATUSES[this.choice];
    return [...all.values()]
      .filter(task => !this.runs.isRemoved(task.id))
      .filter(task => statuses.length === 0 || statuses.includes(task.status))
      .filter(task => foundIds.has(task.id) || mentions(task, words))
      .sort(byAge);
  }

  private group(name: GroupName, tasks: readonly Task[]): Group {
    return { name, amount: tasks.length, tasks: tasks.slice(0, this.limits[name]) };
  }
}

/** As the server searches, for runs that it has not been asked about. */
function mentions(task: Task, words: readonly string[]): boolean {
  const text = folded(`${task.agent}\n${task.input}\n${notebookName(task)}`);
  return words.every(word => text.includes(word));
}

export function notebookName(task: Task): string {
  return task.place?.path.split('/').at(-1) ?? '';
}

function folded(text: string): string {
  return text.toLowerCase();
}
