import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { Asks } from './ask/ask';
import { Attention } from './ask/attention';
import { footerTemplate, headerTemplate, questionOf } from './chrome';
import { watchBoxes } from './cuts';
import { Finder } from './find/finder';
import { Follower } from './follow';
import { FollowUp } from './follow-up';
import { Herald } from './herald';
import { keepFromPage } from './keys';
import { LightParts } from './list/light';
import { RowList } from './list/list';
import { LiveRun } from './live';
import { heed, preferred } from './preferences';
import { whenSeen } from './seen';
import type { Host, Source } from './source';
import { fields } from './state/read';
import { isFinal, type Row, seqsOf } from './state/state';
import { STYLES } from './style/style';
import { Thread } from './thread';
import { tick } from './ticks';
import { RunTools, type Shown } from './tools/run-tools';
import { Undo } from './undo';
import { speak, trans } from './words';

/** The view of one run, live or saved. */
export class TraceElement extends LitElement {
  static override styles = STYLES;

  private readonly run = new LiveRun({
    changed: () => this.requestUpdate(),
    finished: taskId => this.host?.onFinished?.(taskId),
    refused: message => {
      this.notice = message;
      this.requestUpdate();
    },
  });
  private stopping = false;
  private notice = '';
  private questionOpen = false;
  private source: Source = {};
  private host: Host | undefined;
  private light: LightParts | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;

  private readonly asks = new Asks(
    async (requestId, answer) => this.source.answer?.(requestId, answer),
    () => this.requestUpdate(),
  );
  private readonly list = new RowList(this, this.asks, () => {
    this.follower.pause();
    this.requestUpdate();
  });
  private readonly finder = new Finder({
    element: this,
    question: () => questionOf(this.run.state, this.inThread !== undefined),
    rows: () => this.tools.rows(this.shown()),
    reveal: place => {
      this.follower.pause();
      return 'kind' in place ? this.list.peek(place) : this.showQuestion();
    },
    lines: () => [...this.renderRoot.querySelectorAll('.question'), ...this.list.elements()],
    changed: () => this.requestUpdate(),
  });
  private readonly undo = new Undo(() => this.requestUpdate());
  private readonly followUp = new FollowUp(
    source => {
      this.thread?.add(source);
      this.host?.onFollowedUp?.();
    },
    () => this.requestUpdate(),
  );
  private thread: Thread | undefined;
  private inThread: (() => void) | undefined;
  /** Whether there is a server that knows the run, once one was asked. */
  private known: boolean | undefined;
  private readonly attention = new Attention(this);
  private readonly herald = new Herald();
  private readonly follower = new Follower(
    this,
    () => this.run.wasLive && preferred.now.follow,
    () => this.requestUpdate(),
  );
  private readonly tools = new RunTools({
    changed: () => {
      this.follower.pause();
      this.requestUpdate();
    },
    foldAll: open => this.list.foldAll(open),
    reveal: row => void this.list.reveal(row),
    find: () => this.finder.show(),
    follower: this.follower,
    clock: () => this.run.clock(),
    share: () => (this.ended && this.host?.share !== undefined ? () => this.share() : undefined),
  });

  /**
   * Shows a run from here on; called once, before anything else.
   *
   * @param inThread Of a run that follows up another: told when something about it has changed. The
   *   view of the first asks for the next.
   */
  open(source: Source, host: Host, signal: AbortSignal, inThread?: () => void): void {
    this.source = source;
    this.host = host;
    this.inThread = inThread;
    this.light = new LightParts(this, host);
    this.thread = new Thread(this, (place, next) =>
      mount(place, next, host, { signal, inThread: () => this.requestUpdate() }),
    );
    this.run.open(source, signal);
    this.adoptThread(source.trace);
    preferred.watch(() => this.requestUpdate(), signal);
    whenSeen(this, signal, () => void this.look());
    this.requestUpdate();
  }

  /** Takes the document that the notebook now holds of the same run; one that says less is left. */
  adopt(trace: unknown): void {
    this.run.adopt(trace);
    this.adoptThread(trace);
    this.requestUpdate();
  }

  private adoptThread(trace: unknown): void {
    this.thread?.adopt(
      fields(trace).follow_ups,
      saved => this.source.followed?.(saved) ?? { trace: saved },
    );
  }

  /** Offers the run for export, where the place that shows it can do that. */
  share(): void {
    this.host?.share?.({ ...fields(this.source.trace), task_id: this.run.state.taskId });
  }

  /** The address of a step, for somebody else to follow; nothing where no page would follow it. */
  linkTo(row: Row): string | undefined {
    return row.seq > 0 ? this.host?.linkTo?.(this.run.state.taskId, row.seq) : undefined;
  }

  /** Goes to the step that an event belongs to: scrolls there, unfolds it and gives it the focus. */
  async goTo(seq: number): Promise<HTMLElement | undefined> {
    await this.run.whole;
    const row = this.run.state.rows.find(each => seqsOf(each).includes(seq));
    if (row === undefined) return undefined;
    this.follower.pause();
    this.tools.unhide(row);
    return this.list.reveal(row);
  }

  /** Opens the box that finds text in the run. */
  find(): void {
    this.finder.show();
  }

  get ended(): boolean {
    return this.run.over;
  }

  /** It ended without an answer, and could go on. */
  get resumable(): boolean {
    return this.run.over && this.run.state.status !== 'completed';
  }

