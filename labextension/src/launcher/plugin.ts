import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator } from '@jupyterlab/translation';
import { runIcon } from '../icon';
import { ILanguage } from '../language';
import { text } from '../view/state/read';
import { trans } from '../view/words';
import type { KernelSpec } from './template';

const NEW = 'agentkit:new-notebook';

/** Starts a notebook with an agent in it. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:launcher',
  description: 'Starts a notebook from a template with an agent.',
  autoStart: true,
  requires: [ILanguage],
  optional: [ILauncher, IDefaultFileBrowser, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    _language: unknown,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null,
  ) => {
    app.commands.addCommand(NEW, {
      label: args =>
        args.isLauncher ? trans.__('Agent Notebook') : trans.__('New Agent Notebook'),
      caption: trans.__('Start a notebook with an agent in it'),
      icon: runIcon,
      execute: async args => {
        const folder = text(args.cwd) || (browser?.model.path ?? folderInFront(app));
        try {
          const { template } = await import('./template');
          const path = await written(app, folder, template(await pythonKernel(app)));
          return await app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
        } catch (error) {
          await showErrorMessage(trans.__('The notebook was not created'), error as Error);
          return undefined;
        }
      },
    });
    launcher?.add({
      command: NEW,
      args: { isLauncher: true },
      // Named as JupyterLab names the part of the launcher that notebooks are in.
      category: translator?.load('jupyterlab').__('Notebook') ?? 'Notebook',
      kernelIconUrl: ICON,
      rank: 1000,
    });
  },
};

/** The icon as a picture: the launcher shows no other kind beside those of kernels. */
const ICON = `data:image/svg+xml,${encodeURIComponent(runIcon.svgstr.replaceAll('#616161', '#2f7fd6'))}`;

/** The folder of the document in front; the server's own where there is none. */
function folderInFront(app: JupyterFrontEnd): string {
  const path = (app.shell.currentWidget as IDocumentWidget | null)?.context?.path ?? '';
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The kernel that new notebooks have anyway if it speaks Python, or else the first that does. */
async function pythonKernel(app: JupyterFrontEnd): Promise<KernelSpec | undefined> {
  const { kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const { default: usual = '', kernelspecs: all = {} } = kernelspecs.specs ?? {};
  const found = [all[usual], ...Object.values(all)].find(each => each?.language === 'python');
  if (found === undefined) return undefined;
  return { name: found.name, display_name: found.display_name, language: found.language };
}

async function written(app: JupyterFrontEnd, folder: string, content: object): Promise<string> {
  const { contents } = app.serviceManager;
  const { path } = await contents.newUntitled({ path: folder, type: 'notebook' });
  await contents.save(path, { type: 'notebook', format: 'json', content });
  return path;
}
