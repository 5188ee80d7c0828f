import { scrollBoxOf } from '../follow';
import { Heights } from './heights';

/** Lines beyond the edges of the screen that are rendered, in px, and how close to them may be scrolled. */
const BEYOND = 120;
const CLOSE = 40;
/** Lines to begin with, before anything is laid out. */
const FIRST = 18;
/** Of lines that come at an end that is rendered, so many are rendered at once. */
const ARRIVING = 60;
/** How long what a line holds may take to be rendered, in ms. */
const FRESH = 300;

/**
 * Which of many lines are rendered: those on the screen, and a few around them.
 *
 * Whatever scrolls, it is the lines' place on the screen that counts: the box that scrolls belongs to
 * the page, which may change it, and which may leave things out itself. For the same reason the lines
 * stay in the flow, with gaps of the missing ones' height between them.
 */
export class RowWindow {
  readonly heights = new Heights();
  private count = 0;
  private first = 0;
  private end = FIRST;
  private list: HTMLElement | undefined;
  private readonly places = new WeakMap<Element, number>();
  /** Those whose sizes are watched: to watch one once more would measure it once more. */
  private watched = new WeakSet<Element>();
  /** When each was rendered. */
  private readonly came = new WeakMap<Element, number>();
  private readonly sizes = new ResizeObserver(entries => this.resized(entries));
  private readonly gaps = new IntersectionObserver(entries => {
    if (entries.some(entry => entry.isIntersecting)) this.look();
  });

  constructor(private readonly moved: () => void) {}

  start(): void {
    // Scrolling does not bubble, but whatever scrolls is below the window.
    window.addEventListener('scroll', this.look, { capture: true, passive: true });
    window.addEventListener('resize', this.look);
    this.look();
  }

  stop(): void {
    window.removeEventListener('scroll', this.look, { capture: true });
    window.removeEventListener('resize', this.look);
    this.sizes.disconnect();
    this.watched = new WeakSet();
    this.gaps.disconnect();
  }

  /** The lines to render, of so many, ascending; `always` are rendered wherever the reader is. */
  pick(count: number, always: Iterable<number>): number[] {
    if (this.end === this.count && count > this.count) {
      this.end = count;
      if (count - this.count > ARRIVING) this.first = Math.max(this.first, count - ARRIVING);
    }
    this.count = count;
    this.end = Math.min(this.end, count);
    this.first = Math.max(0, Math.min(this.first, this.end - 1));
    const picked = new Set<number>();
    for (let index = this.first; index < this.end; index++) picked.add(index);
    for (const index of always) if (index >= 0 && index < count) picked.add(index);
    return [...picked].sort((a, b) => a - b);
  }

  /** Takes what was rendered: lines by their index, `undefined` for a gap. */
  rendered(list: HTMLElement, places: readonly (number | undefined)[]): void {
    const isNew = this.list !== list;
    this.list = list;
    places.forEach((index, nth) => {
      const line = list.children[nth];
      if (line === undefined) return;
      if (index === undefined) {
        this.gaps.observe(line);
        return;
      }
      if (!this.places.has(line)) this.came.set(line, performance.now());
      this.places.set(line, index);
      if (this.watched.has(line)) return;
      this.watched.add(line);
      this.sizes.observe(line, { box: 'border-box' });
    });
    // Later the sizes of what has come tell, when the page is laid out anyway.
    if (isNew) this.look();
  }

  private readonly look = (): void => {
    const box = this.list?.isConnected ? this.list.getBoundingClientRect() : undefined;
    // Not shown at all: in a hidden tab, say.
    if (box === undefined || box.width === 0) return;
    const from = -box.top;
    const to = window.innerHeight - box.top;
    const { heights } = this;
    const shownFrom = heights.at(from - CLOSE);
    const shownEnd = heights.at(to + CLOSE) + 1;
    if (shownFrom >= this.first && shownEnd <= this.end) return;
    this.first = heights.at(from - BEYOND);
    this.end = heights.at(to + BEYOND) + 1;
    this.moved();
  };

  /** What grows or shrinks above the screen moves nothing on it. */
  private resized(entries: readonly ResizeObserverEntry[]): void {
    const box = this.list === undefined ? undefined : scrollBoxOf(this.list);
    const edge = Math.max(0, box?.getBoundingClientRect().top ?? 0);
    const places = entries.flatMap(({ target }) => {
      const index = this.places.get(target);
      const place = target.getBoundingClientRect();
      if (!target.isConnected) {
        this.sizes.unobserve(target);
        this.watched.delete(target);
      }
      return index === undefined || place.width === 0
        ? []
        : [{ index, place, fresh: performance.now() - (this.came.get(target) ?? 0) < FRESH }];
    });
    let moved = 0;
    let above = 0;
    for (const { index, place, fresh } of places.sort((a, b) => a.index - b.index)) {
      const change = this.heights.measure(index, place.height);
      moved += change;
      // Of one that has just come in across the edge, it is the lower end that the reader has seen.
      const isAbove = place.bottom - moved <= edge || (fresh && place.top - moved + change < edge);
      if (isAbove) above = moved;
    }
    if (above !== 0 && box !== undefined) box.scrollTop += above;
    this.look();
  }
}
