import { render } from 'lit';
import { isFinal, type Row, type Status, type ViewState } from '../state/state';
import { floatAt } from '../tools/floating';
import { moved, type Range, roomFor, within, zoomed } from './axis';
import { Drag } from './drag';
import { type Bar, barAt, barsOf, type Lanes, lanesOf, nearestIn } from './lanes';
import { type Span, spansOf } from './spans';
import { type Picture, timelineTemplate } from './template';
import { barText, spanText, type Told } from './text';

/** How close to a bar the pointer means it, in px. */
const NEAR = 4;
/** Above and below the lanes, in px. */
const PADDING = 4;
const TICK_MS = 100;
const CALM_TICK_MS = 1000;

/** Where the time of a run went: its spans on an axis, to look at, zoom into and go to the steps from. */
export class Timeline {
  /** Stands in the view while the timeline is shown. */
  readonly element = document.createElement('div');
  private spans: readonly Span[] = [];
  private lanes: Lanes = { of: [], count: 1 };
  private bars: readonly Bar[] = [];
  private whole: Range = { from: 0, to: 1 };
  /** What is zoomed into; without it the whole is drawn. */
  private zoom: Range | undefined;
  private width = 700;
  private now = 0;
  private pointed: Bar | undefined;
  /** Where the keyboard is among the spans. */
  private current = 0;
  private hasKeyboard = false;
  private drawn: { state: ViewState; run: Status } | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private readonly drag = new Drag({
    start: () => this.range,
    select: range => this.show(range),
    pan: range => this.show(range),
    changed: () => this.draw(),
    click: event => this.clicked(event),
  });
  private readonly sizes = new ResizeObserver(([entry]) => {
    const width = Math.round(entry?.contentRect.width ?? 0);
    if (width === 0 || width === this.width) return;
    this.width = width;
    this.draw();
  });

  /**
   * @param reveal Goes to a row: scrolls to it, unfolds it and puts the focus there.
   * @param clock The run's time now; absent while nothing is known of it.
   */
  constructor(
    private readonly reveal: (row: Row) => void,
    private readonly clock: () => number | undefined,
  ) {
    this.element.className = 'timeline';
  }

  /** Draws a part of the run's time, or without one all of it. */
  show(range: Range | undefined): void {
    const full = range === undefined || range.to - range.from >= this.whole.to - this.whole.from;
    this.zoom = full ? undefined : within(range, this.whole);
    this.draw();
  }

  /** Shows the run as it is now; `run` is `interrupted` too for one that was saved unfinished. */
  update(state: ViewState, run: Status): void {
    if (this.drawn?.state === state && this.drawn.run === run) return;
    this.drawn = { state, run };
    this.spans = spansOf(state, run);
    this.lanes = lanesOf(this.spans);
    this.now = this.clock() ?? state.lastTime ?? 0;
    this.measure();
    this.keepTicking(!isFinal(run) && this.clock() !== undefined);
    this.draw();
  }

  /** It is not shown any more. */
  stop(): void {
    this.keepTicking(false);
    this.sizes.disconnect();
    this.drawn = undefined;
  }

  start(): void {
    this.sizes.observe(this.element);
  }

  private get range(): Range {
    return this.zoom ?? this.whole;
  }

  private measure(): void {
    const { state, run } = this.drawn ?? {};
    if (state === undefined || run === undefined) return;
    const from = Math.min(this.spans[0]?.from ?? 0, state.startedAt ?? Number.POSITIVE_INFINITY);
    const ends = this.spans.reduce((last, span) => Math.max(last, span.to ?? span.from), from);
    const to = isFinal(run)
      ? Math.max(ends, state.finishedAt ?? 0, from + 1)
      : from + roomFor(Math.max(ends, this.now) - from);
    this.whole = { from, to };
    if (this.zoom !== undefined) this.zoom = within(this.zoom, this.whole);
  }

