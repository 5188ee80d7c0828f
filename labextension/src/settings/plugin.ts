import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
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
  optional: [ISettingRegistry],
  activate: (app: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const settings = new LiveSettings();
    // JupyterLab's keeper of shortcuts stumbles over settings that are loaded before its own. Nobody
    // waits for ours: what is shown meanwhile follows as soon as they are there.
    if (registry !== null) void app.started.then(() => settings.attach(registry, ID));
    return settings;
  },
};
