import type { AuditRecord } from '../../domain/audit.js';
import type { Transaction } from '../backend.js';
import type { Place, Row } from '../row.js';
import { type Rows, rowOf, rowValue } from '../rows.js';
import type { Staged } from '../staged.js';
import type { TableName } from '../tables.js';

/** A transaction on rows in memory. */
export const transactionOn = (
  staged: Staged,
  around: {
    readonly textAt: (place: Place) => string;
    readonly audit: (records: readonly AuditRecord[]) => void;
    /** Something in it is to last. */
    readonly lasting: () => void;
    readonly forget: () => void;
  },
): Transaction => ({
  async get(table, key) {
    const row = staged.get(table, key);
    return row && rowValue(row, around.textAt);
  },
  count: async (table, where) => staged.count(table, where),
  holder: async (constraint, value) => staged.holder(constraint, value)?.key,
  async put(table, value, { lasting = true } = {}) {
    const row = rowOf(table, value);
    staged.put(table, row.key, row);
    if (lasting) around.lasting();
  },
  async delete(table, key) {
    if (staged.get(table, key) === undefined) return;
    staged.put(table, key, undefined);
    around.lasting();
  },
  audit(records) {
    around.audit(records);
    around.lasting();
  },
  forgetVersionBefore: around.forget,
});

/** The rows of a table with staged changes applied. */
export function* rowsOf(rows: Rows, staged: Staged, table: TableName): Iterable<Row> {
  const changes = new Map(
    [...staged.changes.values()].filter((one) => one.table === table).map((one) => [one.key, one]),
  );
  for (const row of rows.of(table, staged.organizationId)) {
    const change = changes.get(row.key);
    changes.delete(row.key);
    if (change === undefined) yield row;
    else if (change.next) yield change.next;
  }
  for (const { next } of changes.values()) if (next) yield next;
}
