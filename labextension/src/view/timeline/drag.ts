import type { Range } from './axis';

/** Less is a click. */
const SLACK = 4;

export interface Dragged {
  /** The range that is drawn as the pointer goes down. */
  start(): Range;
  select(range: Range): void;
  pan(range: Range): void;
  changed(): void;
  click(event: PointerEvent): void;
}

/** A pointer that goes along the axis: a mouse selects a range, a finger moves what is drawn. */
export class Drag {
  private begun: { x: number; left: number; width: number; range: Range } | undefined;
  private to: number | undefined;

  constructor(private readonly on: Dragged) {}

  get going(): boolean {
    return this.to !== undefined;
  }

  /** What would be selected now. */
  get selection(): Range | undefined {
    const { begun, to } = this;
    if (begun === undefined || to === undefined) return undefined;
    const [one, other] = [this.timeAt(begun.x), this.timeAt(to)];
    return { from: Math.min(one, other), to: Math.max(one, other) };
  }

  down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const plot = event.currentTarget as HTMLElement;
    const { left, width } = plot.getBoundingClientRect();
    this.begun = { x: event.clientX, left, width, range: this.on.start() };
    plot.setPointerCapture(event.pointerId);
  }

  move(event: PointerEvent): void {
    const { begun } = this;
    if (begun === undefined) return;
    const by = event.clientX - begun.x;
    if (this.to === undefined && Math.abs(by) <= SLACK) return;
    if (event.pointerType === 'touch') {
      this.on.pan(panned(begun.range, -by / begun.width));
    } else {
      this.to = event.clientX;
      this.on.changed();
    }
  }

  up(event: PointerEvent): void {
    const { selection, begun } = this;
    const still = begun !== undefined && Math.abs(event.clientX - begun.x) <= SLACK;
    this.begun = undefined;
    this.to = undefined;
    if (event.type === 'pointercancel') this.on.changed();
    else if (selection !== undefined) this.on.select(selection);
    else if (still) this.on.click(event);
  }

  private timeAt(x: number): number {
    const { left = 0, width = 1, range = { from: 0, to: 0 } } = this.begun ?? {};
    const share = Math.min(1, Math.max(0, (x - left) / width));
    return range.from + share * (range.to - range.from);
  }
}

function panned({ from, to }: Range, share: number): Range {
  const by = share * (to - from);
  return { from: from + by, to: to + by };
}
