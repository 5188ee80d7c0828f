import { addressOf, pageAddress } from './client/address';
import { TaskApi } from './client/api';
import { type KernelModel, KernelSource } from './client/kernel';
import { offerKernel } from './client/kernels';
import { SocketSource } from './client/socket';
import type { Source } from './view/source';
import { text } from './view/state/read';

interface Model extends KernelModel {
  get(name: string): unknown;
}

/** An `AgentRun`, shown by any anywidget host: beside other widgets, or without the extension. */
export default {
  initialize({ model }: { model: Model }): () => void {
    return offerKernel(text(model.get('task_id')), model);
  },
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const life = new AbortController();
    // Beside other widgets it takes the width they leave, not theirs too.
    if (el.style.flex === '') el.style.flex = '1 1 0';
    el.style.minWidth = '0';
    // Most runs are shown by the extension: then nothing of the view is needed here, only its text is.
    void Promise.all([chooseSource(model), import('./widget-view')]).then(([source, view]) => {
      if (!life.signal.aborted) view.showRun(el, source, life.signal);
    });
    return () => life.abort();
  },
};

/** The page's own socket where its server knows the task, else the way through the kernel. */
async function chooseSource(model: Model): Promise<Source> {
  const task_id = text(model.get('task_id'));
  const base = text(model.get('base_url'));
  const trace = { task_id };
  const address = pageAddress() ?? (base === '' ? undefined : addressOf(base));
  if (address !== undefined) {
    const api = new TaskApi(address, task_id);
    if ((await api.look()) === 'there') return new SocketSource(api, trace);
  }
  return new KernelSource(model, trace);
}
