import { html, nothing, type TemplateResult } from 'lit';
import { edgesOf } from '../follow';
import { thousands } from '../format';
import { ICONS } from '../icons';
import { asksToFind } from '../keys';
import type { Row } from '../state/state';
import { trans } from '../words';
import { Attended } from './attended';
import { MARKS, Marks } from './marks';
import { asks, search } from './search';

/** The run's question, which stands above its rows; rows are numbered from 1. */
const QUESTION = { id: 0, seq: 1 } as const;
export type Place = Row | typeof QUESTION;

/** What the finder needs of the view. */
export interface Searched {
  readonly element: HTMLElement;
  /** The run's question, where it is shown. */
  question(): string;
  rows(): readonly Row[];
  /** Leads to a row or the question and unfolds it, without taking the focus. */
  reveal(place: Place): Promise<HTMLElement | undefined>;
  /** The lines that are rendered now. */
  lines(): Iterable<Element>;
  changed(): void;
}

const TYPING_MS = 120;
const EDGE = 8;

/** Finds text in a run, wherever it is folded away, also in steps that are not rendered. */
export class Finder {
  private open = false;
  private query = '';
  private found: readonly Place[] = [];
  private at = -1;
  private here: Element | undefined;
  private cameFrom: HTMLElement | undefined;
  private typing: ReturnType<typeof setTimeout> | undefined;
  private bar: HTMLElement | null = null;
  private readonly marks: Marks;
  private readonly attended: Attended;
  private readonly style = document.createElement('style');
  /** What the host renders comes a moment after its row. */
  private readonly parts = new MutationObserver(() => this.mark());

  constructor(private readonly view: Searched) {
    this.marks = new Marks(view.element);
    this.attended = new Attended(view.element);
    this.style.textContent = MARKS;
  }

  start(): void {
    this.attended.start();
    // A page that has the same shortcut listens on the document: it is asked for before that.
    window.addEventListener('keydown', this.shortcut, { capture: true });
    window.addEventListener('scroll', this.place, { capture: true, passive: true });
    window.addEventListener('resize', this.place);
  }

  stop(): void {
    this.attended.stop();
    window.removeEventListener('keydown', this.shortcut, { capture: true });
    window.removeEventListener('scroll', this.place, { capture: true });
    window.removeEventListener('resize', this.place);
    this.hide();
  }

  /** Opens the box, or goes back to it. */
  show(): void {
    if (this.open) {
      this.toInput();
      return;
    }
    const root = this.view.element.shadowRoot;
    const active = root?.activeElement ?? document.activeElement;
    if (active instanceof HTMLElement) this.cameFrom = active;
    this.open = true;
    this.view.element.append(this.style);
    this.parts.observe(this.view.element, { childList: true, subtree: true });
    this.view.changed();
  }

  template(): TemplateResult | typeof nothing {
    if (!this.open) return nothing;
    const none = this.found.length === 0;
    const button = (
      name: string,
      icon: TemplateResult,
      kind: string,
      act: () => void,
    ) => html`<button
      type="button"
      class="tool ${kind}"
      aria-label=${name}
      title=${name}
      ?disabled=${none && kind !== 'close'}
      @click=${act}
    >${icon}</button>`;
    // No landmark: a page may show several runs, and each has such a box.
    return html`<div class="find-place"><div class="find" popover="manual" @keydown=${this.key}>
      <input
        type="search"
        aria-label=${trans.__('Find in this run')}
        placeholder=${trans.__('Find in this run')}
        spellcheck="false"
        autocomplete="off"
        @input=${this.type}
      />
      <span class="count" role="status">${this.count()}</span>
      ${button(trans.__('Previous match'), ICONS.chevron, 'up', () => void this.go(-1))}
      ${button(trans.__('Next match'), ICONS.chevron, 'down', () => void this.go(1))}
      ${button(trans.__('Close'), ICONS.failed, 'close', () => this.close())}
    </div></div>`;
  }

  /** After each rendering. */
  rendered(root: ParentNode): void {
    const before = this.bar;
    this.bar = root.querySelector('.find');
    if (this.bar === null) return;
    this.place();
    this.mark();
    if (before === null) this.toInput();
  }

  private count(): string {
    if (this.query.trim() === '') return '';
    if (this.found.length === 0) return trans.__('Not found');
    return trans.__('%1 of %2', thousands(this.at + 1), thousands(this.found.length));
  }

