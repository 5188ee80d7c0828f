import { html, nothing, type TemplateResult } from 'lit';
import type { Follower } from '../follow';
import { thousands } from '../format';
import { type RowState, stateOf } from '../row/row';
import { type Row, type Status, stepsOf, type ViewState } from '../state/state';
import { Timeline } from '../timeline/timeline';
import { trans } from '../words';
import { runMarkdown } from './copying';
import { type Tool, Toolbar } from './toolbar';

/** A run as its tools need it. */
export interface Shown {
  readonly state: ViewState;
  /** The state of the run; `interrupted` too for one that was saved unfinished. */
  readonly run: Status;
  /** More may come. */
  readonly live: boolean;
}

/** What the view does for the tools. */
export interface Hands {
  changed(): void;
  /** Opens or folds every row. */
  foldAll(open: boolean): void;
  /** Goes to a row: scrolls to it, unfolds it, puts the focus on it. */
  reveal(row: Row): void;
  find?(): void;
  readonly follower: Follower;
  /** What hands the run on to other people; nothing where it cannot be. */
  share(): (() => void) | undefined;
  /** The run's time now; absent while it is not live. */
  clock(): number | undefined;
}

const FAILURES: ReadonlySet<RowState> = new Set(['failed', 'denied', 'interrupted']);

/** What a reader does with a run beside reading it from top to bottom. Remembered in the view only. */
export class RunTools {
  private readonly toolbar: Toolbar;
  private readonly timeline: Timeline;
  private timelineOpen = false;
  private costsShown = false;
  private onlyFailures = false;
  private failures: { rows: readonly Row[]; run: Status; found: readonly Row[] } | undefined;

  constructor(private readonly hands: Hands) {
    this.toolbar = new Toolbar(() => hands.changed());
    this.timeline = new Timeline(
      row => this.goTo(row),
      () => hands.clock(),
    );
  }

  /** Tokens and cost stand beside every step. */
  get costs(): boolean {
    return this.costsShown;
  }

  /** The rows that are listed. */
  rows(shown: Shown): readonly Row[] {
    return this.onlyFailures ? this.failed(shown) : shown.state.rows;
  }

  /** The row of buttons; nothing while there is nothing to do anything with. */
  bar(shown: Shown): TemplateResult | typeof nothing {
    return shown.state.rows.length === 0 ? nothing : this.toolbar.template(this.tools(shown));
  }

  /** What stands between the question and the steps: the timeline, and what is left out of them. */
  above(shown: Shown): TemplateResult {
    if (this.timelineOpen) {
      this.timeline.start();
      this.timeline.update(shown.state, shown.run);
    }
    return html`${this.timelineOpen ? this.timeline.element : nothing}${this.filtered(shown)}`;
  }

  /** After each rendering. */
  rendered(root: ParentNode): void {
    this.toolbar.rendered(root);
  }

  stop(): void {
    this.toolbar.stop();
    this.timeline.stop();
  }

  private tools(shown: Shown): readonly Tool[] {
    const { hands } = this;
    const { state, live } = shown;
    const failed = this.failed(shown).length;
    const share = hands.share();
    const tools: (Tool | false)[] = [
      hands.find !== undefined && {
        ...{ name: trans.__('Find in this run'), icon: 'find', near: true },
        act: () => hands.find?.(),
      },
      live && {
        ...{
          name: trans.__('Follow the end'),
          icon: 'follow',
          near: true,
          on: hands.follower.follows,
        },
        act: () => hands.follower.follow(!hands.follower.follows),
      },
      state.startedAt !== undefined && {
        ...{ name: trans.__('Timeline'), icon: 'timeline', near: true, on: this.timelineOpen },
        act: () => this.showTimeline(!this.timelineOpen),
      },
      state.stepUsage.size > 0 && {
        ...{ name: trans.__('Tokens and cost of each step'), icon: 'costs', on: this.costsShown },
        act: () => this.set(() => (this.costsShown = !this.costsShown)),
      },
      (failed > 0 || this.onlyFailures) && {
        name: trans.__('Only failures (%1)', thousands(failed)),
        ...{ icon: 'failures', on: this.onlyFailures },
        act: () => this.set(() => (this.onlyFailures = !this.onlyFailures)),
      },
      {
        ...{ name: trans.__('Expand all'), icon: 'expandAll', group: true },
        act: () => hands.foldAll(true),
      },
      { name: trans.__('Collapse all'), icon: 'collapseAll', act: () => hands.foldAll(false) },
      {
        ...{ name: trans.__('Copy as Markdown'), icon: 'copy', group: true },
        act: () => void this.copy(shown),
      },
      share !== undefined && { name: trans.__('Export Trace…'), icon: 'export', act: share },
    ];
    return tools.filter(tool => tool !== false);
  }

  private set(change: () => void): void {
    change();
    this.hands.changed();
  }

  private showTimeline(on: boolean): void {
    this.timelineOpen = on;
    if (!on) this.timeline.stop();
    this.hands.changed();
  }

  private failed({ state: { rows }, run }: Shown): readonly Row[] {
    const { failures } = this;
    if (failures?.rows === rows && failures.run === run) return failures.found;
    const found = rows.filter(row => FAILURES.has(stateOf(row, run)));
    this.failures = { rows, run, found };
    return found;
  }

  private filtered(shown: Shown): TemplateResult | typeof nothing {
    if (!this.onlyFailures) return nothing;
    const hidden = stepsOf(shown.state) - this.failed(shown).length;
    return html`<p class="filtered">
      ${trans._n('%2 other step is hidden', '%2 other steps are hidden', hidden, thousands(hidden))}
      <button type="button" class="quiet" @click=${() => this.set(() => (this.onlyFailures = false))}>
        ${trans.__('Show all')}
      </button>
    </p>`;
  }

  /** Lists a row that is to be shown, whatever was left out before. */
  unhide(row: Row): void {
    if (this.failures?.found.includes(row) === false) this.onlyFailures = false;
  }

  private goTo(row: Row): void {
    this.unhide(row);
    this.hands.reveal(row);
  }

  private async copy({ state, run }: Shown): Promise<void> {
    const copied = await navigator.clipboard.writeText(runMarkdown(state, run)).then(
      () => true,
      () => false,
    );
    this.toolbar.say(copied ? trans.__('Copied') : trans.__('Not allowed'));
  }
}
