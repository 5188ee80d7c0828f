import type { Display } from '../client/displays';
import { TRACE_TYPE } from '../trace-type';
import { fields, list, text } from '../view/state/read';

/** A cell of an open notebook, as far as it matters for what it has lost. */
export interface CellState {
  /** Its outputs come from the kernel to this very page. */
  readonly executedHere: boolean;
  /** The runs that it shows, with those that follow them up. */
  readonly taskIds: ReadonlySet<string>;
}

/** A run that a cell has shown and does not show any more. */
export interface Lost {
  readonly taskId: string;
  readonly cellId: string;
  /** What the cell shows is of an earlier execution. */
  readonly replaces: boolean;
}

/**
 * Chooses what goes back into the cells of a notebook that was opened.
 *
 * @param displays What the last execution of each cell has shown.
 * @param savedAt When the file was saved. What had ended by then and is not in the file was cleared.
 */
export function lostRuns(
  displays: readonly Display[],
  cellOf: (id: string) => CellState | undefined,
  savedAt: number,
): Lost[] {
  const lost: Lost[] = [];
  for (const { taskId, cellId, finishedAt } of displays) {
    const cell = cellOf(cellId);
    if (cell === undefined || cell.executedHere || cell.taskIds.has(taskId)) continue;
    if (finishedAt !== undefined && finishedAt <= savedAt) continue;
    const shown = displays.some(each => each.cellId === cellId && cell.taskIds.has(each.taskId));
    const first = !lost.some(each => each.cellId === cellId);
    lost.push({ taskId, cellId, replaces: cell.taskIds.size > 0 && !shown && first });
  }
  return lost;
}

/** The runs in a cell's outputs, with those that follow them up. */
export function taskIdsIn(outputs: Iterable<unknown>): Set<string> {
  const ids = new Set<string>();
  for (const data of outputs) {
    const trace = fields(fields(data)[TRACE_TYPE]);
    for (const each of [trace, ...list(trace.follow_ups)]) {
      const id = text(fields(each).task_id);
      if (id !== '') ids.add(id);
    }
  }
  return ids;
}