  private readonly type = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      this.at = -1;
      void this.go(1);
    }, TYPING_MS);
  };

  /** Goes to the next (1) or the previous (-1) match, around the ends. */
  private async go(way: 1 | -1): Promise<void> {
    const before = this.found[this.at];
    const rows = search(this.view.rows(), this.query);
    this.found = asks(this.view.question(), this.query) ? [QUESTION, ...rows] : rows;
    const at = before === undefined ? -1 : this.found.findIndex(row => row.id === before.id);
    const { length } = this.found;
    this.at = length === 0 ? -1 : (at + way + length + (at < 0 && way < 0 ? 1 : 0)) % length;
    const row = this.found[this.at];
    this.here = undefined;
    this.view.changed();
    if (row === undefined) return;
    this.here = await this.view.reveal(row);
    this.mark();
  }

  private mark(): void {
    if (this.open) this.marks.show(this.query, this.view.lines(), this.here);
  }

  private readonly key = (event: KeyboardEvent): void => {
    const inBox = event.target instanceof HTMLInputElement;
    if (event.key === 'Escape') this.close();
    else if (event.key === 'F3' || (event.key === 'Enter' && inBox))
      void this.go(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  private readonly shortcut = (event: KeyboardEvent): void => {
    if (!this.attended.isMeant(event)) return;
    const goesOn = this.open && event.key === 'F3' && !event.altKey;
    // Asked for once more in the box, it is the page's own that is wanted.
    const finds = asksToFind(event) && this.attended.isSeen && !this.hasFocus;
    if (!goesOn && !finds) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (goesOn) void this.go(event.shiftKey ? -1 : 1);
    else this.show();
  };

  private toInput(): void {
    this.input?.focus({ preventScroll: true });
    this.input?.select();
  }

  private get input(): HTMLInputElement | null | undefined {
    return this.bar?.querySelector('input');
  }

  private get hasFocus(): boolean {
    return this.bar?.contains(this.view.element.shadowRoot?.activeElement ?? null) === true;
  }

  private close(): void {
    const back = this.cameFrom;
    const row = this.found[this.at];
    // On the way there it is rendered already, mostly.
    const here = [...this.view.lines()].find(
      line => line.getAttribute('data-seq') === `${row?.seq}`,
    );
    const head = here?.querySelector<HTMLElement>(':scope > .head');
    const { input, hasFocus } = this;
    this.hide();
    // Where the reader was led to is nearer than where they came from.
    if (hasFocus || input == null)
      (head ?? (back?.isConnected ? back : undefined))?.focus({ preventScroll: true });
  }

  private hide(): void {
    clearTimeout(this.typing);
    this.parts.disconnect();
    this.marks.clear();
    this.style.remove();
    this.open = false;
    this.query = '';
    this.found = [];
    this.at = -1;
    this.here = undefined;
    this.bar = null;
    this.cameFrom = undefined;
    this.view.changed();
  }

  /**
   * In its place below the header, or at the upper edge of what scrolls once that has gone by.
   *
   * It stands over the page, since a place that scrolls only sideways would hold a sticky box fast.
   */
  private readonly place = (): void => {
    const { bar } = this;
    const kept = bar?.parentElement;
    if (bar === null || kept == null) return;
    if (bar.showPopover !== undefined && !bar.matches(':popover-open')) bar.showPopover();
    const view = this.view.element.getBoundingClientRect();
    bar.style.maxWidth = `${Math.min(view.width, innerWidth) - 2 * EDGE}px`;
    const { offsetWidth, offsetHeight } = bar;
    kept.style.height = `${offsetHeight}px`;
    const { upper, lower } = edgesOf(this.view.element);
    const lowest = view.bottom - offsetHeight;
    const top = Math.max(kept.getBoundingClientRect().top, Math.min(upper + EDGE, lowest));
    bar.style.top = `${top}px`;
    bar.style.left = `${Math.max(EDGE, Math.min(view.right, innerWidth) - offsetWidth - EDGE)}px`;
    // It goes out of sight with its run.
    const [above, below] = [upper - top, top + offsetHeight - lower];
    bar.style.clipPath =
      above > 0 || below > 0 ? `inset(${Math.max(0, above)}px 0 ${Math.max(0, below)}px)` : '';
  };
}
