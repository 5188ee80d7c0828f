import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Task } from '../client/task';
import { ILanguage } from '../language';
import type { Opened } from '../notebook/desk';
import { IOpenNotebooks } from '../notebook/plugin';
import { IRuns } from '../runs';
import { ISettings } from '../settings/plugin';
import type { LiveSettings } from '../settings/settings';
import { DesktopBoard, LabBoard } from './board';
import { type Notice, Notices, type Sight } from './notices';

/** Notifies of runs that end or ask while nobody looks. */
export const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:notices',
  description: 'Notifies when a run ends or asks while its notebook is out of sight.',
  autoStart: true,
  requires: [IRuns, IOpenNotebooks, ISettings, ILanguage],
  activate: (
    app: JupyterFrontEnd,
    runs: IRuns,
    notebooks: ReadonlySet<Opened>,
    settings: LiveSettings,
  ) => {
    const show = ({ task: { id, place } }: Notice): void => {
      const where = place === undefined ? {} : { path: place.path };
      void app.commands.execute('agentkit:show-run', { taskId: id, ...where });
    };
    const boards = [new LabBoard(show), new DesktopBoard(() => settings.now.desktop, show)];
    const board = {
      put(notice: Notice): void {
        for (const each of boards) each.put(notice);
      },
      take(key: string): void {
        for (const each of boards) each.take(key);
      },
    };
    const notices = new Notices(board, sightOf(notebooks), () => settings.now);
    runs.changed.connect(() => {
      if (runs.standing === 'live') notices.heed(runs.tasks);
    });
    const look = (): void => notices.look();
    app.shell.currentChanged?.connect(look);
    window.addEventListener('focus', look);
    askForDesktop(settings);
  },
};

function sightOf(notebooks: ReadonlySet<Opened>): Sight {
  const panelsOf = (path: string) =>
    [...notebooks].filter(each => each.context.localPath === path).map(each => each.panel);
  return {
    isOpen: path => panelsOf(path).length > 0,
    sees: ({ id, place }: Task) => {
      if (document.visibilityState === 'hidden' || !document.hasFocus()) return false;
      const views = document.querySelectorAll(`agentkit-trace[data-task-id="${CSS.escape(id)}"]`);
      // A run's own tab will do as well.
      if ([...views].some(view => view.checkVisibility())) return true;
      return place !== undefined && panelsOf(place.path).some(panel => panel.isVisible);
    },
  };
}

/** The browser asks when the setting is switched on, not when the first notice is due. */
function askForDesktop(settings: LiveSettings): void {
  let wished = settings.now.desktop;
  settings.watch(() => {
    const before = wished;
    wished = settings.now.desktop;
    if (!wished || before || globalThis.Notification?.permission !== 'default') return;
    void globalThis.Notification.requestPermission();
  }, new AbortController().signal);
}
