import { structuredPatch } from 'diff';
import { html, nothing, type TemplateResult } from 'lit';
import { thousands } from '../format';
import { trans } from '../words';
import { plainlySeen } from './arguments';

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
      lines.push({ kind: 'gap', text: trans.__('line %1', hunk.newStart) });
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

/** Said before a line to those who do not see its sign and colour. */
function spoken(kind: DiffLine['kind']): string | typeof nothing {
  if (kind === 'added') return trans.__('added: ');
  return kind === 'removed' ? trans.__('removed: ') : nothing;
}

export function diffTemplate({ lines }: Diff): TemplateResult {
  const more = lines.length - MOST_LINES;
  return html`<div class="diff">
    ${lines.slice(0, MOST_LINES).map(
      ({ kind, text }) => html`<div class="change" data-kind=${kind}>
        <span class="sign" aria-hidden="true">${SIGNS[kind]}</span
        ><span class="sr">${spoken(kind)}</span><span .textContent=${plainlySeen(text)}></span>
      </div>`,
    )}
    ${more > 0 ? html`<div class="change" data-kind="gap"><span class="sign"></span><span>${trans._n('%2 more line', '%2 more lines', more, thousands(more))}</span></div>` : nothing}
  </div>`;
}

/** "2 lines added, 1 removed". */
export function amountOf({ added, removed }: Diff): string {
  if (added === 0 && removed === 0) return trans.__('nothing changed');
  if (added === 0)
    return trans._n('%2 line removed', '%2 lines removed', removed, thousands(removed));
  const more = trans._n('%2 line added', '%2 lines added', added, thousands(added));
  return removed === 0 ? more : trans.__('%1, %2 removed', more, thousands(removed));
}
