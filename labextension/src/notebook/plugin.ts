import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { Token } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { pageAddress } from '../client/address';
import { PageChannel } from '../client/page';
import { IRuns } from '../runs';
import { NotebookDesk, type Opened } from './desk';
import type { NotebookContext, NotebookPanel } from './panel';
import { Restorer } from './restorer';

/** Drives whose files are the server's own, under the same names. */
const OWN_DRIVES: ReadonlySet<string> = new Set(['', 'RTC']);

export const IOpenNotebooks = new Token<ReadonlySet<Opened>>(
  'jupyter-agentkit:IOpenNotebooks',
  'The notebooks of the server that are open in this page.',
);

/** Lets the server's agents work in the notebooks that are open in this page. */
export const notebookPlugin: JupyterFrontEndPlugin<ReadonlySet<Opened>> = {
  id: 'jupyter-agentkit:notebook',
  description: 'Lets agents read, edit and run the cells of open notebooks.',
  autoStart: true,
  requires: [IRuns],
  provides: IOpenNotebooks,
  activate: (app: JupyterFrontEnd, runs: IRuns) => {
    const address = pageAddress();
    const desk = new NotebookDesk(
      panel => document.hasFocus() && app.shell.currentWidget?.id === panel.id,
    );
    if (address === undefined) return desk.opened;
    let channel: PageChannel | undefined;
    const tell = (): void => {
      channel ??= new PageChannel(address, desk, new AbortController().signal);
      channel.tell();
    };
    const look = (): void => {
      if (channel !== undefined) tell();
    };
    window.addEventListener('focus', look);
    window.addEventListener('blur', look);
    app.shell.currentChanged?.connect(look);
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (widget: Widget, of: DocumentRegistry.IContext<DocumentRegistry.IModel>) => {
        const panel = widget as NotebookPanel;
        const context = of as NotebookContext;
        if (!OWN_DRIVES.has(app.serviceManager.contents.driveName(context.path))) return;
        const opened = { panel, context };
        // A second view of a notebook shares its cells with the first.
        const isFirst = ![...desk.opened].some(each => each.context === context);
        desk.opened.add(opened);
        void context.ready.then(tell);
        if (isFirst) new Restorer(address, opened, runs);
        context.model.stateChanged.connect(tell);
        context.pathChanged.connect(tell);
        panel.disposed.connect(() => {
          desk.opened.delete(opened);
          context.model.stateChanged.disconnect(tell);
          context.pathChanged.disconnect(tell);
          tell();
        });
      },
    });
    return desk.opened;
  },
};
