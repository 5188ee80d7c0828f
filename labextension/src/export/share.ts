import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import type { Host } from '../view/source';

/** The command; `{trace?, taskId?}` name a run, without them it is that of the active cell. */
export const EXPORT = 'agentkit:export-trace';

/** What lets a view hand its run to the command. */
export function sharing(app: JupyterFrontEnd): Required<Pick<Host, 'share'>> {
  return {
    share: trace => void app.commands.execute(EXPORT, { trace: trace as ReadonlyPartialJSONValue }),
  };
}
