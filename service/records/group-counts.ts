import type { Row } from './row.js';

/** The number of rows with these values in the counted columns. */
export interface GroupCount {
  readonly columns: Row['columns'];
  count: number;
}

/** Counts of rows by their columns of few values, without a look at the rows. */
export class GroupCounts {
  readonly #byValues = new Map<string, GroupCount>();

  constructor(private readonly counted: readonly string[] = []) {}

  add(row: Row | undefined, by: number): void {
    if (row === undefined || this.counted.length === 0) return;
    const values = this.counted.map((name) => row.columns[name]).join(' ');
    const group = this.#byValues.get(values) ?? { columns: row.columns, count: 0 };
    group.count += by;
    if (group.count === 0) this.#byValues.delete(values);
    else this.#byValues.set(values, group);
  }

  /** The counts by these columns; undefined when one of them is not counted. */
  by(columns: readonly string[]): Iterable<GroupCount> | undefined {
    return columns.every((name) => this.counted.includes(name)) ? this.#byValues.values() : undefined;
  }
}
