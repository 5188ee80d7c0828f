import { html, nothing, type TemplateResult } from 'lit';
import { approvalTemplate } from '../ask/requests';
import type { IconName } from '../icons';
import { shortened } from '../list/long-results';
import type { ToolRow } from '../state/state';
import { deedsTemplate } from '../tools/deeds';
import { trans } from '../words';
import { argumentsTemplate } from './arguments';
import { changedArguments, editTemplate, madeEdit } from './edits';
import { longText, restOf } from './long-text';
import { payloadTemplate } from './payload';
import { head, type RowContext, type RowState, stateOf, timeTemplate, titleTemplate } from './row';
import { copyOf, isBlank, isPicture, summaryOf, textOf } from './summary';
import { oneLine, type Tense, toolTitle } from './titles';

export function toolRow(row: ToolRow, context: RowContext): TemplateResult {
  const state = stateOf(row, context.run);
  const { result, approval } = row;
  const title = toolTitle(row.name, changedArguments(row) ?? row.arguments, tenseOf(state));
  const shown = titleTemplate(title);
  const failed = state === 'failed';
  const edit = madeEdit(row);
  const line = edit === undefined ? lineOf(row, state) : '';
  const meta = timeTemplate(state, row.startedAt, row.result?.durationMs);
  const rare = [
    state === 'running' ? progressBar(row) : nothing,
    context.open ? toolBody(row, state) : pictureTemplate(row),
    edit === undefined ? nothing : html`<div class="under edit">${editTemplate(edit)}</div>`,
    approval === undefined ? nothing : approvalTemplate(row, approval, state, context),
    deedsTemplate(row, context, meta),
    context.share < 0.2
      ? nothing
      : html`<div class="share" style="--share: ${context.share}" aria-hidden="true"></div>`,
  ];
  return html`<li
    class=${context.streak === 'none' ? 'row' : 'row one'}
    ?hidden=${row.asks || context.streak === 'folded'}
    data-event-type="tool_call"
    data-seq=${row.seq}
    data-state=${state}
    data-asked=${approval?.requestId ?? nothing}
  >${head(toolIcon(state), state, shown, meta, context)}${
    line === '' || (context.open && !failed)
      ? nothing
      : html`<div
            class="under line ${failed ? 'problem' : ''}"
            data-event-type=${result === undefined ? nothing : 'tool_result'}
            data-seq=${result?.seq ?? nothing}
            >${failed && context.open ? longText(result?.error?.message ?? line) : line}</div>`
  }${
    // In one piece where there is none of it, as in most of many rows.
    rare.every(each => each === nothing)
      ? nothing
      : html`${rare[0]}${rare[1]}${rare[2]}${rare[3]}${rare[4]}${rare[5]}`
  }</li>`;
}

function tenseOf(state: RowState): Tense {
  if (state === 'running') return 'going on';
  return state === 'completed' ? 'over' : 'wanted';
}

function toolBody(row: ToolRow, state: RowState): TemplateResult {
  // While it waits they stand with the question, and below the line afterwards.
  const asked = state === 'waiting' ? nothing : argumentsTemplate(row.id, row.arguments);
  return html`<div class="under body">
    <p class="origin"><code>${row.name}</code> ${placeOf(row.runsIn)}</p>
    ${asked} ${state === 'failed' ? detailsTemplate(row) : resultTemplate(row)}
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
    if (state === 'cancelled') return trans.__('Stopped');
    if (state === 'interrupted') return trans.__('Did not finish');
    if (progress === undefined) return state === 'running' ? capital(placeOf(row.runsIn)) : '';
    const amount =
      progress.total === undefined ? '' : trans.__('%1 of %2', progress.done, progress.total);
    return [progress.message, amount].filter(part => part !== '').join(' · ');
  }
  const problem = result.error?.message ?? '';
  if (result.outcome === 'success')
    return isPicture(result.content) ? '' : summaryOf(result.content);
  if (result.outcome === 'denied') {
    // Who denied it and why stands below, where it was somebody's decision.
    const decision = row.approval?.decided?.decision;
    if (decision === 'deny' || decision === 'expired') return '';
    return [trans.__('Denied'), oneLine(problem, 200)].filter(part => part !== '').join(' · ');
  }
  return problem === '' ? summaryOf(result.content) : oneLine(problem, 200);
}

function resultTemplate(row: ToolRow): TemplateResult | typeof nothing {
  const { result } = row;
  if (result === undefined) return nothing;
  return html`<div data-event-type="tool_result" data-seq=${result.seq}>
    ${result.error === undefined ? nothing : html`<p class="problem">${longText(result.error.message)}</p>`}
    ${contentTemplate(row, trans.__('Result'))}
  </div>`;
}

/** What a failed call left: its message already stands under the title. */
function detailsTemplate(row: ToolRow): TemplateResult | typeof nothing {
  const said = textOf(row.result?.content['text/plain']).trim();
  return said === row.result?.error?.message.trim()
    ? nothing
    : contentTemplate(row, trans.__('Details'));
}

function contentTemplate(row: ToolRow, label: string): TemplateResult | typeof nothing {
  if (madeEdit(row) !== undefined) return nothing;
  const content = row.result?.content ?? {};
  if (isBlank(content)) return nothing;
  const { text } = shortened(content);
  const slot = html`<slot name="result-${row.id}"></slot>${restOf(text)}`;
  return payloadTemplate(label, slot, () => copyOf(content), isPicture(content));
}

function progressBar(row: ToolRow): TemplateResult | typeof nothing {
  const { progress } = row;
  if (progress?.total === undefined || progress.total <= 0) return nothing;
  const part = Math.min(1, Math.max(0, progress.done / progress.total));
  return html`<div class="progress" style="--part: ${part}" aria-hidden="true"></div>`;
}

function placeOf(runsIn: string): string {
  switch (runsIn) {
    case '':
      return '';
    case 'kernel':
      return trans.__('in the notebook’s kernel');
    case 'notebook':
      return trans.__('in the notebook');
    case 'server':
      return trans.__('on the server');
    case 'mcp':
      return trans.__('over MCP');
    default:
      return trans.__('in %1', runsIn);
  }
}

function capital(words: string): string {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}
