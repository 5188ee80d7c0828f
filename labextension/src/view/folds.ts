import { opensByItself } from './rows';
import type { Row } from './state';
import { type Streak, streaksOf } from './streaks';

/** What is folded and what is open: by itself, or because the reader wants it so. */
export class Folds {
  /** Rows by their id, streaks by the negative of theirs. */
  private readonly wanted = new Map<number, boolean>();
  private streaks: ReadonlyMap<number, Streak> = new Map();

  /** The rows, and above each streak the line that stands for it. `over`: no row follows. */
  lines(rows: readonly Row[], over: boolean): (Row | Streak)[] {
    this.streaks = streaksOf(rows, over);
    return rows.flatMap(row => {
      const streak = this.streaks.get(row.id);
      return streak?.id === row.id ? [streak, row] : [row];
    });
  }

  isOpen(line: Row | Streak): boolean {
    const wanted = this.wanted.get(keyOf(line));
    if (wanted !== undefined) return wanted;
    // A row that the reader has opened is not folded away under their eyes.
    return 'rows' in line ? line.rows.some(row => this.isOpen(row)) : opensByItself(line);
  }

  /** How a row stands to a streak, as of the last `lines`. */
  placeOf(row: Row): 'none' | 'folded' | 'open' {
    const streak = this.streaks.get(row.id);
    if (streak === undefined) return 'none';
    return this.isOpen(streak) ? 'open' : 'folded';
  }

  toggle(line: Row | Streak): void {
    this.wanted.set(keyOf(line), !this.isOpen(line));
  }
}

/** Names a line among the others for as long as the view lives. */
export function keyOf(line: Row | Streak): number {
  return 'rows' in line ? -line.id : line.id;
}
