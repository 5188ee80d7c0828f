import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { pageAddress } from '../client/address';
import { Traces } from '../client/traces';
import { ILanguage } from '../language';
import { enclosing, targetOf } from '../tab/target';
import type { TraceElement } from '../view/element';
import { fields, text } from '../view/state/read';
import { trans } from '../view/words';
import { exportRun, type Folder } from './dialog';
import { EXPORT } from './share';

/** Lets a run leave as a file, after a look at what is in it. */
export const exportPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:export',
  description: 'Exports the runs of agents, without what is to stay here.',
  autoStart: true,
  requires: [ILanguage],
  activate: (app: JupyterFrontEnd) => {
    const address = pageAddress();
    if (address === undefined) return;
    app.commands.addCommand(EXPORT, {
      label: trans.__('Export Trace…'),
      caption: trans.__('Save the run of an agent as a file, with a look at what is in it first'),
      isEnabled: args => isGiven(args) || targetOf(app, args) !== undefined,
      execute: async args => {
        if (!isGiven(args)) {
          const target = targetOf(app, args);
          // The view knows the run that it shows; a run is exported with those that follow it up.
          if (target !== undefined) shareOf(enclosing(target).view);
          return;
        }
        const taskId = text(args.taskId) || text(fields(args.trace).task_id);
        await exportRun(new Traces(address, { taskId, trace: args.trace }), folderOf(app));
      },
    });
  },
};

function isGiven(args: object): boolean {
  const { trace, taskId } = fields(args);
  return trace !== undefined || text(taskId) !== '';
}

function shareOf(view: HTMLElement | undefined): void {
  // A widget may have brought its own class of the element to the page.
  (view as Partial<TraceElement> | undefined)?.share?.();
}

/** The folder of the document at the front. */
function folderOf(app: JupyterFrontEnd): Folder | undefined {
  const shown = app.shell.currentWidget as { context?: DocumentRegistry.Context } | null;
  const path = shown?.context?.path;
  if (path === undefined) return undefined;
  const end = path.lastIndexOf('/');
  const drive = path.indexOf(':') + 1;
  return {
    contents: app.serviceManager.contents,
    path: end < drive ? path.slice(0, drive) : path.slice(0, end),
    open: file => void app.commands.execute('docmanager:open', { path: file }),
  };
}
