import { html, type ReactiveElement, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Asks } from '../ask/ask';
import { endTemplate, tookMs } from '../chrome';
import { edgesOf } from '../follow';
import { onNextFrame } from '../paint';
import { preferred } from '../preferences';
import type { RowContext } from '../row/row';
import { rowTemplate } from '../row/rows';
import { type Connection, isFinal, openRequest, type Row, type ViewState } from '../state/state';
import { spentText } from '../state/usage';
import { leadersOf, usageOfRows } from '../tools/costs';
import { goBeside } from '../tools/deeds';
import { trans } from '../words';
import { Folds, keyOf, type Line } from './folds';
import type { LightContent } from './light';
import { lightContent } from './light-content';
import { type Streak, streakTemplate } from './streaks';
import { RowWindow } from './window';

/** Up to so many lines all are rendered: the browser's own search and print reach them. */
const ALL_UP_TO = 200;

/** Frames after which what was scrolled to lies where it should. */
const SETTLING = 5;

/** What the list shows. */
export interface Listed {
  readonly state: ViewState;
  /** Those of its rows that are shown. */
  readonly rows: readonly Row[];
  /** What each turn of the model took is shown. */
  readonly costs: boolean;
  /** The address of a row, where there is one that leads somewhere. */
  linkTo(row: Row): string | undefined;
  readonly connection: Connection;
  /** An answer to a request has somebody who takes it. */
  readonly answers: boolean;
}

/** Where lines are left out: the height they would have, and which of the gaps it is. */
interface Gap {
  readonly gap: number;
  readonly nth: number;
}

/** The steps of a run, one below the other; of many, those that are near the screen. */
export class RowList {
  readonly folds = new Folds();
  private all: readonly Line[] = [];
  /** Those that can be seen: without what is folded away. */
  private lines: readonly Line[] = [];
  /** Where each of them is, by its key, and where those are that wait for somebody. */
  private places: ReadonlyMap<number, number> = new Map();
  private waiting: readonly number[] = [];
  private items: readonly (Line | Gap)[] = [];
  private listed: { rows: readonly Row[]; over: boolean; version: string } | undefined;
  /** Which rows say what a turn took. */
  private leaders: ReadonlyMap<number, number> = new Map();
  private printing = false;
  /** The line that has the focus, or will have it. */
  private held: number | undefined;
  /** The line that the pointer is on. */
  private pointed: number | undefined;
  /** The row that is open only for as long as the reader is led to it. */
  private lent: Row | undefined;
  private readonly keys = new WeakMap<Element, number>();
  private readonly window: RowWindow;

  constructor(
    private readonly view: ReactiveElement,
    private readonly asks: Asks,
    /** Called before what is below a row moves, because the reader folds or unfolds it. */
    private readonly onToggle: () => void,
  ) {
    this.window = new RowWindow(() => view.requestUpdate());
  }

  start(): void {
    this.window.start();
  }

  stop(): void {
    this.window.stop();
  }

  /** Renders everything, or again what is near: paper has no scroll bar. */
  print(all: boolean): void {
    this.printing = all;
    this.view.requestUpdate();
  }

  template(listed: Listed): TemplateResult {
    const { state } = listed;
    this.take(listed.rows, isFinal(state.status) || listed.connection === 'saved');
    this.items = this.whole ? this.all : this.near();
    return html`<ol @focusin=${this.hold} @focusout=${this.hold} @pointerover=${this.point} @keydown=${this.move}>
      ${repeat(this.items, idOf, item => {
        if ('gap' in item)
          return html`<li class="gap" aria-hidden="true" style="height:${item.gap}px"></li>`;
        return 'rows' in item ? this.streak(item, listed) : this.row(item, listed);
      })}
      ${endTemplate(state)}
    </ol>`;
  }

  /** What the host has to render for the rows as they were listed last. */
  light(): ReadonlyMap<string, LightContent> {
    return lightContent(
      this.items.filter(item => 'kind' in item),
      this.folds,
    );
  }

  /** Takes what was rendered. */
  updated(): void {
    const { list } = this;
    if (list === null) return;
    this.view.toggleAttribute('data-part', !this.whole);
    const ends = list.lastElementChild?.matches('.end') ? 1 : 0;
    const at = this.items.map(item => ('gap' in item ? undefined : this.places.get(keyOf(item))));
    this.items.forEach((item, nth) => {
      const element = list.children[nth];
      if (element === undefined || 'gap' in item) return;
      this.keys.set(element, keyOf(item));
      // Of a list that is there in part only, each line says which of how many it is.
      tell(element, 'aria-setsize', this.whole ? undefined : this.lines.length + ends);
      tell(element, 'aria-posinset', this.whole ? undefined : (at[nth] ?? 0) + 1);
    });
    if (!this.whole) this.window.rendered(list, at);
  }

