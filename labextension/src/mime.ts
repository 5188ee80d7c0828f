import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { pageAddress } from './client/address';
import { AnywhereSource } from './client/anywhere';
import { TaskApi } from './client/api';
import { ServedSource } from './client/served';
import { type HostFor, IHostFor } from './host/plugin';
import { TRACE_TYPE } from './trace-type';
import { mount, type TraceElement } from './view/element';
import type { Host } from './view/source';
import { fields, text } from './view/state/read';

/** Before the widget manager's -10: it has no way back when a saved widget's model is missing. */
const RANK = -100;

/** Shows a run in a cell's output: live while it goes on, the saved trace afterwards. */
export const mimePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:mime',
  description: 'Shows the runs of agents in cell outputs.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IHostFor],
  activate: (_app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, hostFor: HostFor) => {
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [TRACE_TYPE],
        createRenderer: ({ resolver }) => new TraceOutput(hostFor(resolver)),
      },
      RANK,
    );
  },
};

/** The renderer of one output. */
class TraceOutput extends Widget implements IRenderMime.IRenderer {
  private shown: { readonly view: TraceElement; readonly taskId: string } | undefined;
  private model: IRenderMime.IMimeModel | undefined;
  private life = new AbortController();

  constructor(private readonly host: Host) {
    super();
    this.addClass('agentkit-output');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    // A kernel's update of the output comes as another model: to write to the one before does nothing.
    this.model = model;
    const trace = model.data[TRACE_TYPE];
    const taskId = text(fields(trace).task_id);
    // The bundle that we write at the end comes back here; the view already shows what it says.
    if (this.shown?.taskId === taskId) {
      this.shown.view.adopt(trace);
      return;
    }
    this.life.abort();
    this.life = new AbortController();
    const view = this.open(trace, taskId, this.life.signal);
    this.shown = { view, taskId };
  }

  override dispose(): void {
    this.life.abort();
    super.dispose();
  }

  private open(trace: unknown, taskId: string, signal: AbortSignal): TraceElement {
    const address = pageAddress();
    const share = (given: unknown): void => {
      const saved = fields(this.model?.data[TRACE_TYPE]);
      // The output may hold more by now than what the view began with.
      const own = text(fields(given).task_id) === text(saved.task_id);
      this.host.share?.(own ? saved : given);
    };
    const shown: Host = this.host.share === undefined ? this.host : { ...this.host, share };
    if (address === undefined || taskId === '')
      return mount(this.node, { trace }, shown, { signal });
    const api = new TaskApi(address, taskId);
    const source = new AnywhereSource(taskId, new ServedSource(api, trace));
    // A run that follows this one up is saved here too: one output holds them all.
    const keep = (): void => void this.save(api, signal);
    const host = { ...shown, onFinished: keep, onFollowedUp: keep };
    return mount(this.node, source, host, { signal });
  }

  /** Puts the bundle of the run and its follow-ups into the output, so that it is saved with the notebook. */
  private async save(api: TaskApi, signal: AbortSignal): Promise<void> {
    const bundle = fields(await api.bundle().catch(() => undefined));
    // Without one the output stays as it was, and attaches again when the notebook is opened next.
    if (signal.aborted || !(TRACE_TYPE in fields(bundle.data))) return;
    this.model?.setData(bundle as IRenderMime.IMimeModel.ISetDataOptions);
  }
}
