import { html, nothing, type TemplateResult } from 'lit';
import { duration, thousands } from '../format';
import { changedArguments } from '../row/edits';
import { wordOf } from '../row/row';
import { oneLine, toolTitle } from '../row/titles';
import { costText, tokensText } from '../state/usage';
import { trans } from '../words';
import type { Bar } from './lanes';
import type { Span, SpanKind } from './spans';

/** What the timeline says of a span, or of several in one bar. */
export interface Told {
  readonly title: string;
  readonly details: string;
  /** "failed", "running"; '' for what went as it should. */
  readonly word: string;
  /** "0.4 s · from 1.2 s · 1,290 tokens · $0.0021". */
  readonly facts: string;
}

const TITLE_CHARS = 120;

export function spanText(span: Span, origin: number, now: number): Told {
  const took = (span.to ?? Math.max(now, span.from)) - span.from;
  const facts = [
    duration(took),
    trans.__('from %1', offset(span.from - origin)),
    tokensText(span.usage),
    costText(span.usage),
  ];
  return { ...titleOf(span), word: wordOfSpan(span), facts: facts.filter(Boolean).join(' · ') };
}

/** Several that are too narrow to be seen one by one. */
export function barText(bar: Bar, spans: readonly Span[], origin: number): Told {
  const first = spans[bar.first];
  const last = spans[bar.last];
  const from = offset((first?.from ?? origin) - origin);
  const until = offset((last?.to ?? last?.from ?? origin) - origin);
  const title =
    bar.kind === 'model'
      ? trans._n('%2 turn of the model', '%2 turns of the model', bar.count, thousands(bar.count))
      : trans._n('%2 call', '%2 calls', bar.count, thousands(bar.count));
  return {
    title,
    details: '',
    word:
      bar.failed === 0 ? '' : trans._n('%2 failed', '%2 failed', bar.failed, thousands(bar.failed)),
    facts: `${trans.__('%1 to %2', from, until)} · ${trans.__('Zoom in to see each')}`,
  };
}

/** All of it on one line, for who hears it. */
export function spoken({ title, details, word, facts }: Told): string {
  const what = [title, details].filter(Boolean).join(': ');
  return [what, word, facts.replaceAll(' · ', ', ')].filter(Boolean).join(', ');
}

export function toldTemplate({ title, details, word, facts }: Told): TemplateResult {
  return html`<div class="what">${title}${details === '' ? nothing : html` <span>${details}</span>`}</div>
    <div class="facts-of">${word === '' ? nothing : html`<b>${word}</b> · `}${facts}</div>`;
}

function titleOf({ kind, row, step }: Span): Pick<Told, 'title' | 'details'> {
  if (kind === 'model') {
    const said = row !== undefined && 'text' in row ? oneLine(row.text, TITLE_CHARS) : '';
    return { title: trans.__('Model, turn %1', Math.max(1, step)), details: said };
  }
  if (row?.kind === 'question')
    return { title: trans.__('Waited for an answer'), details: oneLine(row.question, TITLE_CHARS) };
  if (row?.kind !== 'tool') return { title: '', details: '' };
  const over = row.result?.outcome === 'success' && kind === 'tool';
  const args = changedArguments(row) ?? row.arguments;
  const { verb, object, details } = toolTitle(row.name, args, over ? 'over' : 'wanted');
  const title = `${verb} ${object}`;
  return kind === 'tool'
    ? { title, details: oneLine(details, TITLE_CHARS) }
    : { title: trans.__('Waited for approval'), details: title };
}

/** What went as it should needs no word, but for a wait, which somebody ended. */
function wordOfSpan({ state, kind }: Span): string {
  if (state !== 'completed' && state !== 'quiet') return wordOf(state);
  return kind === 'wait' ? trans.__('answered') : '';
}

export function kindName(kind: SpanKind): string {
  switch (kind) {
    case 'model':
      return trans.__('Model');
    case 'tool':
      return trans.__('Tools');
    case 'wait':
      return trans.__('Waiting for you');
  }
}

/** A time within the run: "0 s" at its start. */
function offset(ms: number): string {
  return ms < 50 ? trans.__('%1 s', 0) : duration(ms);
}
