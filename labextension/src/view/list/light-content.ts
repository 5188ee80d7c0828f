import { codeParts } from '../row/arguments';
import { startOf } from '../row/long-text';
import { isPicture } from '../row/summary';
import { openRequest, type Row } from '../state/state';
import type { Folds } from './folds';
import type { LightContent } from './light';
import { shortened } from './long-results';

/** What the host has to render for rows as they stand. */
export function lightContent(
  rows: readonly Row[],
  folds: Folds,
): ReadonlyMap<string, LightContent> {
  const wanted = new Map<string, LightContent>();
  for (const row of rows) {
    if (row.kind === 'message' || row.kind === 'answer') {
      wanted.set(`text-${row.id}`, {
        kind: 'markdown',
        text: startOf(row.text),
        growing: row.streaming,
      });
    } else if (row.kind === 'question') {
      wanted.set(`text-${row.id}`, {
        kind: 'markdown',
        text: startOf(row.question),
        growing: false,
      });
    } else if (row.kind === 'tool') {
      const open = folds.isOpen(row);
      const { result } = row;
      if (result !== undefined && (open || isPicture(result.content)))
        wanted.set(`result-${row.id}`, { kind: 'mime', bundle: shortened(result.content).bundle });
      if (open || openRequest(row) !== undefined) {
        for (const [name, code] of codeParts(row.id, row.arguments)) wanted.set(name, code);
      }
    }
  }
  return wanted;
}
