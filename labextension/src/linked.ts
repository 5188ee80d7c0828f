import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { linkedStep, type Step } from './link';
import type { Opened } from './notebook/desk';
import { IOpenNotebooks } from './notebook/plugin';
import { drawn, reveal, shownIn } from './notebook/reveal';
import type { TraceElement } from './view/element';

/** How long the notebook of a followed link may take to be there, in frames. */
const WITHIN_FRAMES = 600;
/** How often a step is gone to, and how long it has to stay there to have been reached. */
const TRIES = 10;
const SETTLED_FRAMES = 30;

/** Leads whoever follows a link to a step there. */
export const linkedPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:linked',
  description: 'Goes to the step of a run that the address of the page names.',
  autoStart: true,
  requires: [IOpenNotebooks],
  activate: (app: JupyterFrontEnd, notebooks: ReadonlySet<Opened>) => {
    // Read at once: the application writes its own address as soon as it has opened its documents.
    const arrived = linkedStep(location.hash);
    if (arrived !== undefined) void app.restored.then(() => follow(app, notebooks, arrived));
    window.addEventListener('hashchange', () => {
      const step = linkedStep(location.hash);
      if (step !== undefined) void follow(app, notebooks, step);
    });
  },
};

/** A notebook that has just been opened goes on scrolling to where it wants to be. */
async function stays(line: HTMLElement): Promise<boolean> {
  for (let frame = 0; frame < SETTLED_FRAMES; frame++) {
    await new Promise(requestAnimationFrame);
    // A cell that is left out of the page for a moment takes the step with it.
    if (!line.isConnected) return false;
    const { top, bottom } = line.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) return false;
  }
  return true;
}

async function follow(
  app: JupyterFrontEnd,
  notebooks: ReadonlySet<Opened>,
  { taskId, seq }: Step,
): Promise<void> {
  const find = () => shownIn(notebooks, taskId, app.shell.currentWidget?.id);
  const shown = await drawn(find, WITHIN_FRAMES);
  // Of a run in no open notebook another plugin may know more.
  if (shown !== undefined) await reveal(app, shown, taskId);
  else if (app.commands.hasCommand('agentkit:show-run'))
    await app.commands.execute('agentkit:show-run', { taskId });
  const place = shown?.panel.node ?? app.shell.currentWidget?.node;
  const views = (): TraceElement[] => [
    ...(place?.querySelectorAll<TraceElement>('agentkit-trace') ?? []),
  ];
  const view = await drawn(() => views().find(each => each.dataset.taskId === taskId));
  if (seq === 0 || view === undefined) return;
  for (let times = 0; times < TRIES; times++) {
    const line = await view.goTo(seq);
    if (line === undefined || (await stays(line))) return;
    // One that leaves out the cells off the screen has not heard yet how high this one is.
    shown?.panel.content.update();
  }
}
