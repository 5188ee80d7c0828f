import { opensByItself } from '../row/rows';
import type { Row } from '../state/state';
import { type Streak, streaksOf } from './streaks';

/** A row, or the line that stands for several. */
export type Line = Row | Streak;

/** What is folded and what is open: by itself, or because the reader wants it so. */
export class Folds {
  /** Rows by their id, streaks by the negative of theirs. */
  private readonly wanted = new Map<number, boolean>();
  private streaks: ReadonlyMap<number, Streak> = new Map();
  /** Those of them that are open, as of the last `lines`. */
  private openStreaks: ReadonlySet<Streak> = new Set();
  private changes = 0;
  private read:
    | { readonly rows: readonly Row[]; readonly over: boolean; readonly all: readonly Line[] }
    | undefined;

  /** Grows whenever something is folded or unfolded. */
  get version(): number {
    return this.changes;
  }

  /** The rows, and above each streak the line that stands for it. `over`: no row follows. */
  lines(rows: readonly Row[], over: boolean): readonly Line[] {
    if (this.read?.rows !== rows || this.read.over !== over) {
      this.streaks = streaksOf(rows, over);
      const all = rows.flatMap(row => {
        const streak = this.streaks.get(row.id);
        return streak?.id === row.id ? [streak, row] : [row];
      });
      this.read = { rows, over, all };
    }
    const streaks = new Set(this.streaks.values());
    this.openStreaks = new Set([...streaks].filter(streak => this.isOpen(streak)));
    return this.read.all;
  }

  isOpen(line: Line): boolean {
    const wanted = this.wanted.get(keyOf(line));
    if (wanted !== undefined) return wanted;
    // A row that the reader has opened is not folded away under their eyes.
    return 'rows' in line ? line.rows.some(row => this.isOpen(row)) : opensByItself(line);
  }

  /** How a row stands to a streak, as of the last `lines`. */
  placeOf(row: Row): 'none' | 'folded' | 'open' {
    const streak = this.streaks.get(row.id);
    if (streak === undefined) return 'none';
    return this.openStreaks.has(streak) ? 'open' : 'folded';
  }

  toggle(line: Line): void {
    this.wanted.set(keyOf(line), !this.isOpen(line));
    this.changes += 1;
  }

  /** Opens or folds all of them. */
  setAll(lines: readonly Line[], open: boolean): void {
    for (const line of lines) this.wanted.set(keyOf(line), open);
    this.changes += 1;
  }

  /** Unfolds a row, and what it is folded away in. */
  unfold(row: Row): void {
    const streak = this.streaks.get(row.id);
    if (streak !== undefined) this.wanted.set(keyOf(streak), true);
    this.wanted.set(row.id, true);
    this.changes += 1;
  }
}

/** Names a line among the others for as long as the view lives. */
export function keyOf(line: Line): number {
  return 'rows' in line ? -line.id : line.id;
}
