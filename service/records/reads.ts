import type { Backend } from './backend.js';
import { type Row, rowValue } from './row.js';
import type { Rows } from './rows.js';
import { checkedValue, staysOnDisk, type TableName, type Values } from './tables.js';

/** Deployed jobs ask for the same values all day long. */
const maxCachedValues = 20_000;

/**
 * Queries on rows in memory.
 * @param jsonOf the JSON of a row that stays on the disk; undefined when the row was deleted meanwhile
 */
export function readsOn(
  rows: Rows,
  jsonOf: (row: Row) => Promise<string | undefined>,
): Pick<Backend, 'get' | 'holders' | 'list' | 'count'> {
  const cache = new ValueCache();
  // The value of a row was checked when it became one, and values are read-only.
  const cachedValue = <Name extends TableName>(row: Row) => cache.valueOf(row) as Values[Name];
  function fromDisk<Name extends TableName>(
    table: Name,
    found: readonly (Row | undefined)[],
  ): Promise<(Values[Name] | undefined)[]> {
    return Promise.all(
      found.map(async (row) => {
        const json = row && (await jsonOf(row));
        return json === undefined ? undefined : checkedValue(table, JSON.parse(json));
      }),
    );
  }
  return {
    async get(table, keys) {
      const found = keys.map((key) => rows.get(table, key));
      if (staysOnDisk(table)) return fromDisk(table, found);
      return found.map((row) => row && cachedValue(row));
    },
    holders: async (table, constraint, values, organizationId) =>
      rows
        .holders(constraint, values, organizationId)
        .map((row) => (row?.table === table ? cachedValue(row) : undefined)),
    async list(table, query) {
      const found = rows.list(table, query);
      if (staysOnDisk(table)) return (await fromDisk(table, found)).filter((value) => value !== undefined);
      // A page of many rows would push out the others.
      return found.map((row) => (query.within ? cachedValue(row) : rowValue(row)));
    },
    count: async (table, column, where) => rows.count(table, column, where),
  };
}

/**
 * Keeps the parsed value on its row, so that a repeated read needs no lookup. When the cache is full, the value that was
 * parsed first is dropped.
 */
class ValueCache {
  readonly #rows: (Row | undefined)[] = new Array(maxCachedValues).fill(undefined);
  #next = 0;

  valueOf(row: Row): unknown {
    if (row.value !== undefined) return row.value;
    const gone = this.#rows[this.#next];
    if (gone) gone.value = undefined;
    this.#rows[this.#next] = row;
    this.#next = (this.#next + 1) % this.#rows.length;
    row.value = rowValue(row);
    return row.value;
  }
}
