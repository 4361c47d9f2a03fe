import { type Row, rowValue } from './row.js';

/**
 * Parsed values of the rows that were read lately, each beside its row: reading one that is there costs no lookup, and
 * nothing moves in memory while the same rows are read. When there are too many, the one parsed first goes.
 */
export class RecentValues {
  readonly #rows: (Row | undefined)[];
  #next = 0;

  constructor(atMost: number) {
    this.#rows = new Array(atMost).fill(undefined);
  }

  of(row: Row): unknown {
    if (row.value !== undefined) return row.value;
    const gone = this.#rows[this.#next];
    if (gone) gone.value = undefined;
    this.#rows[this.#next] = row;
    this.#next = (this.#next + 1) % this.#rows.length;
    row.value = rowValue(row);
    return row.value;
  }
}
