import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { LiveSettings } from './settings';

export const ISettings = new Token<LiveSettings>(
  'jupyter-agentkit:ISettings',
  'What people chose about runs of agents.',
);

/** The id of `schema/plugin.json`. */
const ID = 'jupyter-agentkit:plugin';

/** Heeds the settings editor. */
export const settingsPlugin: JupyterFrontEndPlugin<LiveSettings> = {
  id: ID,
  description: 'The settings, menus and shortcuts of agents.',
  autoStart: true,
  provides: ISettings,
  optional: [ISettingRegistry, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
  ) => {
    const settings = new LiveSettings();
    // Nobody waits for it: what is shown meanwhile follows as soon as it is there.
    if (registry !== null) void settings.attach(registry, ID, translator);
    return settings;
  },
};
