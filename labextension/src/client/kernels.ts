import type { KernelModel } from './kernel';

/** The runs that kernels hold, by task id: the widget tells, the extension is loaded apart from it. */
interface Held {
  readonly models: Map<string, KernelModel>;
  readonly news: EventTarget;
}

const KEY = Symbol.for('jupyter-agentkit.kernels');

function held(): Held {
  const page = globalThis as typeof globalThis & { [KEY]?: Held };
  page[KEY] ??= { models: new Map(), news: new EventTarget() };
  return page[KEY];
}

/** Lets the whole page watch a run through its kernel; the returned function takes that back. */
export function offerKernel(taskId: string, model: KernelModel): () => void {
  const { models, news } = held();
  models.set(taskId, model);
  news.dispatchEvent(new Event(taskId));
  return () => {
    if (models.get(taskId) === model) models.delete(taskId);
  };
}

/** Calls back as soon as a kernel offers the run, at once if one does already; at most once. */
export function whenOffered(
  taskId: string,
  callback: (model: KernelModel) => void,
  signal: AbortSignal,
): void {
  const { models, news } = held();
  const look = (): void => {
    const model = models.get(taskId);
    if (model !== undefined) callback(model);
  };
  if (models.has(taskId)) look();
  else news.addEventListener(taskId, look, { once: true, signal });
}
