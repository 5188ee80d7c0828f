import { html, nothing, type TemplateResult } from 'lit';
import { questionTemplate } from '../ask/question';
import { ICONS } from '../icons';
import { preferred } from '../preferences';
import { json } from '../state/read';
import type { OtherRow, QuestionRow, Row, TextRow, WarningRow } from '../state/state';
import { costsTemplate } from '../tools/costs';
import { deedsTemplate } from '../tools/deeds';
import { around, trans } from '../words';
import { longText, restOf } from './long-text';
import { payloadTemplate } from './payload';
import { head, type RowContext, stateOf, timeTemplate } from './row';
import { oneLine } from './titles';
import { toolRow } from './tool-row';

export function rowTemplate(row: Row, context: RowContext): TemplateResult {
  switch (row.kind) {
    case 'tool':
      return toolRow(row, context);
    case 'thinking':
      return thinkingRow(row, context);
    case 'message':
    case 'answer':
      return textRow(row, context);
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
  if (row.kind === 'thinking') return preferred.now.thinkingOpen;
  if (row.kind !== 'tool') return false;
  if (row.approval !== undefined && row.approval.decided === undefined && row.result === undefined)
    return true;
  return row.result?.outcome === 'failed';
}

function thinkingRow(row: TextRow, context: RowContext): TemplateResult {
  const state = stateOf(row, context.run);
  const took =
    row.endedAt !== undefined && row.startedAt !== undefined
      ? row.endedAt - row.startedAt
      : undefined;
  const meta = timeTemplate(state, row.startedAt, took);
  return html`<li class="row" data-event-type="thinking" data-seq=${row.seq} data-state=${state}>
    ${head('thinking', state, html`${state === 'running' ? trans.__('Thinking') : trans.__('Thought')}`, meta, context)}
    ${
      context.open
        ? html`<div class="under body"><div class="thought" role="group" aria-label=${trans.__('Thought')}><div class="inner">${longText(row.text)}</div></div></div>`
        : html`<div class="under line">${lastSentence(row)}</div>`
    }
    ${deedsTemplate(row, context, meta)}
  </li>`;
}

/** What it thinks right now while it does, how the thought began afterwards. */
function lastSentence(row: TextRow): string {
  if (!row.streaming) return oneLine(row.text, 200);
  const lines = row.text.slice(-400).trimEnd().split('\n');
  return lines.at(-1) ?? '';
}

function textRow(row: TextRow, context: RowContext): TemplateResult {
  const type = row.kind === 'answer' ? 'final_answer' : 'message';
  return html`<li
    class="row text"
    data-event-type=${type}
    data-seq=${row.seq}
    aria-busy=${row.streaming ? 'true' : nothing}
  >
    <span class="icon" title=${context.spent || nothing}>${ICONS.message}</span>
    <div class="under"><slot name="text-${row.id}"></slot>${restOf(row.text)}</div>
    ${context.costs === undefined ? nothing : html`<div class="meta">${costsTemplate(context.costs)}</div>`}
    ${deedsTemplate(row, context)}
  </li>`;
}

function questionRow(row: QuestionRow, context: RowContext): TemplateResult {
  const state = stateOf(row, context.run);
  return html`<li class="row" data-event-type="input_requested" data-seq=${row.seq} data-state=${state} data-asked=${row.requestId} tabindex="-1">
    ${head('question', state, html`${state === 'waiting' ? trans.__('Asking you') : trans.__('Asked you')}`, nothing)}
    ${questionTemplate(row, state, context)} ${deedsTemplate(row, context)}
  </li>`;
}

function warningRow(row: WarningRow): TemplateResult {
  return html`<li class="row" data-event-type="warning" data-seq=${row.seq} data-state="warning">
    ${head('warning', 'quiet', html`<span class="plain">${longText(row.message || row.reason)}</span>`, nothing)}
  </li>`;
}

function otherRow(row: OtherRow, context: RowContext): TemplateResult {
  const name = oneLine(row.eventType, 80) || trans.__('unnamed');
  const [before, after] = around(here => trans.__('Event %1', here));
  return html`<li class="row" data-event-type=${name} data-seq=${row.seq} data-state="quiet">
    ${head('other', 'quiet', html`${before}<code>${name}</code>${after}`, nothing, context)}
    ${
      context.open
        ? html`<div class="under body">
            ${payloadTemplate(trans.__('Content'), html`<pre>${longText(json(row.payload, 2))}</pre>`, () => json(row.payload, 2))}
          </div>`
        : nothing
    }
  </li>`;
}
