import { type Fields, fields, list, number, text, time } from '../view/state/read';
import { asStatus, isFinal, type Status } from '../view/state/state';
import { type Usage, usageOf } from '../view/state/usage';

/** A run as lists show it. Texts may be cut. */
export interface Task {
  readonly id: string;
  /** The conversation that it belongs to. */
  readonly thread: string;
  readonly agent: string;
  readonly input: string;
  readonly status: Status;
  readonly simulated: boolean;
  /** Milliseconds since 1970, by the server's clock. */
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly steps: number;
  readonly usage: Usage | undefined;
  readonly asks: readonly TaskAsk[];
  readonly error: string;
  readonly result: string;
  readonly place: TaskPlace | undefined;
}

/** A request that waits for an answer. */
export interface TaskAsk {
  readonly id: string;
  /** The tool that wants to be called; '' for a question. */
  readonly toolName: string;
  /** All of them; nothing where a list has no room for what has to be seen before somebody decides. */
  readonly arguments: Fields | undefined;
  readonly question: string;
}

/** The cell that shows a run. */
export interface TaskPlace {
  /** The notebook's, from the server's root. */
  readonly path: string;
  readonly cellId: string | undefined;
}

/** A summary as the server tells it; nothing for a value that is none. */
export function taskOf(value: unknown): Task | undefined {
  const told = fields(value);
  const status = asStatus(told.status);
  if (text(told.task_id) === '' || status === undefined) return undefined;
  return {
    id: text(told.task_id),
    thread: text(told.thread_id) || text(told.task_id),
    agent: text(told.agent),
    input: text(told.input),
    status,
    simulated: told.simulated === true,
    createdAt: time(told.created_at) ?? 0,
    startedAt: time(told.started_at),
    finishedAt: time(told.finished_at),
    steps: number(told.steps) ?? 0,
    usage: usageOf(told.usage),
    asks: list(told.asks).map(askOf),
    error: text(fields(told.error).message),
    result: text(told.result),
    place: placeOf(told.place),
  };
}

/** Whether it has ended. */
export function isOver(task: Task): boolean {
  return isFinal(task.status);
}

/** Whether it ended without an answer. */
export function endedWithout(task: Task): boolean {
  return isOver(task) && task.status !== 'completed';
}

/** The newest first. */
export function byAge(one: Task, other: Task): number {
  return other.createdAt - one.createdAt || (other.id < one.id ? -1 : 1);
}

function askOf(value: unknown): TaskAsk {
  const told = fields(value);
  return {
    id: text(told.request_id),
    toolName: text(told.tool_name),
    arguments: told.arguments === undefined ? undefined : fields(told.arguments),
    question: text(told.question),
  };
}

function placeOf(value: unknown): TaskPlace | undefined {
  const told = fields(value);
  const path = text(told.path);
  return path === '' ? undefined : { path, cellId: text(told.cell_id) || undefined };
}
