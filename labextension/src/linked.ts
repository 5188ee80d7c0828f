import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { linkedStep, type Step } from './link';
import type { Opened } from './notebook/desk';
import { IOpenNotebooks } from './notebook/plugin';
import { bring, drawn, flash, reveal, shownIn, viewIn } from './notebook/reveal';
import { stay } from './notebook/stay';

/** How long the notebook of a followed link may take to be there, in frames. */
const WITHIN_FRAMES = 600;

/** Leads whoever follows a link to a step there. */
export const linkedPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-agentkit:linked',
  description: 'Goes to the step of a run that the address of the page names.',
  autoStart: true,
  requires: [IOpenNotebooks],
  activate: (app: JupyterFrontEnd, notebooks: ReadonlySet<Opened>) => {
    const links = new Links(app, notebooks);
    // Read at once: the application writes its own address as soon as it has opened its documents.
    const arrived = linkedStep(location.hash);
    if (arrived !== undefined) void app.restored.then(() => links.follow(arrived, true));
    window.addEventListener('hashchange', () => {
      const step = linkedStep(location.hash);
      if (step !== undefined) void links.follow(step, false);
    });
    // JupyterLab keeps the clicks on links that it opens by itself from going on.
    window.addEventListener('click', event => links.clicked(event), { capture: true });
  },
};

/** Follows one link at a time. */
class Links {
  private going: AbortController | undefined;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly notebooks: ReadonlySet<Opened>,
  ) {}

  clicked(event: MouseEvent): void {
    const link = event.composedPath().find(node => node instanceof HTMLAnchorElement);
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    const step = link === undefined || elsewhere ? undefined : linkedStep(link.hash);
    if (step === undefined) return;
    const isHere = link?.href === location.href && link.target !== '_blank';
    setTimeout(() => {
      // JupyterLab has opened another notebook; of a link to where the page is already no browser tells.
      if (event.defaultPrevented || isHere) void this.follow(step, event.defaultPrevented);
    });
  }

  /** @param opening Its notebook is only just being opened. */
  async follow({ taskId, seq }: Step, opening: boolean): Promise<void> {
    const { app } = this;
    this.going?.abort();
    this.going = new AbortController();
    const { signal } = this.going;
    const place = await this.placeOf(taskId, opening);
    if (signal.aborted) return;
    if (place === undefined) {
      // Of a run in no open notebook another plugin may know more.
      if (!app.commands.hasCommand('agentkit:show-run')) return;
      await app.commands.execute('agentkit:show-run', { taskId });
    } else if (seq === 0 && 'panel' in place) await reveal(app, place, taskId);
    if (seq > 0) await stay(() => this.goTo(taskId, seq), flash, signal);
  }

  private async goTo(taskId: string, seq: number): Promise<HTMLElement | undefined> {
    const place = await drawn(() => this.look(taskId), WITHIN_FRAMES);
    const view =
      place !== undefined && 'panel' in place ? await bring(this.app, place, taskId) : place;
    return view?.goTo(seq);
  }

  private async placeOf(taskId: string, opening: boolean) {
    const wait = opening || [...this.notebooks].some(({ context }) => !context.isReady);
    return drawn(() => this.look(taskId), wait ? WITHIN_FRAMES : 1);
  }

  /** The view of a run in the tab at the front, or the cell that shows it. */
  private look(taskId: string) {
    const { currentWidget: front } = this.app.shell;
    const isNotebook = [...this.notebooks].some(({ panel }) => panel.id === front?.id);
    const view = front === null || isNotebook ? undefined : viewIn(front.node, taskId);
    return view ?? shownIn(this.notebooks, taskId, front?.id);
  }
}
