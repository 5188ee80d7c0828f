import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TraceElement } from '../view/element';
import { edgesOf } from '../view/follow';
import type { Opened } from './desk';
import type { NotebookPanel } from './panel';
import { taskIdsIn } from './restore';
import { dataIn } from './restorer';
import { heedReader, STILL_MS } from './stay';

/** A cell of an open notebook that shows a run. */
export interface Shown {
  readonly panel: NotebookPanel;
  readonly index: number;
}

/** How long a notebook that was just opened may take to show its runs, in ms. */
const WITHIN_MS = 5000;
/** How long a far cell may take until it is built, in ms. */
const BUILT_WITHIN_MS = 60_000;
/** How many frames lie between two attempts to scroll there. */
const FRAMES_APART = 15;
/** How long something that is about to be drawn may take, in frames. */
const WITHIN_FRAMES = 60;

/** Where a run is shown among the open notebooks; the one in front is looked at first. */
export function shownIn(
  notebooks: Iterable<Opened>,
  taskId: string,
  inFront?: string,
): Shown | undefined {
  const panels = [...notebooks].map(each => each.panel).filter(panel => !panel.isDisposed);
  panels.sort((a, b) => Number(b.id === inFront) - Number(a.id === inFront));
  for (const panel of panels) {
    const index = panel.content.widgets.findIndex(({ model: { outputs } }) =>
      outputs === undefined ? false : taskIdsIn(dataIn(outputs)).has(taskId),
    );
    if (index >= 0) return { panel, index };
  }
  return undefined;
}

/** The same of a notebook that is being opened; nothing when it shows no such run within some seconds. */
export async function soonShownIn(
  notebooks: ReadonlySet<Opened>,
  path: string,
  taskId: string,
): Promise<Shown | undefined> {
  const opened = [...notebooks].find(each => each.context.localPath === path);
  if (opened === undefined) return undefined;
  await opened.context.ready;
  await opened.panel.revealed;
  const { contentChanged } = opened.context.model;
  return new Promise(resolve => {
    const settle = (found: Shown | undefined): void => {
      contentChanged.disconnect(look);
      clearTimeout(patience);
      resolve(found);
    };
    const look = (): void => {
      const found = shownIn([opened], taskId);
      if (found !== undefined) settle(found);
    };
    const patience = setTimeout(() => settle(undefined), WITHIN_MS);
    contentChanged.connect(look);
    look();
  });
}

/** Brings a run's cell before the reader's eyes. */
export async function reveal(app: JupyterFrontEnd, shown: Shown, taskId: string): Promise<void> {
  const view = await bring(app, shown, taskId);
  if (view === undefined) return;
  goTo(view, shown.panel);
  flash(view);
  void keep(view, shown);
}

function goTo(view: TraceElement, panel: NotebookPanel): void {
  const tall = view.offsetHeight > panel.content.node.clientHeight;
  view.scrollIntoView({ block: tall ? 'start' : 'center' });
}

/** A notebook that comes to the front goes back to where it was once more, and its cells still grow. */
async function keep(view: TraceElement, { panel, index }: Shown): Promise<void> {
  const acts = new AbortController();
  heedReader(acts);
  const until = performance.now() + STILL_MS;
  while (performance.now() < until && !acts.signal.aborted) {
    await new Promise(requestAnimationFrame);
    if (panel.isDisposed || !panel.isVisible || panel.content.activeCellIndex !== index) break;
    const { upper, lower } = edgesOf(view);
    const { top, bottom } = view.getBoundingClientRect();
    if (view.isConnected && (top >= lower || bottom <= upper)) goTo(view, panel);
  }
  acts.abort();
}

/** The view of a run in a notebook, once it is in the page; nothing when the reader goes on to something else. */
export async function bring(
  app: JupyterFrontEnd,
  { panel, index }: Shown,
  taskId: string,
): Promise<TraceElement | undefined> {
  app.shell.activateById(panel.id);
  await panel.revealed;
  const notebook = panel.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  const find = () => viewOf(notebook.widgets[index]?.node, taskId);
  // JupyterLab builds the cells of a long notebook one after the other, when it has nothing else to do.
  const until = performance.now() + BUILT_WITHIN_MS;
  while (performance.now() < until) {
    // A notebook that comes to the front has no height in its first frame, and does not scroll then.
    await new Promise(requestAnimationFrame);
    if (panel.isDisposed || !panel.isVisible || notebook.activeCellIndex !== index)
      return undefined;
    const there = find();
    if (there !== undefined) return there;
    // Where nothing moves, its promise stays open for ever.
    notebook.scrollToItem(index).catch(() => undefined);
    notebook.widgets[index]?.node.scrollIntoView({ block: 'nearest' });
    await drawn(find, FRAMES_APART);
  }
  return undefined;
}

function viewOf(cell: HTMLElement | undefined, taskId: string): TraceElement | undefined {
  const view = cell === undefined ? undefined : viewIn(cell, taskId);
  // A cell off the screen may be built and yet not be in the page, or be there without a place in it.
  return view !== undefined && view.getClientRects().length > 0 ? view : undefined;
}

/** The view of a run among those that a part of the page holds. */
export function viewIn(place: ParentNode, taskId: string): TraceElement | undefined {
  const views = place.querySelectorAll<TraceElement>('agentkit-trace');
  return [...views].find(view => view.dataset.taskId === taskId);
}

/** What `find` gives as soon as it gives something; nothing when it does not within so many frames. */
export async function drawn<T>(
  find: () => T | undefined,
  within = WITHIN_FRAMES,
): Promise<T | undefined> {
  for (let frame = 0; frame < within; frame += 1) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise(requestAnimationFrame);
  }
  return undefined;
}

/** Leads the eye to where the page has jumped. */
export function flash(element: HTMLElement): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const brand = 'var(--jp-brand-color1)';
  element.animate(
    [
      { boxShadow: `0 0 0 2px ${brand}` },
      { boxShadow: `0 0 0 2px ${brand}` },
      { boxShadow: 'none' },
    ],
    { duration: 1500, easing: 'ease-out' },
  );
}
