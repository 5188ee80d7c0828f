import { edgesOf } from '../follow';

/** So much of a view has to be seen, in px: the box that finds needs as much. */
const SEEN = 32;

/**
 * Whether the reader has to do with a view: it has the focus, or what is around it has and it was
 * pointed at last.
 *
 * A click on plain text gives the focus to what is around it, such as a notebook's cell. The view does
 * not take it from there, since the page's own keys depend on it.
 */
export class Attended {
  private pointed = false;

  constructor(private readonly view: Element) {}

  start(): void {
    window.addEventListener('pointerdown', this.point, { capture: true, passive: true });
  }

  stop(): void {
    window.removeEventListener('pointerdown', this.point, { capture: true });
    this.pointed = false;
  }

  /** Whether a key that was pressed is meant for this view. */
  isMeant(event: KeyboardEvent): boolean {
    const nearest = this.nearest(event);
    if (nearest !== undefined) return nearest === this.view;
    const [target] = event.composedPath();
    return this.pointed && target instanceof Node && isAround(target, this.view);
  }

  /** Whether enough of it is on the screen. */
  get isSeen(): boolean {
    const { top, bottom, height } = this.view.getBoundingClientRect();
    const { upper, lower } = edgesOf(this.view);
    return height > 0 && Math.min(bottom, lower) - Math.max(top, upper) >= Math.min(SEEN, height);
  }

  private readonly point = (event: Event): void => {
    this.pointed = this.nearest(event) === this.view;
  };

  /** The innermost view that an event comes from: the runs of a conversation lie in each other. */
  private nearest(event: Event): EventTarget | undefined {
    return event
      .composedPath()
      .find(node => node instanceof Element && node.localName === this.view.localName);
  }
}

/** Whether one node holds another, looking out of shadow roots too. */
function isAround(outer: Node, inner: Node): boolean {
  if (outer.contains(inner)) return true;
  const root = inner.getRootNode();
  return root instanceof ShadowRoot && isAround(outer, root.host);
}
