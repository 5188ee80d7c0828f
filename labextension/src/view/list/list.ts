import { html, type ReactiveElement, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Asks } from '../ask/ask';
import { endTemplate, tookMs } from '../chrome';
import { preferred } from '../preferences';
import type { RowContext } from '../row/row';
import { rowTemplate } from '../row/rows';
import { type Connection, isFinal, openRequest, type Row, type ViewState } from '../state/state';
import { spentText } from '../state/usage';
import { leadersOf, usageOfRows } from '../tools/costs';
import { trans } from '../words';
import { Folds, keyOf, type Line } from './folds';
import type { LightContent } from './light';
import { lightContent } from './light-content';
import { type Streak, streakTemplate } from './streaks';
import { type Ground, Whereabouts } from './whereabouts';
import { RowWindow } from './window';

/** Up to so many lines all are rendered: the browser's own search and print reach them. */
const ALL_UP_TO = 200;

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
export class RowList implements Ground {
  readonly folds = new Folds();
  private all: readonly Line[] = [];
  /** Those that can be seen: without what is folded away. */
  lines: readonly Line[] = [];
  /** Where each of them is, by its key, and where those are that wait for somebody. */
  places: ReadonlyMap<number, number> = new Map();
  private waiting: readonly number[] = [];
  private items: readonly (Line | Gap)[] = [];
  private listed: { rows: readonly Row[]; over: boolean; version: string } | undefined;
  /** Which rows say what a turn took. */
  private leaders: ReadonlyMap<number, number> = new Map();
  private printing = false;
  /** The row that is open only for as long as the reader is led to it. */
  private lent: Row | undefined;
  private readonly keys = new WeakMap<Element, number>();
  private readonly window: RowWindow;
  private readonly reader: Whereabouts;

  constructor(
    private readonly view: ReactiveElement,
    private readonly asks: Asks,
    /** Called before what is below a row moves, because the reader folds or unfolds it. */
    private readonly onToggle: () => void,
  ) {
    this.window = new RowWindow(() => view.requestUpdate());
    this.reader = new Whereabouts(view, this);
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
    return html`<ol @focusin=${this.reader.hold} @focusout=${this.reader.hold} @pointerover=${this.reader.point} @keydown=${this.reader.move}>
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

  keyOf(element: Element): number | undefined {
    return this.keys.get(element);
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
    for (const index of this.window.pick(this.lines.length, [
      ...this.waiting,
      ...this.reader.kept(),
    ])) {
      const line = this.lines[index];
      if (line === undefined) continue;
      leave(index);
      items.push(line);
      next = index + 1;
    }
    leave(this.lines.length);
    return items;
  }

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
    return this.reader.goTo(keyOf(row), 'center');
  }

  /** The same without the focus, for a reader on the way: the row is folded again for the next. */
  async peek(row: Row): Promise<HTMLElement | undefined> {
    const { lent } = this;
    if (lent !== undefined && lent.id !== row.id && this.folds.isOpen(lent))
      this.folds.toggle(lent);
    if (lent?.id !== row.id) this.lent = this.folds.isOpen(row) ? undefined : row;
    this.folds.unfold(row);
    return this.reader.goTo(keyOf(row), 'center', false);
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
    const attended = this.reader.isAt(row.id);
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
