import { html, nothing, type TemplateResult } from 'lit';
import { duration } from './format';
import { ICONS, type IconName } from './icons';
import { argumentsTemplate, payloadTemplate } from './payload';
import { json } from './read';
import { approvalTemplate, questionTemplate } from './requests';
import type { AnswerDecision } from './source';
import type { OtherRow, QuestionRow, Row, Status, TextRow, ToolRow, WarningRow } from './state';
import { copyOf, isPicture, summaryOf, textOf } from './summary';
import { oneLine, type Tense, toolTitle } from './titles';

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
  toggle(): void;
  /** Absent where nobody can be told. */
  readonly answer:
    | ((requestId: string, decision: AnswerDecision, value?: unknown) => void)
    | undefined;
}

export function rowTemplate(row: Row, context: RowContext): TemplateResult {
  switch (row.kind) {
    case 'tool':
      return toolRow(row, context);
    case 'thinking':
      return thinkingRow(row, context);
    case 'message':
    case 'answer':
      return textRow(row);
    case 'question':
      return questionRow(row, context);
    case 'warning':
      return warningRow(row);
    case 'other':
      return otherRow(row, context);
  }
}

/** Rows are folded but for those that want to be seen: they wait for somebody, or they failed. */
export function opensByItself(row: Row): boolean {
  if (row.kind !== 'tool') return false;
  if (row.approval !== undefined && row.approval.decided === undefined && row.result === undefined)
    return true;
  return row.result?.outcome === 'failed';
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

const WORDS: Readonly<Record<RowState, string>> = {
  running: 'running',
  waiting: 'waiting for you',
  completed: 'done',
  failed: 'failed',
  denied: 'denied',
  cancelled: 'stopped',
  interrupted: 'interrupted',
  quiet: '',
};

function toolRow(row: ToolRow, context: RowContext): TemplateResult {
  const state = stateOf(row, context.run);
  const { result, approval } = row;
  const title = toolTitle(row.name, row.arguments, tenseOf(state));
  const object = title.isName ? html`<code>${title.object}</code>` : title.object;
  const shown = html`${title.verb} ${object} <span class="details">${title.details}</span>`;
  const failed = state === 'failed';
  const line = lineOf(row, state);
  return html`<li
    class="row"
    data-event-type="tool_call"
    data-seq=${row.seq}
    data-state=${state}
  >
    ${head(toolIcon(state), state, shown, toolMeta(row, state), context)}
    ${
      line === '' || (context.open && !failed)
        ? nothing
        : html`<div
            class="under line ${failed ? 'problem' : ''}"
            data-event-type=${result === undefined ? nothing : 'tool_result'}
            data-seq=${result?.seq ?? nothing}
            .textContent=${failed && context.open ? (result?.error?.message ?? line) : line}
          ></div>`
    }
    ${state === 'running' ? progressBar(row) : nothing}
    ${context.open ? toolBody(row, failed) : pictureTemplate(row)}
    ${approval === undefined ? nothing : approvalTemplate(row, approval, state, context)}
    ${
      context.share < 0.2
        ? nothing
        : html`<div class="share" style="--share: ${context.share}" aria-hidden="true"></div>`
    }
  </li>`;
}

function tenseOf(state: RowState): Tense {
  if (state === 'running' || state === 'waiting') return 'going on';
  return state === 'completed' ? 'over' : 'wanted';
}

function toolBody(row: ToolRow, failed: boolean): TemplateResult {
  return html`<div class="under body">
    <p class="origin"><code>${row.name}</code> ${placeOf(row.runsIn)}</p>
    ${argumentsTemplate(row.arguments)}
    ${failed ? detailsTemplate(row) : resultTemplate(row)}
  </div>`;
}

/** A picture is what its call was made for: it shows without being asked for. */
function pictureTemplate(row: ToolRow): TemplateResult | typeof nothing {
  if (row.result === undefined || !isPicture(row.result.content)) return nothing;
  return html`<div class="under picture"><slot name="result-${row.id}"></slot></div>`;
}

function toolIcon(state: RowState): IconName {
  if (state === 'running' || state === 'quiet') return 'tool';
  return state === 'waiting' ? 'approval' : state;
}

/** The one line under a folded row. */
function lineOf(row: ToolRow, state: RowState): string {
  const { result, progress } = row;
  if (result === undefined) {
    if (state === 'cancelled') return 'Stopped';
    if (state === 'interrupted') return 'Did not finish';
    if (progress === undefined) return state === 'running' ? capital(placeOf(row.runsIn)) : '';
    const amount = progress.total === undefined ? '' : `${progress.done} of ${progress.total}`;
    return [progress.message, amount].filter(part => part !== '').join(' · ');
  }
  const problem = result.error?.message ?? '';
  if (result.outcome === 'success')
    return isPicture(result.content) ? '' : summaryOf(result.content);
  if (result.outcome === 'denied')
    return problem === '' ? 'Denied' : `Denied · ${oneLine(problem, 200)}`;
  return problem === '' ? summaryOf(result.content) : oneLine(problem, 200);
}

function resultTemplate(row: ToolRow): TemplateResult | typeof nothing {
  const { result } = row;
  if (result === undefined) return nothing;
  return html`<div data-event-type="tool_result" data-seq=${result.seq}>
    ${result.error === undefined ? nothing : html`<p class="problem" .textContent=${result.error.message}></p>`}
    ${contentTemplate(row, 'Result')}
  </div>`;
}

/** What a failed call left: its message already stands under the title. */
function detailsTemplate(row: ToolRow): TemplateResult | typeof nothing {
  const said = textOf(row.result?.content['text/plain']).trim();
  return said === row.result?.error?.message.trim() ? nothing : contentTemplate(row, 'Details');
}

function contentTemplate(row: ToolRow, label: string): TemplateResult | typeof nothing {
  const content = row.result?.content ?? {};
  if (Object.keys(content).length === 0) return nothing;
  const slot = html`<slot name="result-${row.id}"></slot>`;
  return payloadTemplate(label, slot, () => copyOf(content), isPicture(content));
}

function toolMeta(row: ToolRow, state: RowState): TemplateResult {
  const took = row.result?.durationMs;
  const time =
    state === 'running' && row.startedAt !== undefined
      ? html`<span data-since=${row.startedAt}></span>`
      : took === undefined
        ? nothing
        : html`<span>${duration(took)}</span>`;
  return html`${time}`;
}

function progressBar(row: ToolRow): TemplateResult | typeof nothing {
  const { progress } = row;
  if (progress?.total === undefined || progress.total <= 0) return nothing;
  const part = Math.min(1, Math.max(0, progress.done / progress.total));
  return html`<div class="progress" style="--part: ${part}" aria-hidden="true"></div>`;
}

const PLACES: ReadonlyMap<string, string> = new Map([
  ['kernel', 'in the notebook’s kernel'],
  ['server', 'on the server'],
  ['mcp', 'over MCP'],
]);

function placeOf(runsIn: string): string {
  return PLACES.get(runsIn) ?? (runsIn === '' ? '' : `in ${runsIn}`);
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function thinkingRow(row: TextRow, context: RowContext): TemplateResult {
  const state = stateOf(row, context.run);
  const took =
    row.endedAt !== undefined && row.startedAt !== undefined
      ? row.endedAt - row.startedAt
      : undefined;
  const meta =
    state === 'running' && row.startedAt !== undefined
      ? html`<span data-since=${row.startedAt}></span>`
      : took === undefined
        ? nothing
        : html`<span>${duration(took)}</span>`;
  return html`<li class="row" data-event-type="thinking" data-seq=${row.seq} data-state=${state}>
    ${head('thinking', state, html`${state === 'running' ? 'Thinking' : 'Thought'}`, meta, context)}
    ${
      context.open
        ? html`<div class="under body"><div class="thought">${row.text}</div></div>`
        : html`<div class="under line">${lastSentence(row)}</div>`
    }
  </li>`;
}

/** What it thinks right now while it does, how the thought began afterwards. */
function lastSentence(row: TextRow): string {
  if (!row.streaming) return oneLine(row.text, 200);
  const lines = row.text.slice(-400).trimEnd().split('\n');
  return lines.at(-1) ?? '';
}

function textRow(row: TextRow): TemplateResult {
  const type = row.kind === 'answer' ? 'final_answer' : 'message';
  return html`<li
    class="row text"
    data-event-type=${type}
    data-seq=${row.seq}
    aria-busy=${row.streaming ? 'true' : nothing}
  >
    <span class="icon">${ICONS.message}</span>
    <div class="under"><slot name="text-${row.id}"></slot></div>
  </li>`;
}

function questionRow(row: QuestionRow, context: RowContext): TemplateResult {
  const state = stateOf(row, context.run);
  return html`<li class="row" data-event-type="input_requested" data-seq=${row.seq} data-state=${state}>
    ${head('question', state, html`${state === 'waiting' ? 'Asking you' : 'Asked you'}`, nothing)}
    ${questionTemplate(row, state, context)}
  </li>`;
}

function warningRow(row: WarningRow): TemplateResult {
  return html`<li class="row" data-event-type="warning" data-seq=${row.seq} data-state="warning">
    ${head('warning', 'quiet', html`<span class="plain">${row.message || row.reason}</span>`, nothing)}
  </li>`;
}

function otherRow(row: OtherRow, context: RowContext): TemplateResult {
  const name = row.eventType || 'unnamed';
  return html`<li class="row" data-event-type=${name} data-seq=${row.seq} data-state="quiet">
    ${head('other', 'quiet', html`Event <code>${name}</code>`, nothing, context)}
    ${
      context.open
        ? html`<div class="under body">
            ${payloadTemplate('Content', html`<pre>${json(row.payload, 2)}</pre>`, () => json(row.payload, 2))}
          </div>`
        : nothing
    }
  </li>`;
}

/** Icon, title and meta of a row; a button that folds it when there is something to fold. */
function head(
  icon: IconName,
  state: RowState,
  title: TemplateResult,
  meta: TemplateResult | typeof nothing,
  context?: RowContext,
): TemplateResult {
  const word = WORDS[state];
  const inside = html`<span class="icon">${ICONS[icon]}</span>
    <span class="title">${title}${word === '' ? nothing : html`<span class="sr">, ${word}</span>`}</span>
    <span class="meta">${meta}${
      context === undefined ? nothing : html`<span class="chevron">${ICONS.chevron}</span>`
    }</span>`;
  if (context === undefined) return html`<div class="head">${inside}</div>`;
  return html`<button
    type="button"
    class="head"
    aria-expanded=${context.open ? 'true' : 'false'}
    @click=${() => context.toggle()}
  >
    ${inside}
  </button>`;
}
