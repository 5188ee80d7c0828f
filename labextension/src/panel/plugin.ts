import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { isOver, type Task } from '../client/task';
import { runIcon } from '../icon';
import { ILanguage } from '../language';
import { IRuns } from '../runs';
import { trans } from '../view/words';
import { showRun } from './show';
import { RunsPanel } from './widget';

/** Among JupyterLab's own: after the running kernels, before the table of contents. */
const RANK = 350;

const ROW = '.agentkit-run';
const EXPORT = 'agentkit:export-trace';

/** Lists all runs of the server in the left side bar. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:panel',
  description: 'Lists the runs of agents in a side panel.',
  autoStart: true,
  requires: [IRuns, ILanguage],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    runs: IRuns,
    _language: unknown,
    restorer: ILayoutRestorer | null,
  ) => {
    const panel = new RunsPanel(runs, task => showRun(app, task));
    app.shell.add(panel, 'left', { rank: RANK, type: 'Agent Runs' });
    restorer?.add(panel, panel.id);
    app.commands.addCommand('agentkit:open-runs', {
      label: trans.__('Show All Runs'),
      caption: trans.__('Show the runs of all notebooks in the side bar'),
      icon: runIcon,
      execute: () => app.shell.activateById(panel.id),
    });
    addMenu(app, panel);
  },
};

/** What can be done with a row, by its context menu. */
function addMenu(app: JupyterFrontEnd, panel: RunsPanel): void {
  const hit = (): Task | undefined =>
    panel.taskOf(app.contextMenuHitTest(node => node.matches(ROW))?.dataset.taskId);
  const add = (
    name: string,
    label: string,
    fits: (task: Task) => boolean,
    act: (task: Task) => void,
  ): void => {
    const command = `agentkit:listed-run-${name}`;
    const fitting = (): Task | undefined => {
      const task = hit();
      return task !== undefined && fits(task) ? task : undefined;
    };
    app.commands.addCommand(command, {
      label,
      isVisible: () => fitting() !== undefined,
      execute: () => {
        const task = fitting();
        if (task !== undefined) act(task);
      },
    });
    app.contextMenu.addItem({ command, selector: ROW });
  };
  add(
    'show',
    trans.__('Show Run'),
    () => true,
    task => showRun(app, task),
  );
  add(
    'cancel',
    trans.__('Cancel Run'),
    task => !isOver(task),
    task => panel.cancel(task),
  );
  add(
    'resume',
    trans.__('Resume Run'),
    task => panel.isResumable(task),
    task => void panel.resume(task),
  );
  add(
    'export',
    trans.__('Export Trace…'),
    task => isOver(task) && app.commands.hasCommand(EXPORT),
    task => void app.commands.execute(EXPORT, { taskId: task.id }),
  );
  add('delete', trans.__('Delete Run'), isOver, task => void panel.remove(task));
}
