/** How close to the edge counts as being there, in px. */
const NEAR = 8;

/**
 * Keeps the end of a growing element in sight, for a reader who has it in sight.
 *
 * A reader who scrolled up, or who types in something above, is left alone.
 */
export class Follower {
  private pinned = true;
  /** What the reader wants of this one, whatever is usual. */
  private chosen: boolean | undefined;
  private height = 0;
  private pausedUntil = 0;
  private box: HTMLElement | undefined;
  private readonly sizes: ResizeObserver;

  /**
   * @param usual Whether elements are followed; asked whenever this one has grown.
   * @param changed Told when `follows` may have changed.
   */
  constructor(
    private readonly element: HTMLElement,
    private readonly usual: () => boolean,
    private readonly changed: () => void,
  ) {
    this.sizes = new ResizeObserver(() => this.resized());
  }

  start(): void {
    this.box = scrollBoxOf(this.element);
    this.box?.addEventListener('scroll', this.look, { passive: true });
    this.height = this.element.offsetHeight;
    this.look();
    this.sizes.observe(this.element);
  }

  stop(): void {
    this.sizes.disconnect();
    this.box?.removeEventListener('scroll', this.look);
    this.box = undefined;
  }

  /** Whether the end is kept in sight. */
  get follows(): boolean {
    return this.pinned && (this.chosen ?? this.usual());
  }

  /** Goes to the end and stays there, or lets go of it, because the reader wants it so. */
  follow(on: boolean): void {
    this.chosen = on;
    this.pausedUntil = 0;
    if (on) {
      this.pinned = true;
      this.showEnd();
    }
    this.changed();
  }

  /** The reader folds or unfolds: that moves what is below, never the page. */
  pause(): void {
    this.pausedUntil = performance.now() + 400;
  }

  private readonly look = (): void => {
    const box = this.box;
    if (box === undefined) return;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR;
    const bottom = this.element.getBoundingClientRect().bottom;
    const edge = box.getBoundingClientRect();
    const pinned = atEnd || (bottom <= edge.bottom + NEAR && bottom >= edge.top);
    if (pinned === this.pinned) return;
    this.pinned = pinned;
    this.changed();
  };

  private resized(): void {
    const box = this.box;
    const height = this.element.offsetHeight;
    const grew = height > this.height;
    this.height = height;
    if (box === undefined || !box.isConnected) return;
    if (grew && this.follows && performance.now() > this.pausedUntil && !this.typesAbove())
      this.showEnd();
    this.look();
  }

  private showEnd(): void {
    const { box } = this;
    if (box === undefined) return;
    const bottom = this.element.getBoundingClientRect().bottom;
    const hidden = bottom + NEAR - box.getBoundingClientRect().bottom;
    if (hidden > 0) box.scrollTop += hidden;
  }

  private typesAbove(): boolean {
    const active = document.activeElement;
    if (active === null || !active.matches('input, textarea, [contenteditable="true"]'))
      return false;
    const place = this.element.compareDocumentPosition(active);
    return (place & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
  }
}

/** The nearest ancestor that scrolls, looking out of shadow roots too. */
export function scrollBoxOf(element: Element): HTMLElement | undefined {
  let node: Node | null = element.parentNode;
  while (node !== null) {
    if (node instanceof ShadowRoot) {
      node = node.host;
      continue;
    }
    if (node instanceof HTMLElement && /auto|scroll/.test(getComputedStyle(node).overflowY)) {
      // An output area may be able to scroll without having anything to scroll.
      const { clientHeight } = node;
      // One that is higher than the window grows with what it holds.
      const bounded = clientHeight >= innerHeight / 3 && clientHeight <= innerHeight;
      if (node.scrollHeight > clientHeight || bounded) {
        return node;
      }
    }
    node = node.parentNode;
  }
  return document.scrollingElement instanceof HTMLElement ? document.scrollingElement : undefined;
}

/** The upper and the lower edge of what can be seen of where an element scrolls, in px. */
export function edgesOf(element: Element): { readonly upper: number; readonly lower: number } {
  const box = scrollBoxOf(element)?.getBoundingClientRect();
  return {
    upper: Math.max(box?.top ?? 0, 0),
    lower: Math.min(box?.bottom ?? innerHeight, innerHeight),
  };
}
