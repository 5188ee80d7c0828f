import { structuredPatch } from 'diff';
import { html, nothing, type TemplateResult } from 'lit';
import { plainlySeen } from './arguments';
import { count } from './format';

/** A longer way from one text to the other is not looked for: it would hold up the page. */
const MOST_EDITS = 2000;
const MOST_LINES = 600;

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap';
  readonly text: string;
}

export interface Diff {
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly removed: number;
}

const KINDS: Readonly<Record<string, DiffLine['kind']>> = { '+': 'added', '-': 'removed' };

/** What changed between two texts, with three lines around each change. */
export function diffOf(before: string, after: string): Diff {
  const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  const patch = structuredPatch('', '', ended(before), ended(after), '', '', {
    context: 3,
    maxEditLength: MOST_EDITS,
  });
  const lines: DiffLine[] = [];
  if (patch === undefined) {
    for (const text of linesOf(before)) lines.push({ kind: 'removed', text });
    for (const text of linesOf(after)) lines.push({ kind: 'added', text });
  }
  for (const hunk of patch?.hunks ?? []) {
    if (lines.length > 0 || hunk.oldStart > 1)
      lines.push({ kind: 'gap', text: `line ${hunk.newStart}` });
    for (const line of hunk.lines) {
      if (!line.startsWith('\\'))
        lines.push({ kind: KINDS[line.charAt(0)] ?? 'same', text: line.slice(1) });
    }
  }
  return {
    lines,
    added: lines.filter(line => line.kind === 'added').length,
    removed: lines.filter(line => line.kind === 'removed').length,
  };
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

const SIGNS: Readonly<Record<DiffLine['kind'], string>> = {
  same: '',
  added: '+',
  removed: '−',
  gap: '',
};
const SPOKEN: Readonly<Record<string, string>> = { added: 'added: ', removed: 'removed: ' };

export function diffTemplate({ lines }: Diff): TemplateResult {
  const more = lines.length - MOST_LINES;
  return html`<div class="diff">
    ${lines.slice(0, MOST_LINES).map(
      ({ kind, text }) => html`<div class="change" data-kind=${kind}>
        <span class="sign" aria-hidden="true">${SIGNS[kind]}</span
        ><span class="sr">${SPOKEN[kind] ?? nothing}</span><span .textContent=${plainlySeen(text)}></span>
      </div>`,
    )}
    ${more > 0 ? html`<div class="change" data-kind="gap"><span class="sign"></span><span>${count(more, 'more line')}</span></div>` : nothing}
  </div>`;
}

/** "2 lines added, 1 removed". */
export function amountOf({ added, removed }: Diff): string {
  if (added === 0 && removed === 0) return 'nothing changed';
  if (added === 0) return `${count(removed, 'line')} removed`;
  const more = removed === 0 ? '' : `, ${removed} removed`;
  return `${count(added, 'line')} added${more}`;
}
