import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { growing } from '../list/growing';
import { type Argument, argumentsOf, argumentsTemplate } from '../row/arguments';
import { editOf, editTemplate } from '../row/edits';
import type { RowContext, RowState } from '../row/row';
import type { Approval, ToolRow } from '../state/state';
import { around, trans } from '../words';
import type { Ask, Asking } from './ask';
import { decisionTemplate } from './decision';

/** What is asked before a call may run, whole, above the buttons; afterwards who decided, and when. */
export function approvalTemplate(
  row: ToolRow,
  approval: Approval,
  state: RowState,
  context: RowContext,
): TemplateResult {
  if (approval.decided !== undefined) return decisionTemplate(row, approval, approval.decided);
  if (state !== 'waiting') return html`${nothing}`;
  const { asking } = context;
  const editing = asking?.ask.mode === 'edit';
  const edit = editOf(approval.preview);
  return html`<div
    class="under ask"
    role="group"
    tabindex="-1"
    aria-label=${trans.__('Waiting for your decision')}
    data-request=${approval.requestId}
    data-event-type="approval_requested"
    data-seq=${approval.seq}
  >
    ${approval.reason === '' ? nothing : html`<p class="reason">${approval.reason}</p>`}
    ${edit === undefined ? nothing : editTemplate(edit)}
    ${editing ? nothing : argumentsTemplate(row.id, row.arguments, { whole: true })}
    ${asking === undefined ? nothing : controls(row, approval, asking)}
  </div>`;
}

function controls(row: ToolRow, approval: Approval, asking: Asking): TemplateResult {
  const { ask } = asking;
  const forms = { choose, edit, deny };
  return html`
    ${forms[ask.mode](row, asking, deadline(approval.expiresAt))}
    ${problemTemplate(ask)}
  `;
}

export function problemTemplate({ problem }: Ask): TemplateResult {
  return html`<p class="refused" role="alert">${problem}</p>`;
}

/** How long is left, where a request has a limit. */
export function deadline(expiresAt: number | undefined): TemplateResult | typeof nothing {
  return expiresAt === undefined
    ? nothing
    : html`<span class="deadline" data-until=${expiresAt}></span>`;
}

type Left = TemplateResult | typeof nothing;

function choose(row: ToolRow, { ask, change, send }: Asking, left: Left): TemplateResult {
  const approve = (): void => send({ decision: 'approve' });
  const always = (): void => send({ decision: 'approve', value: { always: true } });
  return html`<div class="buttons">
    <button type="button" class="filled" ?disabled=${ask.sending} @click=${approve}>${trans.__('Approve')}</button>
    <button type="button" class="outlined" data-mode="choose" ?disabled=${ask.sending} @click=${() => change({ mode: 'deny' })}>
      ${trans.__('Deny')}
    </button>
    <span class="more">
      ${left}
      ${
        argumentsOf(row.arguments).length === 0
          ? nothing
          : html`<button type="button" class="quiet" ?disabled=${ask.sending} @click=${() => change({ mode: 'edit' })}>
              ${trans.__('Edit arguments')}
            </button>`
      }
      <button
        type="button"
        class="quiet"
        title=${trans.__('Further calls of this tool in this run are not asked about')}
        ?disabled=${ask.sending}
        @click=${always}
      >
        ${trans.__('Approve always in this run')}
      </button>
    </span>
  </div>`;
}

function deny(_row: ToolRow, { ask, change, send }: Asking, left: Left): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault();
    const reason = ask.reason.trim();
    send(reason === '' ? { decision: 'deny' } : { decision: 'deny', reason });
  };
  return html`<form class="say" @submit=${submit} @keydown=${keysOf(change, submit)}>
    <label>
      <span>${trans.__('Reason, which the agent is told (optional)')}</span>
      <input
        name="reason"
        autocomplete="off"
        dir="auto"
        data-first
        .value=${live(ask.reason)}
        ?disabled=${ask.sending}
        @input=${(event: Event) => change({ reason: (event.target as HTMLInputElement).value, problem: '' })}
      />
    </label>
    <div class="buttons">
      <button type="submit" class="filled" ?disabled=${ask.sending}>${trans.__('Deny')}</button>
      ${back(ask, change)}
      <span class="more">${left}</span>
    </div>
  </form>`;
}

function edit(row: ToolRow, { ask, change, draft, send }: Asking, left: Left): TemplateResult {
  const given = argumentsOf(row.arguments);
  const [before, after] = around(here => trans.__('%1 approves', here));
  const typed = (argument: Argument): string =>
    String(ask.drafts.get(argument.name) ?? argument.text);
  const faults = new Map(given.map(each => [each.name, faultOf(each, typed(each))]));
  const submit = (event: Event): void => {
    event.preventDefault();
    if ([...faults.values()].some(fault => fault !== '')) return;
    const changed = given.some(each => typed(each) !== each.text);
    const values = given.map(each => [
      each.name,
      each.isJson ? (JSON.parse(typed(each)) as unknown) : typed(each),
    ]);
    const value = { arguments: Object.fromEntries(values) as unknown };
    send(changed ? { decision: 'approve', value } : { decision: 'approve' });
  };
  return html`<form class="say" @submit=${submit} @keydown=${keysOf(change, submit)}>
    ${given.map(argument => {
      const fault = faults.get(argument.name) ?? '';
      return html`<label>
        <span>${named(argument)}</span>
        <textarea
          class="code"
          rows="1"
          spellcheck="false"
          dir=${argument.language === undefined ? 'auto' : 'ltr'}
          ?data-first=${argument === given[0]}
          .value=${live(typed(argument))}
          ?disabled=${ask.sending}
          aria-invalid=${fault === '' ? nothing : 'true'}
          ${growing(typed(argument))}
          @input=${(event: Event) => draft(argument.name, (event.target as HTMLTextAreaElement).value)}
        ></textarea>
        ${fault === '' ? nothing : html`<span class="fault">${fault}</span>`}
      </label>`;
    })}
    <div class="buttons">
      <button
        type="submit"
        class="filled"
        title=${trans.__('Ctrl+Enter')}
        ?disabled=${ask.sending || [...faults.values()].some(fault => fault !== '')}
      >
        ${trans.__('Approve')}
      </button>
      ${back(ask, change)}
      <span class="more">${left}<span>${before}<kbd>${trans.__('Ctrl+Enter')}</kbd>${after}</span></span>
    </div>
  </form>`;
}

function named({ name, isJson }: Argument): TemplateResult {
  const [before, after] = isJson ? around(here => trans.__('%1 (JSON)', here)) : ['', ''];
  return html`${before}<code>${name}</code>${after}`;
}

function faultOf(argument: Argument, typed: string): string {
  if (!argument.isJson) return '';
  try {
    JSON.parse(typed);
    return '';
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    return trans.__('This is no JSON yet: %1', why);
  }
}

function back(ask: Ask, change: Asking['change']): TemplateResult {
  return html`<button
    type="button"
    class="outlined"
    ?disabled=${ask.sending}
    @click=${() => change({ mode: 'choose', problem: '' })}
  >
    ${trans.__('Back')}
  </button>`;
}

/** Escape goes back, Ctrl+Enter sends; a lone Enter is a new line, or the browser's own way to send. */
const keysOf =
  (change: Asking['change'], submit: (event: Event) => void) =>
  (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
    if (event.key !== 'Escape') return;
    event.preventDefault();
    change({ mode: 'choose', problem: '' });
  };
