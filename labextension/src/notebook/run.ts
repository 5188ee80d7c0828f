import type { KernelMessage } from '@jupyterlab/services';
import { Refusal } from './edits';
import type { CodeCellClass, NotebookPanel } from './panel';

/**
 * Runs a code cell as the user would, its outputs in the cell.
 *
 * When `signal` aborts, the kernel is interrupted if it is this cell that it runs.
 */
export async function runCell(
  panel: NotebookPanel,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const cell = panel.content.widgets.find(each => each.model.sharedModel.getId() === id);
  const model = panel.content.model;
  const kernel = panel.sessionContext.session?.kernel;
  if (cell === undefined || model === null) {
    throw new Refusal('cell_not_found', `The notebook has no cell '${id}' any more.`);
  }
  if (kernel === null || kernel === undefined) {
    throw new Refusal('not_run', 'The notebook has no kernel, so no cell can be run.');
  }
  let begun = false;
  const watch = (_: unknown, message: KernelMessage.IMessage): void => {
    const parent = message.parent_header as { msg_id?: string };
    const ours = cell.outputArea?.future?.msg.header.msg_id;
    if (message.header.msg_type === 'execute_input' && parent.msg_id === ours) begun = true;
  };
  const stop = (): void => {
    if (begun) void kernel.interrupt();
  };
  kernel.iopubMessage.connect(watch);
  signal.addEventListener('abort', stop);
  try {
    await (cell.constructor as unknown as CodeCellClass).execute(cell, panel.sessionContext, {
      deletedCells: model.deletedCells,
      recordTiming: panel.content.notebookConfig.recordTiming,
    });
  } catch {
    throw new Refusal('not_run', 'The kernel was restarted or died before the cell had run.');
  } finally {
    kernel.iopubMessage.disconnect(watch);
    signal.removeEventListener('abort', stop);
  }
}
