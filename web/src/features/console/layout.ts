/** Where lines stand, in rows of equal height. Pure. */

import type { Line } from "./log-window";

export class Layout {
  #ends: Float64Array = new Float64Array(0);
  readonly count: number;

  /** `columns` 0: lines aren't wrapped. */
  constructor(
    lines: readonly Line[],
    readonly columns: number,
  ) {
    this.count = lines.length;
    if (columns === 0) return;
    this.#ends = new Float64Array(lines.length);
    let rows = 0;
    for (let i = 0; i < lines.length; i += 1) {
      rows += Math.max(1, Math.ceil((lines[i]?.cells ?? 0) / columns));
      this.#ends[i] = rows;
    }
  }

  get rows(): number {
    return this.top(this.count);
  }

  /** Rows above a line. */
  top(index: number): number {
    const at = Math.min(Math.max(index, 0), this.count);
    if (this.columns === 0) return at;
    return at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
  }

  /** The line at a row. */
  at(row: number): number {
    if (this.columns === 0)
      return Math.min(Math.max(0, Math.floor(row)), Math.max(0, this.count - 1));
    let low = 0;
    let high = Math.max(0, this.count - 1);
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
