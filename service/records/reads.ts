import type { Backend } from './backend.js';
import { RecentValues } from './recent-values.js';
import type { Row } from './row.js';
import { type Rows, rowValue } from './rows.js';
import type { TableName, Values } from './tables.js';

/** Deployed jobs ask for the same values all day long. */
const recentAtMost = 20_000;

/** Queries on rows in memory. */
export function readsOn(rows: Rows): Pick<Backend, 'get' | 'list' | 'count'> {
  const recent = new RecentValues(recentAtMost);
  // The value of a row was checked when it became one, and values are read-only.
  const recentValue = <Name extends TableName>(row: Row) => recent.of(row) as Values[Name];
  return {
    get: async (table, keys) =>
      keys.map((key) => {
        const row = rows.get(table, key);
        return row && recentValue(row);
      }),
    // A page of many rows would push out the others.
    list: async (table, query) =>
      rows.list(table, query).map((row) => (query.holding ? recentValue(row) : rowValue(row))),
    count: async (table, column, where) => rows.count(table, column, where),
  };
}
