import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import type { HostFor } from '../host/plugin';
import { runIcon } from '../icon';
import { RunPage } from '../run-page';
import { SavedRuns } from './runs';

/** The content of an open file of runs. */
class SavedRunsWidget extends RunPage {
  private readonly runs: SavedRuns;

  constructor(
    private readonly context: DocumentRegistry.Context,
    hostFor: HostFor,
    openAsText: () => void,
  ) {
    super();
    this.runs = new SavedRuns(this.node, hostFor(context.urlResolver), openAsText);
    void context.ready.then(() => {
      if (this.isDisposed) return;
      this.read();
      context.model.contentChanged.connect(this.read, this);
    });
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.context.model.contentChanged.disconnect(this.read, this);
    this.runs.dispose();
    super.dispose();
  }

  private read(): void {
    this.runs.show(this.context.model.toString());
  }
}

/** Opens files of runs. */
export class SavedRunsFactory extends ABCWidgetFactory<DocumentWidget<SavedRunsWidget>> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions,
    private readonly hostFor: HostFor,
    private readonly openAsText: (path: string) => void,
  ) {
    super(options);
  }

  protected override createNewWidget(
    context: DocumentRegistry.Context,
  ): DocumentWidget<SavedRunsWidget> {
    const content = new SavedRunsWidget(context, this.hostFor, () => this.openAsText(context.path));
    const widget = new DocumentWidget({ context, content });
    widget.title.icon = runIcon;
    // What can be done with a run stands in the run's own bar.
    widget.toolbar.hide();
    return widget;
  }
}
