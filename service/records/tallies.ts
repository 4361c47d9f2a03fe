import type { Row } from './row.js';

/** How many rows have these values in the columns that are counted. */
export interface Tally {
  readonly columns: Row['columns'];
  count: number;
}

/** Counts of rows by their columns of few values, without a look at the rows. */
export class Tallies {
  readonly #byValues = new Map<string, Tally>();

  constructor(private readonly counted: readonly string[] = []) {}

  add(row: Row | undefined, by: number): void {
    if (row === undefined || this.counted.length === 0) return;
    const values = this.counted.map((name) => row.columns[name]).join(' ');
    const tally = this.#byValues.get(values) ?? { columns: row.columns, count: 0 };
    tally.count += by;
    if (tally.count === 0) this.#byValues.delete(values);
    else this.#byValues.set(values, tally);
  }

  /** Undefined when one of the columns is not counted. */
  of(columns: readonly string[]): Iterable<Tally> | undefined {
    return columns.every((name) => this.counted.includes(name)) ? this.#byValues.values() : undefined;
  }
}