  private keepTicking(on: boolean): void {
    if (!on) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    } else if (this.ticker === undefined) {
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      this.ticker = setInterval(() => this.tick(), calm ? CALM_TICK_MS : TICK_MS);
    }
  }

  /** What runs grows by one property; all else stays as it was drawn. */
  private tick(): void {
    const now = this.clock();
    if (now === undefined || document.visibilityState === 'hidden') return;
    const isNextSecond = Math.floor(now / 1000) > Math.floor(this.now / 1000);
    this.now = now;
    if (now > this.whole.to) this.measure();
    // The sums tick by the second.
    if (isNextSecond) this.draw();
    const { from, to } = this.range;
    this.element.style.setProperty('--now', String((now - from) / (to - from)));
  }

  private draw(): void {
    const { range } = this;
    this.bars = barsOf(this.spans, this.lanes, range, this.width, this.now);
    const now = (this.now - range.from) / (range.to - range.from);
    this.element.style.setProperty('--now', String(now));
    render(timelineTemplate(this.picture()), this.element);
    this.placeTip();
  }

  private placeTip(): void {
    const tip = this.element.querySelector<HTMLElement>('.tip');
    const mark = this.element.querySelector('.mark')?.getBoundingClientRect();
    const plot = this.element.querySelector('.plot')?.getBoundingClientRect();
    if (!tip || mark === undefined || plot === undefined) return;
    const left = Math.max(mark.left, plot.left);
    const right = Math.max(left, Math.min(mark.right, plot.right));
    floatAt(tip, new DOMRect(left, plot.top, right - left, plot.height), 'middle');
  }

  private picture(): Picture {
    const { spans, lanes, bars, whole, range, now } = this;
    const at = this.hasKeyboard ? spans[this.current] : undefined;
    return {
      ...{ spans, lanes, bars, whole, range, now },
      width: this.width,
      zoomed: this.zoom !== undefined,
      at,
      current: spans[this.current],
      place: this.current,
      pointed: this.pointed,
      told: this.drag.going ? undefined : this.told(at),
      selection: this.drag.selection,
      on: this.handlers,
    };
  }

  private told(at: Span | undefined): Told | undefined {
    const { pointed, spans, whole, now } = this;
    if (pointed !== undefined && pointed.count > 1) return barText(pointed, spans, whole.from);
    const span = pointed === undefined ? at : spans[pointed.first];
    return span === undefined ? undefined : spanText(span, whole.from, now);
  }

  private readonly handlers: Picture['on'] = {
    down: event => this.drag.down(event),
    move: event => {
      this.drag.move(event);
      if (!this.drag.going) this.point(this.barAt(event));
    },
    up: event => this.drag.up(event),
    leave: () => this.point(undefined),
    wheel: event => this.wheel(event),
    key: event => {
      if (!this.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    focus: event => {
      this.hasKeyboard = (event.currentTarget as HTMLElement).matches(':focus-visible');
      this.draw();
    },
    blur: () => {
      this.hasKeyboard = false;
      this.draw();
    },
    fit: () => this.show(undefined),
    closer: () => this.zoomBy(0.5),
    wider: () => this.zoomBy(2),
  };

  private point(bar: Bar | undefined): void {
    const same = bar?.first === this.pointed?.first && bar?.count === this.pointed?.count;
    if (same && (bar === undefined) === (this.pointed === undefined)) return;
    this.pointed = bar;
    this.draw();
  }

  private barAt(event: PointerEvent | MouseEvent): Bar | undefined {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const across = (event.clientY - box.top - PADDING) / (box.height - 2 * PADDING);
    const lane = Math.floor(across * this.lanes.count);
    return barAt(this.bars, lane, (event.clientX - box.left) / box.width, NEAR / box.width);
  }

  private clicked(event: PointerEvent): void {
    const bar = this.barAt(event);
    if (bar === undefined) return;
    this.current = bar.first;
    const first = this.spans[bar.first];
    const last = this.spans[bar.last];
    const length = (last?.to ?? 0) - (first?.from ?? 0);
    // Several are parted first, as far as their times part them.
    if (
      bar.count > 1 &&
      first !== undefined &&
      length > 1 &&
      length < this.range.to - this.range.from
    )
      this.show({ from: first.from - length * 0.1, to: first.from + length * 1.1 });
    else this.go(first);
  }

  private go(span: Span | undefined): void {
    this.pointed = undefined;
    if (span?.row !== undefined) this.reveal(span.row);
  }

  private wheel(event: WheelEvent): void {
    const { from, to } = this.range;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      const at = from + ((event.clientX - box.left) / box.width) * (to - from);
      this.pointed = undefined;
      this.show(zoomed(this.range, this.whole, Math.exp(event.deltaY / 300), at));
    } else if (
      this.zoom !== undefined &&
      Math.abs(sideways) > (event.shiftKey ? 0 : Math.abs(event.deltaY))
    ) {
      this.pointed = undefined;
      this.show(moved(this.range, this.whole, (sideways / box.width) * (to - from)));
    } else return;
    event.preventDefault();
  }

  private zoomBy(factor: number): void {
    const { from, to } = this.range;
    const span = this.spans[this.current];
    const near = this.hasKeyboard && span !== undefined ? span.from : undefined;
    const at = near !== undefined && near >= from && near <= to ? near : (from + to) / 2;
    this.show(zoomed(this.range, this.whole, factor, at));
  }

  private key(event: KeyboardEvent): boolean {
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    const { from, to } = this.range;
    const nudge = (to - from) / 4;
    const { current } = this;
    const side = (by: 1 | -1) => () =>
      event.shiftKey
        ? this.show(moved(this.range, this.whole, by * nudge))
        : this.moveTo(current + by);
    const does: Partial<Record<string, () => void>> = {
      ArrowRight: side(1),
      ArrowLeft: side(-1),
      ArrowDown: () => this.moveLane(1),
      ArrowUp: () => this.moveLane(-1),
      Home: () => this.moveTo(0),
      End: () => this.moveTo(this.spans.length - 1),
      Enter: () => this.go(this.spans[current]),
      ' ': () => this.go(this.spans[current]),
      '+': () => this.zoomBy(0.5),
      '=': () => this.zoomBy(0.5),
      '-': () => this.zoomBy(2),
      0: () => this.show(undefined),
    };
    if (event.key === 'Escape') return this.letGo();
    const act = does[event.key];
    act?.();
    return act !== undefined;
  }

  /** Back to the whole of it, and off the spans; whether there was anything to go back from. */
  private letGo(): boolean {
    if (this.zoom === undefined && !this.hasKeyboard) return false;
    this.hasKeyboard = false;
    this.show(undefined);
    return true;
  }

  private moveTo(place: number): void {
    this.current = Math.max(0, Math.min(this.spans.length - 1, place));
    this.hasKeyboard = true;
    this.pointed = undefined;
    const span = this.spans[this.current];
    const { from, to } = this.range;
    const outside = span !== undefined && (span.from < from || span.from > to);
    if (outside) this.show(moved(this.range, this.whole, span.from - (from + to) / 2));
    else this.draw();
  }

  /** To the span of a lane beside that is nearest in time. */
  private moveLane(by: 1 | -1): void {
    const lane = (this.lanes.of[this.current] ?? 0) + by;
    const here = this.spans[this.current]?.from ?? 0;
    const nearest = nearestIn(this.spans, this.lanes, lane, here);
    if (nearest !== undefined) this.moveTo(nearest);
  }
}
