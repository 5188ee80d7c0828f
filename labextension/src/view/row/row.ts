import { html, nothing, type TemplateResult } from 'lit';
import type { Asking } from '../ask/ask';
import { duration } from '../format';
import { ICONS, type IconName } from '../icons';
import type { Row, Status } from '../state/state';
import type { Usage } from '../state/usage';
import { costsTemplate } from '../tools/costs';
import { trans } from '../words';
import type { Title } from './titles';

/** How a row stands: what its icon, its word and its colour come from. */
export type RowState =
  | 'running'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'denied'
  | 'cancelled'
  | 'interrupted'
  | 'quiet';

/** What a row needs to know beyond itself. */
export interface RowContext {
  readonly open: boolean;
  /** The state of the run; `interrupted` too for one that was saved unfinished. */
  readonly run: Status;
  /** Part of the run's time that this row took, 0 to 1; 0 while the run goes on. */
  readonly share: number;
  /** What the model's turn that this row came from took, for who points at it; '' if unknown. */
  readonly spent: string;
  /** The same, where it is to stand beside the row: at the first that the turn left. */
  readonly costs: Usage | undefined;
  /** The address that leads here; nothing where no page would follow it. */
  link(): string | undefined;
  /** It belongs to several that one line stands for; `folded` ones are not seen. */
  readonly streak: 'none' | 'folded' | 'open';
  toggle(): void;
  /** The pointer or the keyboard is there: what can be done with the row is shown. */
  readonly attended: boolean;
  /** Of an open request of this row; absent where nobody can be told. */
  readonly asking: Asking | undefined;
}

export function stateOf(row: Row, run: Status): RowState {
  if (row.kind === 'question')
    return row.decided === undefined ? ended(run, 'waiting') : 'completed';
  if ('streaming' in row) return row.streaming ? ended(run, 'running') : 'quiet';
  if (row.kind !== 'tool') return 'quiet';
  const { result, approval } = row;
  if (result === undefined) {
    return ended(
      run,
      approval !== undefined && approval.decided === undefined ? 'waiting' : 'running',
    );
  }
  if (result.outcome === 'success') return 'completed';
  if (result.outcome === 'interrupted' && run === 'cancelled') return 'cancelled';
  return result.outcome;
}

function ended(run: Status, going: RowState): RowState {
  if (run === 'cancelled') return 'cancelled';
  return run === 'queued' || run === 'running' || run === 'input_required' ? going : 'interrupted';
}

/** How it stands, for who hears it. */
export function wordOf(state: RowState): string {
  switch (state) {
    case 'running':
      return trans.__('running');
    case 'waiting':
      return trans.__('waiting for you');
    case 'completed':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'denied':
      return trans.__('denied');
    case 'cancelled':
      return trans.__('stopped');
    case 'interrupted':
      return trans.__('interrupted');
    case 'quiet':
      return '';
  }
}

/** Icon, title and meta of a row; a button that folds it when there is something to fold. */
export function head(
  icon: IconName,
  state: RowState,
  title: TemplateResult,
  meta: TemplateResult | typeof nothing,
  context?: Pick<RowContext, 'open' | 'toggle' | 'spent' | 'costs'>,
): TemplateResult {
  const word = wordOf(state);
  const inside = html`<span class="icon">${ICONS[icon]}</span><span class="title">${title}<span class="sr" .textContent=${word === '' ? '' : `, ${word}`}></span></span> <span class="meta" title=${context?.spent || nothing}>${costsTemplate(context?.costs)}${meta}</span>`;
  if (context === undefined) return html`<div class="head">${inside}</div>`;
  return html`<button
    type="button"
    class="head"
    aria-expanded=${context.open ? 'true' : 'false'}
    @click=${() => context.toggle()}
  >${inside}</button>`;
}

/** What a row's call did, or is to do. */
export function titleTemplate({ verb, object, isName, details }: Title): TemplateResult {
  const more = details === '' ? '' : ` ${details}`;
  const rest = html`<span class="details" .textContent=${more}></span>`;
  return isName
    ? html`${`${verb} `}<code .textContent=${object}></code>${rest}`
    : html`${`${verb} ${object}`}${rest}`;
}

/** How long a row has been going on, ticking, or took in all. */
export function timeTemplate(
  state: RowState,
  startedAt: number | undefined,
  tookMs: number | undefined,
): TemplateResult | typeof nothing {
  if (state === 'running' && startedAt !== undefined) {
    return html`<span data-since=${startedAt}></span>`;
  }
  return tookMs === undefined ? nothing : html`<span .textContent=${duration(tookMs)}></span>`;
}
