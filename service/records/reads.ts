import type { Backend } from './backend.js';
import { RecentValues } from './recent-values.js';
import type { Row } from './row.js';
import { type Rows, rowValue } from './rows.js';
import type { TableName, Values } from './tables.js';

/** Values that were read lately: what is deployed asks for the same ones all day long. */
const recentAtMost = 10_000;

/** Queries on rows in memory. */
export function readsOn(rows: Rows): Pick<Backend, 'get' | 'list' | 'count'> {
  const recent = new RecentValues<Row>(recentAtMost);
  function recentValue<Name extends TableName>(row: Row): Values[Name] {
    const known = recent.get(row);
    // Cached columns derive from the row, and values are read-only.
    if (known !== undefined) return known as Values[Name];
    const value = rowValue<Name>(row);
    recent.set(row, value);
    return value;
  }
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
