import type { Row } from './row.js';

type Placed = Pick<Row, 'key'> & Partial<Pick<Row, 'columns'>>;

/** Rows by a column and then by key. Added rows are sorted at the next read: a start adds many. */
export class SortedRows {
  #sorted: Row[] = [];
  #added: Row[] = [];

  constructor(readonly column: string | null) {}

  replace(before: Row | undefined, next: Row | undefined): void {
    if (before && this.#contains(before)) {
      this.#settle();
      const place = this.#placeOf(before);
      const isThere = this.#sorted[place] === before;
      if (isThere && next && this.#compare(before, next) === 0) {
        this.#sorted[place] = next;
        return;
      }
      if (isThere) this.#sorted.splice(place, 1);
    }
    if (next && this.#contains(next)) this.#added.push(next);
  }

  /** Those behind that place, which need not be taken. */
  after(place: Placed | undefined): readonly Row[] {
    this.#settle();
    if (place === undefined) return this.#sorted;
    const index = this.#placeOf(place);
    const first = this.#sorted[index];
    return this.#sorted.slice(first && this.#compare(first, place) === 0 ? index + 1 : index);
  }

  /** Those in front of that place, the nearest first. */
  before(place: Placed | undefined): readonly Row[] {
    this.#settle();
    return place === undefined ? [] : this.#sorted.slice(0, this.#placeOf(place)).reverse();
  }

  #settle(): void {
    if (this.#added.length === 0) return;
    if (this.#added.length > 64) {
      for (const row of this.#added) this.#sorted.push(row);
      this.#sorted.sort((one, other) => this.#compare(one, other));
    } else for (const row of this.#added) this.#sorted.splice(this.#placeOf(row), 0, row);
    this.#added = [];
  }

  /** A row without a value in the column is not in the list. */
  #contains({ columns }: Row): boolean {
    return this.column === null || columns[this.column] !== undefined;
  }

  /** Where it stands, or would stand. */
  #placeOf(wanted: Placed): number {
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

  #compare(one: Placed, other: Placed): number {
    const [mine, theirs] =
      this.column === null
        ? ['', '']
        : [one.columns?.[this.column] ?? '', other.columns?.[this.column] ?? ''];
    if (mine !== theirs) return mine < theirs ? -1 : 1;
    return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
  }
}
