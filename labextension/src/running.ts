import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRunningSessionManagers, type IRunningSessions } from '@jupyterlab/running';
import { isOver, type Task } from './client/task';
import { runIcon } from './icon';
import { ILanguage } from './language';
import { notebookName } from './panel/list';
import { showRun } from './panel/show';
import { IRuns } from './runs';
import { told } from './told';
import { oneLine } from './view/row/titles';
import { trans } from './view/words';

/** JupyterLab's panel of all that is running, and Notebook's page of it. */
const PANELS = '.jp-RunningSessions';

/** Lists running agents beside JupyterLab's kernels and terminals. */
export const runningPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:running',
  description: 'Lists the runs of agents that go on among all that is running.',
  autoStart: true,
  requires: [IRuns, ILanguage],
  optional: [IRunningSessionManagers],
  activate: (
    app: JupyterFrontEnd,
    runs: IRuns,
    _language: unknown,
    managers: IRunningSessionManagers | null,
  ) => {
    managers?.add({
      name: trans.__('Agent runs'),
      running: () => {
        // JupyterLab asks at its start already. It asks again just before it shows the panel.
        requestAnimationFrame(() => {
          const panels = [...document.querySelectorAll(PANELS)];
          if (panels.some(panel => panel.checkVisibility())) runs.open();
        });
        return runs.tasks.filter(task => !isOver(task)).map(task => itemOf(app, runs, task));
      },
      shutdownAll: () => void told(runs.cancelAll()),
      refreshRunning: () => runs.open(),
      runningChanged: runs.changed,
      shutdownLabel: trans.__('Cancel'),
      shutdownAllLabel: trans.__('Cancel All'),
      shutdownAllConfirmationText: trans.__('Are you sure you want to cancel all runs of agents?'),
    });
  },
};

function itemOf(app: JupyterFrontEnd, runs: IRuns, task: Task): IRunningSessions.IRunningItem {
  const question = oneLine(task.input, 200) || task.agent;
  return {
    icon: () => runIcon,
    label: () => question,
    labelTitle: () => [question, task.agent, task.place?.path ?? ''].filter(Boolean).join('\n'),
    detail: () => notebookName(task) || task.agent,
    open: () => showRun(app, task),
    shutdown: () => void told(runs.cancel(task.id)),
  };
}
