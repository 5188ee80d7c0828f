import type { Address } from '../client/address';
import { TaskApi } from '../client/api';
import { displaysOf } from '../client/displays';
import type { Task } from '../client/task';
import type { IRuns } from '../runs';
import { TRACE_TYPE } from '../trace-type';
import { fields } from '../view/state/read';
import type { Opened } from './desk';
import type { CellOutputs, CellWidget } from './panel';
import { type CellState, type Lost, lostRuns, taskIdsIn } from './restore';

/**
 * Gives an opened notebook back the runs that it showed when it was closed without being saved.
 *
 * Looks when the notebook is opened, and for each run that is told of later and that an earlier page has
 * left the kernel to begin: its cell has shown it to nobody.
 */
export class Restorer {
  private readonly known = new Set<string>();
  private savedAt = 0;
  private looking = false;
  private due = false;
  /** When the kernel first answered this page: what it did before was for others. Server's time. */
  private answeredAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly address: Address,
    private readonly opened: Opened,
    runs: Pick<IRuns, 'tasks' | 'now' | 'changed'>,
  ) {
    const { panel, context } = opened;
    const { sessionContext } = panel;
    const changed = (): void => {
      if (runs.tasks.some(task => this.lacks(task))) void this.look();
    };
    void context.ready.then(() => {
      this.savedAt = Date.parse(context.contentsModel?.last_modified ?? '') || 0;
      runs.changed.connect(changed);
      return this.look();
    });
    // The kernel answers in the order of what it was asked.
    const answered = (): void => {
      this.answeredAt = runs.now;
    };
    void sessionContext.ready
      .then(() => sessionContext.session?.kernel?.info)
      .then(answered, answered);
    panel.disposed.connect(() => runs.changed.disconnect(changed));
  }

  private lacks({ id, place, createdAt }: Task): boolean {
    if (place?.path !== this.opened.context.localPath || createdAt > this.answeredAt) return false;
    const { cellId = '' } = place;
    const state = this.known.has(key({ taskId: id, cellId })) ? undefined : this.state(cellId);
    return state !== undefined && !state.executedHere && !state.taskIds.has(id);
  }

  private async look(): Promise<void> {
    this.due = true;
    if (this.looking) return;
    this.looking = true;
    try {
      while (this.due) {
        this.due = false;
        await this.give();
      }
    } finally {
      this.looking = false;
    }
  }

  private async give(): Promise<void> {
    const { context } = this.opened;
    // A shared document is kept by the server, and several pages would each add the same.
    if (context.isDisposed || context.model.collaborative === true || context.model.readOnly)
      return;
    const displays = await displaysOf(this.address, context.localPath);
    const all = lostRuns(displays, id => this.state(id), this.savedAt);
    // What was given back once may have been cleared since.
    const lost = all.filter(each => !this.known.has(key(each)));
    for (const each of displays) this.known.add(key(each));
    const bundles = await Promise.all(lost.map(each => this.bundle(each)));
    lost.forEach((each, index) => {
      this.add(each, fields(bundles[index]));
    });
  }

  private bundle({ taskId }: Lost): Promise<unknown> {
    return new TaskApi(this.address, taskId).bundle().catch(() => undefined);
  }

  private add({ taskId, cellId, replaces }: Lost, bundle: Readonly<Record<string, unknown>>): void {
    const cell = this.cell(cellId);
    const outputs = cell?.model.outputs;
    const state = stateOf(cell);
    // The cell may have been executed while the server was asked, or its notebook closed.
    if (outputs === undefined || state === undefined || state.executedHere) return;
    if (state.taskIds.has(taskId) || !(TRACE_TYPE in fields(bundle.data))) return;
    if (replaces) outputs.clear();
    outputs.add({ output_type: 'display_data', ...bundle });
  }

  private state(cellId: string): CellState | undefined {
    return stateOf(this.cell(cellId));
  }

  private cell(id: string): CellWidget | undefined {
    const { panel } = this.opened;
    if (panel.isDisposed) return undefined;
    return panel.content.widgets.find(each => each.model.sharedModel.getId() === id);
  }
}

function stateOf(cell: CellWidget | undefined): CellState | undefined {
  const outputs = cell?.model.outputs;
  if (cell === undefined || outputs === undefined) return undefined;
  const executedHere = (cell.outputArea?.future ?? null) !== null;
  return { executedHere, taskIds: taskIdsIn(dataIn(outputs)) };
}

/** What the outputs of a cell hold. */
export function* dataIn(outputs: CellOutputs): Iterable<unknown> {
  for (let index = 0; index < outputs.length; index += 1) yield outputs.get(index).data;
}

const key = ({ taskId, cellId }: { taskId: string; cellId: string }): string =>
  `${cellId} ${taskId}`;
