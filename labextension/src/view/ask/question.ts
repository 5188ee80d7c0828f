import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { growing } from '../list/growing';
import type { RowContext, RowState } from '../row/row';
import { text } from '../state/read';
import type { QuestionRow } from '../state/state';
import { trans } from '../words';
import type { Asking, Draft } from './ask';
import { answerTemplate } from './decision';
import { deadline, problemTemplate } from './requests';
import { type Field, fieldsOf, filled } from './schema';

/** A question of the agent, and what it is answered with: a choice, a form, or a text. */
export function questionTemplate(
  row: QuestionRow,
  state: RowState,
  { asking }: RowContext,
): TemplateResult {
  const open = asking !== undefined && state === 'waiting';
  return html`<div
    class="under ask"
    role="group"
    tabindex=${state === 'waiting' ? '-1' : nothing}
    aria-label=${trans.__('A question for you')}
    data-request=${row.requestId}
  >
    <div class="asked"><slot name="text-${row.id}"></slot></div>
    ${open ? controls(row, asking) : nothing}
    ${row.decided === undefined ? nothing : answerTemplate(row.decided)}
  </div>`;
}

function controls(row: QuestionRow, asking: Asking): TemplateResult {
  const form =
    row.choices.length > 0
      ? choicesTemplate(row, asking)
      : row.schema === undefined
        ? textTemplate(row, asking)
        : formTemplate(row, asking);
  return html`${form} ${problemTemplate(asking.ask)}`;
}

function choicesTemplate(row: QuestionRow, asking: Asking): TemplateResult {
  const { ask, send } = asking;
  return html`<div class="buttons choices">
    ${row.choices.map(
      choice => html`<button
        type="button"
        class="outlined"
        dir="auto"
        ?disabled=${ask.sending}
        @click=${() => send({ decision: 'answer', value: choice })}
      >
        ${choice}
      </button>`,
    )}
    ${skip(row, asking)}
  </div>`;
}

/** Nobody has to answer: the agent is told so. */
function skip(row: QuestionRow, { ask, send }: Asking): TemplateResult {
  return html`<span class="more">
    ${deadline(row.expiresAt)}
    <button type="button" class="quiet" ?disabled=${ask.sending} @click=${() => send({ decision: 'deny' })}>
      ${trans.__('Do not answer')}
    </button>
  </span>`;
}

const ANSWER = '';

function textTemplate(row: QuestionRow, asking: Asking): TemplateResult {
  const { ask, draft, send } = asking;
  const typed = text(ask.drafts.get(ANSWER));
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.trim() !== '') send({ decision: 'answer', value: typed.trim() });
  };
  return html`<form class="say" @submit=${submit}>
    <textarea
      rows="1"
      dir="auto"
      aria-label=${trans.__('Your answer')}
      placeholder=${trans.__('Your answer')}
      .value=${live(typed)}
      ?disabled=${ask.sending}
      ${growing(typed)}
      @input=${(event: Event) => draft(ANSWER, (event.target as HTMLTextAreaElement).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
      }}
    ></textarea>
    <div class="buttons">
      <button type="submit" class="filled" ?disabled=${ask.sending || typed.trim() === ''}>${trans.__('Send')}</button>
      ${skip(row, asking)}
    </div>
  </form>`;
}

function formTemplate(row: QuestionRow, asking: Asking): TemplateResult {
  const { ask, change, send } = asking;
  const form = fieldsOf(row.schema);
  const { value, faults } = filled(form, ask.drafts);
  // What is not filled in yet is no fault before somebody tries to send it.
  const tried = ask.mode === 'edit';
  const submit = (event: Event): void => {
    event.preventDefault();
    if (faults.size === 0) send({ decision: 'answer', value });
    else change({ mode: 'edit' });
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
  };
  return html`<form class="say" novalidate @submit=${submit} @keydown=${keys}>
    ${form.map(field => {
      const touched = tried || ask.drafts.has(field.name);
      return fieldTemplate(field, asking, touched ? (faults.get(field.name) ?? '') : '');
    })}
    <div class="buttons">
      <button type="submit" class="filled" ?disabled=${ask.sending}>${trans.__('Send')}</button>
      ${skip(row, asking)}
    </div>
  </form>`;
}

function fieldTemplate(field: Field, asking: Asking, fault: string): TemplateResult {
  const hint = html`
    ${field.description === '' ? nothing : html`<span class="hint">${field.description}</span>`}
    ${fault === '' ? nothing : html`<span class="fault">${fault}</span>`}
  `;
  if (field.kind === 'boolean') {
    return html`<label class="check">
      ${inputTemplate(field, asking, fault)} <span dir="auto">${field.label}</span> ${hint}
    </label>`;
  }
  return html`<label>
    <span dir="auto">${field.kind === 'json' ? trans.__('%1 (JSON)', field.label) : field.label}${field.required ? nothing : html` <span class="optional">${trans.__('(optional)')}</span>`}</span>
    ${inputTemplate(field, asking, fault)} ${hint}
  </label>`;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function inputTemplate(field: Field, { ask, draft }: Asking, fault: string): TemplateResult {
  const given: Draft = ask.drafts.get(field.name) ?? field.initial;
  const typed = String(given);
  const invalid = fault === '' ? nothing : 'true';
  const take = (event: Event): void => draft(field.name, (event.target as Control).value);
  switch (field.kind) {
    case 'boolean':
      return html`<input
        type="checkbox"
        .checked=${live(given === true)}
        ?disabled=${ask.sending}
        @change=${(event: Event) => draft(field.name, (event.target as HTMLInputElement).checked)}
      />`;
    case 'choice':
      return html`<select .value=${live(typed)} ?disabled=${ask.sending} aria-invalid=${invalid} @change=${take}>
        <option value="" ?selected=${typed === ''}>${field.required ? trans.__('Choose…') : trans.__('(nothing)')}</option>
        ${field.choices.map((choice, index) => html`<option value=${index} ?selected=${typed === String(index)}>${text(choice)}</option>`)}
      </select>`;
    case 'long':
    case 'json':
      return html`<textarea
        class=${field.kind === 'json' ? 'code' : ''}
        rows="1"
        dir="auto"
        .value=${live(typed)}
        ?disabled=${ask.sending}
        aria-invalid=${invalid}
        ${growing(typed)}
        @input=${take}
      ></textarea>`;
    default: {
      const isNumber = field.kind !== 'text';
      return html`<input
        type=${isNumber ? 'text' : field.input}
        inputmode=${isNumber ? (field.kind === 'integer' ? 'numeric' : 'decimal') : nothing}
        dir="auto"
        autocomplete="off"
        .value=${live(typed)}
        ?disabled=${ask.sending}
        aria-invalid=${invalid}
        @input=${take}
      />`;
    }
  }
}
