import type { Address } from '../client/address';
import { TaskApi } from '../client/api';
import { displaysOf } from '../client/displays';
import { TRACE_TYPE } from '../trace-type';
import { fields } from '../view/state/read';
import type { Opened } from './desk';
import type { CellOutputs, CellWidget } from './panel';
import { type CellState, type Lost, lostRuns, taskIdsIn } from './restore';

/**
 * Gives an opened notebook back the runs that it showed when it was closed without being saved.
 *
 * Looks when the notebook is opened, and once more when its kernel first rests: cells that the kernel
 * still had to execute for an earlier page have shown their runs to nobody.
 */
export class Restorer {
  private readonly known = new Set<string>();
  private savedAt = 0;
  private looking: Promise<void>;

  constructor(
    private readonly address: Address,
    private readonly opened: Opened,
  ) {
    const { panel, context } = opened;
    const { statusChanged } = panel.sessionContext;
    const rests = (_: unknown, status: string): void => {
      if (status !== 'idle') return;
      statusChanged.disconnect(rests);
      this.looking = this.looking.then(() => this.look());
    };
    this.looking = context.ready.then(() => {
      this.savedAt = Date.parse(context.contentsModel?.last_modified ?? '') || 0;
      return this.look();
    });
    statusChanged.connect(rests);
    panel.disposed.connect(() => statusChanged.disconnect(rests));
  }

  private async look(): Promise<void> {
    const { context } = this.opened;
    // A shared document is kept by the server, and several pages would each add the same.
    if (context.isDisposed || context.model.collaborative === true || context.model.readOnly)
      return;
    const displays = await displaysOf(this.address, context.localPath);
    const all = lostRuns(displays, id => stateOf(this.cell(id)), this.savedAt);
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
