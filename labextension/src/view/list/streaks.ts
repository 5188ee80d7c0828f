import { html, nothing, type TemplateResult } from 'lit';
import { duration } from '../format';
import { head, titleTemplate } from '../row/row';
import { isPicture } from '../row/summary';
import { changesThings, timesTitle } from '../row/titles';
import type { Row, ToolRow } from '../state/state';
import type { Usage } from '../state/usage';

/** Fewer rows than this are read as quickly as the line that would stand for them. */
const SHORTEST = 3;

/** Rows that one line can stand for: calls of the same tool, one after the other, that went well. */
export interface Streak {
  /** The first row's. */
  readonly id: number;
  readonly rows: readonly ToolRow[];
}

/** The streaks among the rows, by each of their rows' id. The newest rows stay as they are until the end. */
export function streaksOf(rows: readonly Row[], over: boolean): ReadonlyMap<number, Streak> {
  const streaks = new Map<number, Streak>();
  let current: ToolRow[] = [];
  const close = (): void => {
    const [first] = current;
    if (first !== undefined && current.length >= SHORTEST) {
      const streak = { id: first.id, rows: current };
      for (const row of current) streaks.set(row.id, streak);
    }
    current = [];
  };
  for (const row of rows) {
    if (row.kind !== 'tool' || row.name !== current[0]?.name) close();
    if (row.kind === 'tool' && mayFold(row)) current.push(row);
    else close();
  }
  if (over) close();
  return streaks;
}

/** What changed something, needed somebody, failed or drew a picture is never folded away. */
function mayFold(row: ToolRow): boolean {
  const { result, approval } = row;
  return (
    result?.outcome === 'success' &&
    approval === undefined &&
    !isPicture(result.content) &&
    !changesThings(row.name)
  );
}

/** The line that stands for a streak, above its rows. */
export function streakTemplate(
  { rows }: Streak,
  open: boolean,
  costs: Usage | undefined,
  toggle: () => void,
): TemplateResult {
  const [first] = rows;
  const title = timesTitle(first?.name ?? '', rows.length);
  const shown = titleTemplate(title);
  const took = rows.reduce((sum, row) => sum + (row.result?.durationMs ?? 0), 0);
  const known = rows.some(row => row.result?.durationMs !== undefined);
  const meta = known ? html`<span .textContent=${duration(took)}></span>` : nothing;
  return html`<li class="row streak" data-state="completed">
    ${head('completed', 'completed', shown, meta, { open, toggle, spent: '', costs })}
  </li>`;
}