  /** The lines that are rendered now. */
  elements(): Element[] {
    return [...(this.list?.children ?? [])].filter(line => this.keys.has(line));
  }

  private get list(): HTMLElement | null {
    return this.view.renderRoot.querySelector('ol');
  }

  private get whole(): boolean {
    return this.printing || this.lines.length <= ALL_UP_TO;
  }

  private take(rows: readonly Row[], over: boolean): void {
    const version = `${this.folds.version} ${preferred.now.thinkingOpen}`;
    const before = this.listed;
    if (before?.rows === rows && before.over === over && before.version === version) return;
    this.listed = { rows, over, version };
    this.all = this.folds.lines(rows, over);
    if (before?.rows !== rows) this.leaders = leadersOf(rows);
    this.lines = this.all.filter(line => 'rows' in line || !this.isHidden(line));
    this.places = new Map(this.lines.map((line, index) => [keyOf(line), index]));
    this.waiting = this.lines.flatMap((line, index) =>
      'kind' in line && openRequest(line) !== undefined ? [index] : [],
    );
    const { heights } = this.window;
    // A row has two heights, folded and open.
    const keys = this.lines.map(line => keyOf(line) * 2 + (this.folds.isOpen(line) ? 1 : 0));
    heights.lay(keys, index => guess(this.lines[index], (keys[index] ?? 0) % 2 !== 0));
  }

  private isHidden(row: Row): boolean {
    return (row.kind === 'tool' && row.asks) || this.folds.placeOf(row) === 'folded';
  }

  /** The lines near the screen, those that must not go, and gaps for the others. */
  private near(): (Line | Gap)[] {
    const { heights } = this.window;
    const items: (Line | Gap)[] = [];
    let next = 0;
    let nth = 0;
    const leave = (to: number): void => {
      if (to > next) items.push({ gap: heights.top(to) - heights.top(next), nth: nth++ });
    };
    for (const index of this.window.pick(this.lines.length, this.kept())) {
      const line = this.lines[index];
      if (line === undefined) continue;
      leave(index);
      items.push(line);
      next = index + 1;
    }
    leave(this.lines.length);
    return items;
  }

  /** What waits for somebody, and where the keyboard is with its neighbours: Tab goes on from there. */
  private *kept(): Generator<number> {
    yield* this.waiting;
    const at = this.places.get(this.held ?? Number.NaN);
    if (at === undefined) return;
    const from = this.beside(at, -1) ?? at;
    const to = this.beside(at, 1) ?? at;
    for (let index = from; index <= to; index++) yield index;
  }

  /** The next line above (-1) or below (1) that has a button to stand on. */
  private beside(at: number, way: -1 | 1): number | undefined {
    for (let index = at + way; index >= 0 && index < this.lines.length; index += way)
      if (hasHead(this.lines[index])) return index;
    return undefined;
  }

  private readonly hold = (event: FocusEvent): void => {
    const before = this.held;
    this.held = event.type === 'focusout' ? undefined : this.keyAt(event);
    if (this.held !== undefined && this.held !== before) this.view.requestUpdate();
  };

  private readonly point = (event: PointerEvent): void => {
    const key = this.keyAt(event);
    if (key === this.pointed) return;
    this.pointed = key;
    this.view.requestUpdate();
  };

  private keyAt(event: Event): number | undefined {
    const line = event.composedPath().find(node => node instanceof Element && this.keys.has(node));
    return line === undefined ? undefined : this.keys.get(line as Element);
  }

  /** Up and down go from line to line, Home and End to the first and the last. */
  private readonly move = (event: KeyboardEvent): void => {
    const [target] = event.composedPath();
    const { altKey, ctrlKey, metaKey, shiftKey } = event;
    if (altKey || ctrlKey || metaKey || shiftKey) return;
    if (goBeside(event)) return;
    if (!(target instanceof HTMLElement && target.matches('.head'))) return;
    const at = this.places.get(this.keys.get(target.closest('li') ?? target) ?? Number.NaN) ?? -1;
    const from = { ArrowDown: at, ArrowUp: at, Home: -1, End: this.lines.length };
    const start = (from as Partial<Record<string, number>>)[event.key];
    if (start === undefined) return;
    const to = this.beside(start, event.key === 'ArrowDown' || event.key === 'Home' ? 1 : -1) ?? at;
    event.preventDefault();
    event.stopPropagation();
    const line = this.lines[to];
    if (line !== undefined) void this.goTo(keyOf(line), 'nearest');
  };

