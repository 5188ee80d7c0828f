import { html, type nothing, type TemplateResult } from 'lit';
import { clock } from '../format';
import { diffOf, diffTemplate } from '../row/diff';
import { changedArguments } from '../row/edits';
import { oneLine } from '../row/titles';
import { type Fields, fields, json, text } from '../state/read';
import type { Approval, Decision, ToolRow } from '../state/state';
import { trans } from '../words';

/** What became of an approval: it stays on its row. */
export function decisionTemplate(
  row: ToolRow,
  approval: Approval,
  decided: Decision,
): TemplateResult {
  const changed = changedArguments(row);
  const words = approvalWords(decided, changed !== undefined);
  if (changed === undefined) {
    return html`<p class="under decision" data-event-type="approval_requested" data-seq=${approval.seq}>
      ${words}
    </p>`;
  }
  return html`<details class="under decision" data-event-type="approval_requested" data-seq=${approval.seq}>
    <summary>${words}</summary>
    ${changesTemplate(fields(row.arguments), changed)}
  </details>`;
}

/** Which arguments are others than the agent's, each as a diff. */
function changesTemplate(asked: Fields, approved: Fields): TemplateResult[] {
  const names = [...new Set([...Object.keys(asked), ...Object.keys(approved)])];
  return names
    .map(name => ({ name, before: words(asked[name]), after: words(approved[name]) }))
    .filter(({ before, after }) => before !== after)
    .map(
      ({ name, before, after }) => html`<section class="payload">
        <header><span><code>${name}</code></span></header>
        <div class="box" role="group" aria-label=${trans.__('What was changed in %1', name)}>
          <div class="inner">${diffTemplate(diffOf(before, after))}</div>
        </div>
      </section>`,
    );
}

function words(value: unknown): string {
  return typeof value === 'string' || value === undefined ? text(value) : json(value, 2);
}

export function approvalWords(decided: Decision, changed: boolean): string {
  const { decision, value, by, at } = decided;
  const advance = by === 'on_ask';
  const always = fields(value).always === true;
  const word = decisionWord(decision, changed, always);
  if (advance) return timed(trans.__('%1 in advance', word), at);
  const who = decision === 'expired' ? '' : by;
  return timed(because(byWhom(word, who), decision === 'deny' ? text(value) : ''), at);
}

function decisionWord(decision: string, changed: boolean, always: boolean): string {
  switch (decision) {
    case 'approve':
      if (changed && always)
        return trans.__('Approved with other arguments, and for the whole run');
      if (changed) return trans.__('Approved with other arguments');
      return always ? trans.__('Approved for the whole run') : trans.__('Approved');
    case 'deny':
      return trans.__('Denied');
    case 'expired':
      return trans.__('Nobody answered in time');
    default:
      return decision;
  }
}

function byWhom(word: string, who: string): string {
  return who === '' ? word : trans.__('%1 by %2', word, who);
}

function because(said: string, why: string): string {
  return why === '' ? said : trans.__('%1: %2', said, why);
}

/** What became of a question. */
export function answerTemplate({
  decision,
  value,
  by,
  at,
}: Decision): TemplateResult | typeof nothing {
  const advance = by === 'on_ask';
  const who = advance ? '' : by;
  if (decision === 'expired')
    return html`<p class="decision">${timed(trans.__('Nobody answered in time'), at)}</p>`;
  if (decision !== 'answer') {
    const said = advance
      ? trans.__('Not answered: nobody was there to ask')
      : because(byWhom(trans.__('Not answered'), who), text(value));
    return html`<p class="decision">${timed(said, at)}</p>`;
  }
  const answered = byWhom(trans.__('Answered'), who);
  const entries = Object.entries(fields(value));
  if (entries.length === 0) {
    return html`<p class="decision">${timed(because(answered, text(value)), at)}</p>`;
  }
  return html`<p class="decision">${timed(answered, at)}</p>
    <dl class="answered">
      ${entries.map(([name, given]) => html`<dt>${name}</dt><dd>${oneLine(text(given), 2000)}</dd>`)}
    </dl>`;
}

function timed(said: string, at: number | undefined): string {
  return at === undefined ? said : trans.__('%1 · %2', said, clock(at));
}
