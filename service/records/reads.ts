import type { Backend } from './backend.js';
import { RecentValues } from './recent-values.js';
import { type Row, rowValue } from './row.js';
import type { Rows } from './rows.js';
import { checkedValue, staysOnDisk, type TableName, type Values } from './tables.js';

/** Deployed jobs ask for the same values all day long. */
const recentAtMost = 20_000;

/**
 * Queries on rows in memory.
 * @param textOf the JSON of a row that stays on the disk; undefined when the row went meanwhile
 */
export function readsOn(
  rows: Rows,
  textOf: (row: Row) => Promise<string | undefined>,
): Pick<Backend, 'get' | 'holders' | 'list' | 'count'> {
  const recent = new RecentValues(recentAtMost);
  // The value of a row was checked when it became one, and values are read-only.
  const recentValue = <Name extends TableName>(row: Row) => recent.of(row) as Values[Name];
  function fromDisk<Name extends TableName>(
    table: Name,
    found: readonly (Row | undefined)[],
  ): Promise<(Values[Name] | undefined)[]> {
    return Promise.all(
      found.map(async (row) => {
        const text = row && (await textOf(row));
        return text === undefined ? undefined : checkedValue(table, JSON.parse(text));
      }),
    );
  }
  return {
    async get(table, keys) {
      const found = keys.map((key) => rows.get(table, key));
      if (staysOnDisk(table)) return fromDisk(table, found);
      return found.map((row) => row && recentValue(row));
    },
    holders: async (table, constraint, values, organizationId) =>
      rows
        .holders(constraint, values, organizationId)
        .map((row) => (row?.table === table ? recentValue(row) : undefined)),
    async list(table, query) {
      const found = rows.list(table, query);
      if (staysOnDisk(table)) return (await fromDisk(table, found)).filter((value) => value !== undefined);
      // A page of many rows would push out the others.
      return found.map((row) => (query.holding ? recentValue(row) : rowValue(row)));
    },
    count: async (table, column, where) => rows.count(table, column, where),
  };
}
