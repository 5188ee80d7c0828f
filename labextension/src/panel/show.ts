import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Task } from '../client/task';

const SHOW = 'agentkit:show-run';
const OPEN = 'docmanager:open';

/** Brings somebody to a run: to its cell, or else to its trace; at least to its notebook. */
export function showRun({ commands }: JupyterFrontEnd, { id, place }: Task): void {
  const { path, cellId } = place ?? {};
  if (commands.hasCommand(SHOW)) {
    void commands.execute(SHOW, {
      taskId: id,
      ...(path === undefined ? {} : { path }),
      ...(cellId === undefined ? {} : { cellId }),
    });
  } else if (path !== undefined && commands.hasCommand(OPEN)) {
    void commands.execute(OPEN, { path });
  }
}
