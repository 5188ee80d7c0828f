import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { pageAddress } from '../client/address';
import { TaskApi } from '../client/api';
import { type HostFor, IHostFor } from '../host/plugin';
import { runIcon } from '../icon';
import { ILanguage } from '../language';
import type { Opened } from '../notebook/desk';
import { IOpenNotebooks } from '../notebook/plugin';
import { reveal, type Shown, shownIn, soonShownIn } from '../notebook/reveal';
import { fields, text } from '../view/state/read';
import { trans } from '../view/words';
import { enclosing, targetOf } from './target';
import { traceIn } from './trace';
import { RunTab } from './widget';

/** Opens runs in tabs, and finds them where they are shown. */
export const tabPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:tab',
  description: 'Opens a run in a tab, and goes to the cell that shows it.',
  autoStart: true,
  requires: [IHostFor, IOpenNotebooks, ILanguage],
  optional: [ILabShell, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    hostFor: HostFor,
    notebooks: ReadonlySet<Opened>,
    _language: unknown,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const address = pageAddress();
    if (address === undefined) return;
    const { commands, shell } = app;
    const tabs = new WidgetTracker<RunTab>({ namespace: 'agentkit-runs' });
    const place = {
      address,
      host: hostFor(),
      traceOf: (taskId: string) => traceIn(notebooks, taskId),
    };

    commands.addCommand('agentkit:open-run', {
      label: trans.__('Open Run in a Tab'),
      caption: trans.__('Open the run of the active cell in a tab of its own'),
      icon: runIcon,
      isEnabled: args => targetOf(app, args) !== undefined,
      execute: args => {
        const target = targetOf(app, args);
        if (target === undefined) return;
        const taskId = enclosing(target).taskId;
        const tab = tabs.find(each => each.taskId === taskId) ?? new RunTab(taskId, place);
        if (!tabs.has(tab)) void tabs.add(tab);
        // Notebook's page has room for its one document, and a panel below.
        if (!tab.isAttached) shell.add(tab, labShell === null ? 'down' : 'main');
        shell.activateById(tab.id);
      },
    });

    const openNotebook = async (
      taskId: string,
      told: string,
    ): Promise<Shown | 'elsewhere' | undefined> => {
      const path = told || (await pathOf(new TaskApi(address, taskId)));
      if (path === '' || !(await exists(app, path))) return undefined;
      const widget: unknown = await commands.execute('docmanager:open', { path });
      // Notebook opens it in another window, where its own extension looks after it.
      if (widget === undefined || widget === null) return 'elsewhere';
      return soonShownIn(notebooks, path, taskId);
    };

    commands.addCommand('agentkit:show-run', {
      label: trans.__('Show Run'),
      caption: trans.__('Go to the cell that shows the run, or open the run in a tab'),
      icon: runIcon,
      isEnabled: args => text(args.taskId) !== '',
      execute: async args => {
        const taskId = text(args.taskId);
        const shown =
          shownIn(notebooks, taskId, shell.currentWidget?.id) ??
          (await openNotebook(taskId, text(args.path)));
        if (shown === 'elsewhere') return;
        if (shown === undefined) await commands.execute('agentkit:open-run', { taskId });
        else await reveal(app, shown, taskId);
      },
    });

    if (restorer !== null) {
      void restorer.restore(tabs, {
        command: 'agentkit:open-run',
        args: ({ taskId }) => ({ taskId }),
        name: ({ taskId }) => taskId,
      });
    }
  },
};

async function pathOf(api: TaskApi): Promise<string> {
  const task = await api.summary().catch(() => undefined);
  return text(fields(task?.place).path);
}

async function exists(app: JupyterFrontEnd, path: string): Promise<boolean> {
  try {
    await app.serviceManager.contents.get(path, { content: false });
    return true;
  } catch {
    return false;
  }
}
