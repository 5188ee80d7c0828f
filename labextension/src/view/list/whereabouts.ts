import type { ReactiveElement } from 'lit';
import { edgesOf } from '../follow';
import { onNextFrame } from '../paint';
import { goBeside } from '../tools/deeds';
import { keyOf, type Line } from './folds';

/** Frames after which what was scrolled to lies where it should. */
const SETTLING = 5;

/** The list that somebody is in. */
export interface Ground {
  /** Those that can be seen. */
  readonly lines: readonly Line[];
  /** Where among them a line is, by its key. */
  readonly places: ReadonlyMap<number, number>;
  /** The key of a line that is rendered. */
  keyOf(element: Element): number | undefined;
  /** The lines that are rendered now. */
  elements(): Element[];
}

/** Where the reader is in a list, with keyboard and pointer, and how they get about in it. */
export class Whereabouts {
  /** The line that has the focus, or will have it. */
  private held: number | undefined;
  /** The line that the pointer is on. */
  private pointed: number | undefined;

  constructor(
    private readonly view: ReactiveElement,
    private readonly ground: Ground,
  ) {}

  /** Whether keyboard or pointer are at the line of this key. */
  isAt(key: number): boolean {
    return key === this.held || key === this.pointed;
  }

  /** The line with the keyboard, from its neighbour to its neighbour: Tab goes on from there. */
  *kept(): Generator<number> {
    const at = this.ground.places.get(this.held ?? Number.NaN);
    if (at === undefined) return;
    const from = this.beside(at, -1) ?? at;
    const to = this.beside(at, 1) ?? at;
    for (let index = from; index <= to; index++) yield index;
  }

  /** The next line above (-1) or below (1) that has a button to stand on. */
  private beside(at: number, way: -1 | 1): number | undefined {
    for (let index = at + way; index >= 0 && index < this.ground.lines.length; index += way)
      if (hasHead(this.ground.lines[index])) return index;
    return undefined;
  }

  readonly hold = (event: FocusEvent): void => {
    const before = this.held;
    this.held = event.type === 'focusout' ? undefined : this.keyAt(event);
    if (this.held !== undefined && this.held !== before) this.view.requestUpdate();
  };

  readonly point = (event: PointerEvent): void => {
    const key = this.keyAt(event);
    if (key === this.pointed) return;
    this.pointed = key;
    this.view.requestUpdate();
  };

  private keyAt(event: Event): number | undefined {
    for (const node of event.composedPath()) {
      const key = node instanceof Element ? this.ground.keyOf(node) : undefined;
      if (key !== undefined) return key;
    }
    return undefined;
  }

  /** Up and down go from line to line, Home and End to the first and the last. */
  readonly move = (event: KeyboardEvent): void => {
    const [target] = event.composedPath();
    const { altKey, ctrlKey, metaKey, shiftKey } = event;
    if (altKey || ctrlKey || metaKey || shiftKey) return;
    if (goBeside(event)) return;
    if (!(target instanceof HTMLElement && target.matches('.head'))) return;
    const at =
      this.ground.places.get(this.ground.keyOf(target.closest('li') ?? target) ?? Number.NaN) ?? -1;
    const from = { ArrowDown: at, ArrowUp: at, Home: -1, End: this.ground.lines.length };
    const start = (from as Partial<Record<string, number>>)[event.key];
    if (start === undefined) return;
    const to = this.beside(start, event.key === 'ArrowDown' || event.key === 'Home' ? 1 : -1) ?? at;
    event.preventDefault();
    event.stopPropagation();
    const line = this.ground.lines[to];
    if (line !== undefined) void this.goTo(keyOf(line), 'nearest');
  };

  /** Scrolls to a line, wherever it is. */
  async goTo(
    key: number,
    block: ScrollLogicalPosition,
    focus = true,
  ): Promise<HTMLElement | undefined> {
    this.held = key;
    this.view.requestUpdate();
    await this.view.updateComplete;
    const line = this.ground.elements().find(each => this.ground.keyOf(each) === key);
    if (!(line instanceof HTMLElement)) return undefined;
    const scroll = (): void => line.scrollIntoView({ block: fits(line) ? block : 'start' });
    scroll();
    if (focus) focusOn(line);
    await this.settle(line, () => this.held === key && scroll());
    return line;
  }

  /** What comes into sight around a line may be higher than it was guessed to be, and move it. */
  private async settle(line: HTMLElement, scroll: () => void): Promise<void> {
    for (let times = 0; times < SETTLING; times++) {
      const { top } = line.getBoundingClientRect();
      await new Promise<void>(resolve => onNextFrame(() => setTimeout(resolve)));
      await this.view.updateComplete;
      if (Math.abs(line.getBoundingClientRect().top - top) < 1) return;
      scroll();
    }
  }
}

/** It has a title that folds and unfolds it. */
function hasHead(line: Line | undefined): boolean {
  if (line === undefined) return false;
  return 'rows' in line || ['tool', 'thinking', 'other'].includes(line.kind);
}

/** The middle of one that is higher than the screen says nothing of where it begins. */
function fits(line: HTMLElement): boolean {
  const { upper, lower } = edgesOf(line);
  return line.offsetHeight <= lower - upper;
}

function focusOn(line: HTMLElement): void {
  const head = line.querySelector<HTMLElement>(':scope > button.head');
  if (head === null) line.tabIndex = -1;
  (head ?? line).focus({ preventScroll: true });
}
