/** Heights of lines one below the other; only those that were shown are known, the others guessed. */
export class Heights {
  private readonly known = new Map<number, number>();
  /** Where each line begins, and at the end where the last one ends; px. */
  private tops = new Float64Array(1);
  private keys: readonly number[] = [];

  /** Lays lines out; a key names a line for as long as its height is worth remembering. */
  lay(keys: readonly number[], guess: (index: number) => number): void {
    this.keys = keys;
    this.tops = new Float64Array(keys.length + 1);
    let top = 0;
    keys.forEach((key, index) => {
      top += this.known.get(key) ?? guess(index);
      this.tops[index + 1] = top;
    });
  }

  top(index: number): number {
    return this.tops[index] ?? 0;
  }

  get total(): number {
    return this.top(this.keys.length);
  }

  /** The line at a height; the first or the last for one above or below them all. */
  at(offset: number): number {
    let low = 0;
    let high = this.keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Takes a line's real height; returns by how much those below it move. */
  measure(index: number, height: number): number {
    const key = this.keys[index];
    if (key === undefined) return 0;
    const change = height - (this.top(index + 1) - this.top(index));
    this.known.set(key, height);
    if (change !== 0) {
      for (let below = index + 1; below < this.tops.length; below++)
        this.tops[below] = this.top(below) + change;
    }
    return change;
  }
}
