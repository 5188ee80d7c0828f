import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { type HostFor, IHostFor } from '../host/plugin';
import { runIcon } from '../icon';
import { ILanguage } from '../language';
import { trans } from '../view/words';
import { SavedRunsFactory } from './widget';

const FILE_TYPE = 'agenttrace';
const FACTORY = 'Agent Run';
/** JupyterLab's own, there for every file. */
const EDITOR = 'Editor';

/** Opens `.agenttrace.json` files as the runs that they hold. */
export const documentsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:documents',
  description: 'Opens the saved runs of agents as documents.',
  autoStart: true,
  requires: [IHostFor, ILanguage],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    hostFor: HostFor,
    _language: unknown,
    restorer: ILayoutRestorer | null,
  ) => {
    app.docRegistry.addFileType({
      name: FILE_TYPE,
      displayName: trans.__('Agent Run'),
      extensions: ['.agenttrace.json'],
      mimeTypes: ['application/json'],
      contentType: 'file',
      fileFormat: 'text',
      icon: runIcon,
    });
    const openAsText = (path: string): void => {
      void app.commands.execute('docmanager:open', { path, factory: EDITOR });
    };
    const factory = new SavedRunsFactory(
      {
        name: FACTORY,
        label: trans.__('Agent Run'),
        modelName: 'text',
        fileTypes: [FILE_TYPE],
        defaultFor: [FILE_TYPE],
        readOnly: true,
      },
      hostFor,
      openAsText,
    );
    // JupyterLab's types tell an absent property from an undefined one less strictly than we do.
    app.docRegistry.addWidgetFactory(factory as DocumentRegistry.WidgetFactory);
    const opened = new WidgetTracker<IDocumentWidget>({ namespace: 'agentkit-documents' });
    factory.widgetCreated.connect((_, widget) => {
      void opened.add(widget);
      widget.context.pathChanged.connect(() => void opened.save(widget));
    });
    if (restorer === null) return;
    void restorer.restore(opened, {
      command: 'docmanager:open',
      args: widget => ({ path: widget.context.path, factory: FACTORY }),
      name: widget => widget.context.path,
    });
  },
};
