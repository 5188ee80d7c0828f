import { commandsPlugin } from './commands/plugin';
import { documentsPlugin } from './documents/plugin';
import { exportPlugin } from './export/plugin';
import { hostPlugin } from './host/plugin';
import { languagePlugin } from './language';
import { launcherPlugin } from './launcher/plugin';
import { linkedPlugin } from './linked';
import { mimePlugin } from './mime';
import { notebookPlugin } from './notebook/plugin';
import { noticesPlugin } from './notices/plugin';
import { panelPlugin } from './panel/plugin';
import { runningPlugin } from './running';
import { runsPlugin } from './runs';
import { settingsPlugin } from './settings/plugin';
import { tabPlugin } from './tab/plugin';
import { warmPlugin } from './warm';

/** The plugins of this extension. */
export default [
  languagePlugin,
  settingsPlugin,
  hostPlugin,
  mimePlugin,
  notebookPlugin,
  documentsPlugin,
  runsPlugin,
  tabPlugin,
  linkedPlugin,
  commandsPlugin,
  launcherPlugin,
  noticesPlugin,
  panelPlugin,
  runningPlugin,
  exportPlugin,
  warmPlugin,
];
