import type { Row } from './row.js';

/** The place of a row in a list; the row itself may be gone. */
type SortKey = Pick<Row, 'key'> & Partial<Pick<Row, 'columns'>>;

/** Rows by a column and then by key. Added rows are sorted at the next read: a start adds many. */
export class SortedRows {
  #sorted: Row[] = [];
  #added: Row[] = [];

  constructor(readonly column: string | null) {}

  get size(): number {
    return this.#sorted.length + this.#added.length;
  }

  replace(before: Row | undefined, next: Row | undefined): void {
    if (before && this.#contains(before)) {
      this.#settle();
      const index = this.#indexOf(before);
      const isThere = this.#sorted[index] === before;
      if (isThere && next && this.#compare(before, next) === 0) {
        this.#sorted[index] = next;
        return;
      }
      if (isThere) this.#sorted.splice(index, 1);
    }
    if (next && this.#contains(next)) this.#added.push(next);
  }

  /** The rows behind a cursor; all rows without one. */
  after(cursor: SortKey | undefined): readonly Row[] {
    this.#settle();
    if (cursor === undefined) return this.#sorted;
    const index = this.#indexOf(cursor);
    const first = this.#sorted[index];
    return this.#sorted.slice(first && this.#compare(first, cursor) === 0 ? index + 1 : index);
  }

  /** The rows in front of a cursor, the nearest first. */
  before(cursor: SortKey): readonly Row[] {
    this.#settle();
    return this.#sorted.slice(0, this.#indexOf(cursor)).reverse();
  }

  #settle(): void {
    if (this.#added.length === 0) return;
    if (this.#added.length > 64) {
      for (const row of this.#added) this.#sorted.push(row);
      this.#sorted.sort((one, other) => this.#compare(one, other));
    } else for (const row of this.#added) this.#sorted.splice(this.#indexOf(row), 0, row);
    this.#added = [];
  }

  /** A row without a value in the column is not in the list. */
  #contains({ columns }: Row): boolean {
    return this.column === null || columns[this.column] !== undefined;
  }

  /** The index of a row, or the one at which it would be inserted. */
  #indexOf(wanted: SortKey): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.#sorted[middle];
      if (row && this.#compare(row, wanted) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(one: SortKey, other: SortKey): number {
    if (this.column !== null) {
      const [mine, theirs] = [one.columns?.[this.column] ?? '', other.columns?.[this.column] ?? ''];
      if (mine !== theirs) return mine < theirs ? -1 : 1;
    }
    return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
  }
}
