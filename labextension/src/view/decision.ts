import { html, type nothing, type TemplateResult } from 'lit';
import { diffOf, diffTemplate } from './diff';
import { changedArguments } from './edits';
import { clock } from './format';
import { type Fields, fields, json, text } from './read';
import type { Approval, Decision, ToolRow } from './state';
import { oneLine } from './titles';

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
        <div class="box" tabindex="0" role="group" aria-label=${`What was changed in ${name}`}>
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
  const approved = [
    'Approved',
    changed ? ' with other arguments' : '',
    changed && always ? ', and' : '',
    always ? ' for the whole run' : '',
  ].join('');
  const said: Readonly<Record<string, string>> = {
    approve: approved,
    deny: 'Denied',
    expired: 'Nobody answered in time',
  };
  const word = `${said[decision] ?? decision}${advance ? ' in advance' : ''}`;
  const who = by === '' || advance || decision === 'expired' ? '' : ` by ${by}`;
  const why = decision === 'deny' && !advance ? text(value) : '';
  return timed(`${word}${who}${why === '' ? '' : `: ${why}`}`, at);
}

/** What became of a question. */
export function answerTemplate({
  decision,
  value,
  by,
  at,
}: Decision): TemplateResult | typeof nothing {
  const advance = by === 'on_ask';
  const who = by === '' || advance ? '' : ` by ${by}`;
  if (decision === 'expired')
    return html`<p class="decision">${timed('Nobody answered in time', at)}</p>`;
  if (decision !== 'answer') {
    const word = advance ? 'Not answered: nobody was there to ask' : `Not answered${who}`;
    const why = advance ? '' : text(value);
    return html`<p class="decision">${timed(`${word}${why === '' ? '' : `: ${why}`}`, at)}</p>`;
  }
  const entries = Object.entries(fields(value));
  if (entries.length === 0) {
    return html`<p class="decision">${timed(`Answered${who}: ${text(value)}`, at)}</p>`;
  }
  return html`<p class="decision">${timed(`Answered${who}`, at)}</p>
    <dl class="answered">
      ${entries.map(([name, given]) => html`<dt>${name}</dt><dd>${oneLine(text(given), 2000)}</dd>`)}
    </dl>`;
}

function timed(said: string, at: number | undefined): string {
  return at === undefined ? said : `${said} · ${clock(at)}`;
}