  /** Asked when the run is looked at: a notebook may hold many of them. */
  private async look(): Promise<void> {
    if (this.source.reachable === undefined || this.run.connection !== 'saved') return;
    this.known = await this.source.reachable();
    this.requestUpdate();
  }

  private get reachable(): boolean {
    return this.known ?? this.run.wasLive;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('keydown', keepFromPage);
    this.ticker = setInterval(() => this.tick(), 1000);
    this.follower.start();
    this.list.start();
    this.finder.start();
    window.addEventListener('beforeprint', this.print);
    window.addEventListener('afterprint', this.print);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('keydown', keepFromPage);
    clearInterval(this.ticker);
    this.follower.stop();
    this.list.stop();
    this.finder.stop();
    this.tools.stop();
    window.removeEventListener('beforeprint', this.print);
    window.removeEventListener('afterprint', this.print);
  }

  /** The page is printed as soon as the event is over. */
  private readonly print = ({ type }: Event): void => {
    this.list.print(type === 'beforeprint');
    this.performUpdate();
  };

  protected override willUpdate(): void {
    if (this.hasUpdated && this.isConnected) this.attention.remember(this.renderRoot);
  }

  protected override render(): TemplateResult {
    const { state, connection, wasLive } = this.run;
    const cancellable = connection !== 'saved' && !this.ended && this.source.cancel !== undefined;
    const undo = this.reachable ? this.undo.button(state, this.source) : nothing;
    const shown = this.shown();
    return html`
      ${headerTemplate(state, {
        connection,
        wasLive,
        stopping: this.stopping,
        notice: this.notice,
        undo,
        tools: this.tools.bar(shown),
        cancel: cancellable ? () => void this.cancel() : undefined,
        follows: this.inThread !== undefined,
        questionOpen: this.questionOpen,
        toggleQuestion: () => this.toggleQuestion(),
      })}
      ${this.tools.above(shown)} ${this.finder.template()}
      ${this.list.template({
        state,
        rows: this.tools.rows(shown),
        costs: this.tools.costs,
        linkTo: row => this.linkTo(row),
        connection,
        answers: connection === 'live' && this.source.answer !== undefined,
      })}
      ${footerTemplate(state, undo)} ${this.undo.report()}
      <div class="sr" role="status">${this.news()}</div>
      <slot name="thread"></slot>
      ${this.next()}
    `;
  }

  private news(): string {
    return this.run.isNews ? this.herald.say(this.run.state, this.run.now()) : '';
  }

  private shown(): Shown {
    const { state, connection } = this.run;
    const live = !isFinal(state.status) && connection !== 'saved';
    return { state, run: isFinal(state.status) || live ? state.status : 'interrupted', live };
  }

  /** The line that asks for the next run, below the last of them. */
  private next(): TemplateResult | typeof nothing {
    const last = this.thread?.last;
    const source = last?.source ?? this.source;
    const { ended, resumable } = last?.view ?? this;
    if (this.inThread !== undefined || !this.reachable || !ended) return nothing;
    return source.followUp === undefined ? nothing : this.followUp.template(source, resumable);
  }

  protected override updated(): void {
    this.dataset.taskId = this.run.state.taskId;
    this.role = 'group';
    this.ariaLabel = trans.__('Run of %1', this.run.state.agent || trans.__('an agent'));
    this.dataset.status = this.run.state.status;
    this.dataset.connection = this.run.connection;
    this.toggleAttribute('data-follows', this.inThread !== undefined);
    this.light?.show(this.list.light());
    this.list.updated();
    this.finder.rendered(this.renderRoot);
    this.attention.look(this.renderRoot);
    this.tools.rendered(this.renderRoot);
    this.inThread?.();
    watchBoxes(this.renderRoot);
    this.tick();
  }

  private toggleQuestion(): void {
    this.follower.pause();
    this.questionOpen = !this.questionOpen;
    this.requestUpdate();
  }

  private async showQuestion(): Promise<HTMLElement | undefined> {
    this.questionOpen = true;
    this.requestUpdate();
    await this.updateComplete;
    const question = this.renderRoot.querySelector<HTMLElement>('.question');
    question?.scrollIntoView({ block: 'nearest' });
    return question ?? undefined;
  }

  private async cancel(): Promise<void> {
    this.stopping = true;
    this.notice = '';
    this.requestUpdate();
    try {
      await this.source.cancel?.();
    } catch {
      this.stopping = false;
      this.notice = trans.__(
        'The server could not be reached, so the run was not stopped. Try again in a moment.',
      );
      this.requestUpdate();
    }
  }

  private tick(): void {
    const now = this.run.clock();
    if (now !== undefined) tick(this.renderRoot, now);
  }
}

const TAG = 'agentkit-trace';

/** Puts a new view into `element`; it lives until the signal aborts. */
export function mount(
  element: HTMLElement,
  source: Source,
  host: Host,
  { signal, inThread }: { signal: AbortSignal; inThread?: () => void },
): TraceElement {
  if (host.words !== undefined) speak(host.words);
  if (host.preferences !== undefined) heed(host.preferences);
  // The extension and the widget may both be on a page, each with a class of its own.
  if (customElements.get(TAG) === undefined) customElements.define(TAG, TraceElement);
  const view = document.createElement(TAG) as TraceElement;
  element.replaceChildren(view);
  view.open(source, host, signal, inThread);
  signal.addEventListener('abort', () => view.remove(), { once: true });
  return view;
}
