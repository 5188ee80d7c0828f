import { html, nothing, type TemplateResult } from 'lit';
import type { Row } from '../state/state';
import { costText, spentText, sum, tokensText, type Usage } from '../state/usage';
import { trans } from '../words';

/**
 * The rows that stand for a turn of the model: the first that it left, by their id.
 *
 * What a turn took is shown once, there.
 */
export function leadersOf(rows: readonly Row[]): ReadonlyMap<number, number> {
  const leaders = new Map<number, number>();
  const seen = new Set<number>();
  for (const row of rows) {
    if (row.kind === 'warning' || row.kind === 'other' || (row.kind === 'tool' && row.asks))
      continue;
    if (seen.has(row.step)) continue;
    seen.add(row.step);
    leaders.set(row.id, row.step);
  }
  return leaders;
}

/** What the turns took together that these rows stand for. */
export function usageOfRows(
  rows: readonly Row[],
  leaders: ReadonlyMap<number, number>,
  steps: ReadonlyMap<number, Usage>,
): Usage | undefined {
  let whole: Usage | undefined;
  for (const row of rows) {
    const usage = steps.get(leaders.get(row.id) ?? Number.NaN);
    if (usage !== undefined) whole = sum(whole, usage);
  }
  return whole;
}

/** Tokens and cost, in front of a row's time. */
export function costsTemplate(usage: Usage | undefined): TemplateResult | typeof nothing {
  if (usage === undefined) return nothing;
  const cost = costText(usage);
  return html`<span class="costs" title=${spentText(usage)}>
    <span class="tokens" ?data-alone=${cost === ''}>${tokensText(usage)}</span>
    ${cost === '' ? nothing : html`<span>${cost}</span>`}
    <span class="sr">${trans.__('for this step')}</span>
  </span>`;
}
