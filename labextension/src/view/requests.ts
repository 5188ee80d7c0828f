import { html, nothing, type TemplateResult } from 'lit';
import { clock } from './format';
import { argumentsTemplate } from './payload';
import { text } from './read';
import type { RowContext, RowState } from './row';
import type { Approval, Decision, QuestionRow, ToolRow } from './state';

/** What is asked before a call may run, whole, above the two buttons; afterwards who decided, and when. */
export function approvalTemplate(
  row: ToolRow,
  approval: Approval,
  state: RowState,
  context: RowContext,
): TemplateResult {
  const { decided, requestId } = approval;
  if (decided !== undefined) {
    return html`<p class="under decision" data-event-type="approval_requested" data-seq=${approval.seq}>
      ${decisionText(decided)}
    </p>`;
  }
  if (state !== 'waiting') return html`${nothing}`;
  const { answer } = context;
  return html`<div class="under ask" data-event-type="approval_requested" data-seq=${approval.seq}>
    ${approval.reason === '' ? nothing : html`<p>${approval.reason}</p>`}
    ${context.open ? nothing : argumentsTemplate(row.arguments)}
    ${
      answer === undefined
        ? nothing
        : html`<div class="buttons">
            <button type="button" class="filled" @click=${() => answer(requestId, 'approve')}>Approve</button>
            <button type="button" class="outlined" @click=${() => answer(requestId, 'deny')}>Deny</button>
          </div>`
    }
  </div>`;
}

export function questionTemplate(
  row: QuestionRow,
  state: RowState,
  context: RowContext,
): TemplateResult {
  const { answer } = context;
  const { requestId } = row;
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get('answer');
    answer?.(requestId, 'answer', text(given));
  };
  const controls =
    answer === undefined || state !== 'waiting'
      ? nothing
      : row.choices.length > 0
        ? html`<div class="buttons">
            ${row.choices.map(
              choice => html`<button type="button" class="outlined" @click=${() => answer(requestId, 'answer', choice)}>
                ${choice}
              </button>`,
            )}
          </div>`
        : html`<form class="buttons" @submit=${send}>
            <input name="answer" autocomplete="off" aria-label="Your answer" required />
            <button type="submit" class="filled">Send</button>
          </form>`;
  return html`<div class="under ask">
    <p>${row.question}</p>
    ${controls}
    ${row.decided === undefined ? nothing : html`<p class="decision">${decisionText(row.decided)}</p>`}
  </div>`;
}

const DECISIONS: ReadonlyMap<string, string> = new Map([
  ['approve', 'Approved'],
  ['deny', 'Denied'],
  ['answer', 'Answered'],
  ['expired', 'Nobody answered in time'],
]);

function decisionText({ decision, value, by, at }: Decision): string {
  const word = DECISIONS.get(decision) ?? decision;
  const who = by === '' || decision === 'expired' ? '' : ` by ${by}`;
  const what = decision === 'answer' && value !== undefined ? `: ${text(value)}` : '';
  return `${word}${who}${what}${at === undefined ? '' : ` · ${clock(at)}`}`;
}
