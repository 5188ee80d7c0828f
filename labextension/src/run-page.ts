import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { TraceElement } from './view/element';
import { asksToFind } from './view/keys';

/** A page of its own for a run: it scrolls by itself, also by keyboard, and what is looked for in it is in the run. */
export class RunPage extends Widget {
  constructor() {
    super();
    this.addClass('agentkit-document');
    this.node.tabIndex = 0;
    this.node.addEventListener('keydown', event => this.find(event));
  }

  protected override onActivateRequest(_message: Message): void {
    this.node.focus({ preventScroll: true });
  }

  private find(event: KeyboardEvent): void {
    const view = this.node.querySelector<TraceElement>('agentkit-trace');
    // With the focus in the run it was asked already.
    if (view === null || event.target !== this.node || !asksToFind(event)) return;
    event.preventDefault();
    event.stopPropagation();
    view.find();
  }
}