  /** Unfolds all that was listed last, or folds it; what waits for somebody stays open. */
  foldAll(open: boolean): void {
    const lines = this.all.filter(line => 'rows' in line || openRequest(line) === undefined);
    this.folds.setAll(lines, open);
    this.onToggle();
  }

  /** Shows a row wherever it is, unfolded, with the focus on it. */
  async reveal(row: Row): Promise<HTMLElement | undefined> {
    this.lent = undefined;
    this.folds.unfold(row);
    return this.goTo(keyOf(row), 'center');
  }

  /** The same without the focus, for a reader on the way: the row is folded again for the next. */
  async peek(row: Row): Promise<HTMLElement | undefined> {
    const { lent } = this;
    if (lent !== undefined && lent.id !== row.id && this.folds.isOpen(lent))
      this.folds.toggle(lent);
    if (lent?.id !== row.id) this.lent = this.folds.isOpen(row) ? undefined : row;
    this.folds.unfold(row);
    return this.goTo(keyOf(row), 'center', false);
  }

  private async goTo(
    key: number,
    block: ScrollLogicalPosition,
    focus = true,
  ): Promise<HTMLElement | undefined> {
    this.held = key;
    this.view.requestUpdate();
    await this.view.updateComplete;
    const line = this.elements().find(each => this.keys.get(each) === key);
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

  private streak(streak: Streak, { state, costs }: Listed): TemplateResult {
    const open = this.folds.isOpen(streak);
    const usage =
      costs && !open ? usageOfRows(streak.rows, this.leaders, state.stepUsage) : undefined;
    return streakTemplate(streak, open, usage, () => this.toggle(streak));
  }

  private row(row: Row, { state, connection, answers, costs: withCosts, linkTo }: Listed) {
    const open = this.folds.isOpen(row);
    const run = connection === 'saved' && !isFinal(state.status) ? 'interrupted' : state.status;
    const share = shareOf(row, state);
    const usage = state.stepUsage.get(row.step);
    const costs = withCosts && this.leaders.has(row.id) ? usage : undefined;
    const streak = this.folds.placeOf(row);
    const request = answers ? openRequest(row) : undefined;
    const ask = request === undefined ? undefined : this.asks.of(request);
    const attended = row.id === this.held || row.id === this.pointed;
    return guard([row, open, run, share, ask, usage, costs, streak, attended], () => {
      const context: RowContext = {
        open,
        run,
        share,
        spent: usage === undefined ? '' : trans.__('Turn %1: %2', row.step, spentText(usage)),
        costs,
        link: () => linkTo(row),
        streak,
        toggle: () => this.toggle(row),
        attended,
        asking: request === undefined ? undefined : this.asks.asking(request),
      };
      return rowTemplate(row, context);
    });
  }

  private toggle(line: Line): void {
    this.lent = undefined;
    this.folds.toggle(line);
    this.onToggle();
  }
}

function idOf(item: Line | Gap): number | string {
  return 'gap' in item ? `gap ${item.nth}` : keyOf(item);
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

function tell(element: Element, attribute: string, value: number | undefined): void {
  if (value === undefined) element.removeAttribute(attribute);
  else if (element.getAttribute(attribute) !== `${value}`)
    element.setAttribute(attribute, `${value}`);
}

/** About how high a line will be, in px: what it is when it is first shown puts this right. */
function guess(line: Line | undefined, open: boolean): number {
  if (line === undefined || 'rows' in line || line.kind === 'warning') return 28;
  if (line.kind === 'message' || line.kind === 'answer')
    return 8 + 22 * Math.ceil(Math.min(line.text.length, 4000) / 90);
  return open ? 240 : 48;
}

/** Which part of the run's time a row took. */
function shareOf(row: Row, state: ViewState): number {
  const whole = tookMs(state) ?? 0;
  const part = row.kind === 'tool' ? (row.result?.durationMs ?? 0) : 0;
  return whole < 2000 ? 0 : Math.min(1, part / whole);
}
