import { fields, list } from '../view/state/read';
import type { Status } from '../view/state/state';
import type { Address } from './address';
import { problem, request, TaskApi } from './api';
import { type Task, taskOf } from './task';

/** Which runs are looked for. */
export interface Query {
  /** Words that stand in the agent's name, the question, or the notebook's name. */
  readonly words: string;
  /** Only runs in one of these states; empty: in any. */
  readonly statuses: readonly Status[];
  /** The id of the last run of the page before. */
  readonly before?: string | undefined;
}

/** Runs, the newest first. */
export interface Page {
  readonly tasks: readonly Task[];
  /** Where the next page goes on; nothing when there is none. */
  readonly before: string | undefined;
}

const PAGE = 50;

/** The routes about all runs. */
export class TasksApi {
  constructor(private readonly address: Address) {}

  socketUrl(): string {
    const url = new URL('ws/tasks', this.address.socket);
    if (this.address.token !== '') url.searchParams.set('token', this.address.token);
    return url.href;
  }

  of(taskId: string): TaskApi {
    return new TaskApi(this.address, taskId);
  }

  async find(query: Query): Promise<Page> {
    // One more than is shown tells whether there are more.
    const asked = new URLSearchParams({ limit: String(PAGE + 1) });
    if (query.words !== '') asked.set('q', query.words);
    if (query.statuses.length > 0) asked.set('status', query.statuses.join(','));
    if (query.before !== undefined) asked.set('before', query.before);
    const response = await request(this.address, 'GET', `tasks?${asked}`);
    if (!response.ok) throw new Error(await problem(response));
    const found = tasksOf(fields(await response.json()).tasks);
    const tasks = found.slice(0, PAGE);
    return { tasks, before: found.length > PAGE ? tasks.at(-1)?.id : undefined };
  }

  /** Whether the server would tell this page of its runs, and why not. */
  async look(): Promise<'there' | 'missing' | 'refused' | 'unreachable'> {
    try {
      const { ok, status } = await request(this.address, 'GET', 'tasks?limit=1');
      if (ok) return 'there';
      if (status === 404) return 'missing';
      return status === 401 || status === 403 ? 'refused' : 'unreachable';
    } catch {
      return 'unreachable';
    }
  }
}

export function tasksOf(value: unknown): Task[] {
  return list(value)
    .map(taskOf)
    .filter(task => task !== undefined);
}
