import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { NotebookPanel } from '../notebook/panel';
import { fields, text } from '../view/state/read';
import { asStatus, isFinal } from '../view/state/state';

/** A run that a command is about. */
export interface Target {
  readonly taskId: string;
  /** It goes on, as far as the page can see. */
  readonly running: boolean;
  /** Its view, where the command came from one. */
  readonly view?: HTMLElement;
}

const VIEW = 'agentkit-trace';

/**
 * The run that a command is about: `taskId`; with `here` the one under the pointer; else that of the
 * active cell, or of the tab in front. Of several the last that goes on, or else the last.
 */
export function targetOf(app: JupyterFrontEnd, args: object): Target | undefined {
  const { taskId, here } = fields(args);
  if (text(taskId) !== '') return { taskId: text(taskId), running: true };
  if (here === true) {
    const hit = app.contextMenuHitTest(node => node.localName === VIEW);
    return hit === undefined ? undefined : seen(hit);
  }
  const front = app.shell.currentWidget;
  const cell = (front as NotebookPanel | null)?.content?.activeCell;
  const place = cell === undefined ? front?.node : cell?.node;
  const views = [...(place?.querySelectorAll<HTMLElement>(VIEW) ?? [])].map(seen).reverse();
  return views.find(each => each.running) ?? views[0];
}

/** The run that a follow-up is shown below; any other run itself. */
export function enclosing(target: Target): Target {
  const outer = target.view?.parentElement?.closest<HTMLElement>(VIEW);
  return outer === null || outer === undefined ? target : enclosing(seen(outer));
}

function seen(view: HTMLElement): Target {
  const status = asStatus(view.dataset.status);
  const running = status !== undefined && !isFinal(status) && view.dataset.connection !== 'saved';
  return { taskId: view.dataset.taskId ?? '', running, view };
}
