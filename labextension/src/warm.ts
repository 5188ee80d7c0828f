import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';
import { type HostFor, IHostFor } from './host/plugin';
import { warmUp } from './view/warm-up';

/** Shows a run to nobody while the page rests, once a notebook is open. */
export const warmPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:warm',
  description: 'Prepares the view of runs while the page rests.',
  autoStart: true,
  requires: [IHostFor],
  activate: (app: JupyterFrontEnd, hostFor: HostFor) => {
    let warm: Promise<void> | undefined;
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (_: Widget, context: DocumentRegistry.IContext<DocumentRegistry.IModel>) =>
        void context.ready.then(() => (warm ??= warmUp(hostFor()))),
    });
  },
};
