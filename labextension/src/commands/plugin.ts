import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, showDialog } from '@jupyterlab/apputils';
import { pageAddress } from '../client/address';
import { TaskApi } from '../client/api';
import { isOver } from '../client/task';
import { ILanguage } from '../language';
import { IRuns } from '../runs';
import { targetOf } from '../tab/target';
import { told } from '../told';
import { trans } from '../view/words';

/** What the palette offers, as far as it is there: some of it comes from other plugins. */
const OFFERED = [
  'agentkit:open-runs',
  'agentkit:open-run',
  'agentkit:export-trace',
  'agentkit:cancel-run',
  'agentkit:cancel-all',
  'agentkit:new-notebook',
];

/** What can be done with runs, from the palette, the menus and by keyboard; see `schema/plugin.json`. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:commands',
  description: 'Commands about the runs of agents.',
  autoStart: true,
  requires: [IRuns, ILanguage],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    runs: IRuns,
    _language: unknown,
    palette: ICommandPalette | null,
  ) => {
    const address = pageAddress();
    if (address === undefined) return;
    const { commands } = app;

    commands.addCommand('agentkit:cancel-run', {
      label: trans.__('Cancel Run'),
      caption: trans.__('Cancel the run of the active cell'),
      isEnabled: args => targetOf(app, args)?.running === true,
      execute: async args => {
        const target = targetOf(app, args);
        if (target === undefined) return;
        await told(new TaskApi(address, target.taskId).post({ type: 'cancel' }));
      },
    });

    commands.addCommand('agentkit:cancel-all', {
      label: trans.__('Cancel All Runs…'),
      caption: trans.__('Cancel every run of this server that has not ended'),
      isEnabled: () => runs.tasks.some(task => !isOver(task)),
      execute: async () => {
        const { length } = runs.tasks.filter(task => !isOver(task));
        const { button } = await showDialog({
          title: trans._n('Cancel %1 run?', 'Cancel %1 runs?', length),
          body: trans.__(
            'Runs of every notebook of this server are stopped, whoever started them.',
          ),
          buttons: [
            Dialog.cancelButton({ label: trans.__('Go On') }),
            Dialog.warnButton({ label: trans.__('Cancel All') }),
          ],
        });
        if (button.accept) await told(runs.cancelAll());
      },
    });

    if (palette === null) return;
    const category = trans.__('Agents');
    // The others' commands are there once every plugin has been activated.
    void app.started.then(() => {
      for (const command of OFFERED) {
        if (commands.hasCommand(command)) palette.addItem({ command, category });
      }
    });
  },
};
