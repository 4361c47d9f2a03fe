import type { OrganizationId } from '../../domain/ids.js';
import type { Row } from '../row.js';
import { type Rows, rowOf, type Staged } from '../rows.js';
import { checkedValue, type TableName, tableNames, tables } from '../tables.js';
import type { Document } from './document-file.js';

/** @throws Error with a message for the operator */
export const rowsIn = (document: Document, organizationId: OrganizationId): Row[] =>
  tableNames.flatMap((table) =>
    Array.from(document.rows(table), (text) => rowIn(table, text, organizationId)),
  );

function rowIn<Name extends TableName>(table: Name, text: string, organizationId: OrganizationId): Row {
  const value = checkedValue(table, JSON.parse(text));
  if (tables[table].organizationId(value) !== organizationId)
    throw new Error('a row in it is of another organization');
  return rowOf(table, value, text, organizationId);
}

/** Of a table, with the changes that are about to be written. */
export function* textsOf(rows: Rows, staged: Staged, table: TableName): Iterable<string> {
  const changes = new Map(
    [...staged.changes.values()].filter((one) => one.table === table).map((one) => [one.key, one]),
  );
  for (const { key, text } of rows.of(table, staged.organizationId)) {
    const change = changes.get(key);
    changes.delete(key);
    if (change === undefined) yield text;
    else if (change.next) yield change.next.text;
  }
  for (const { next } of changes.values()) if (next) yield next.text;
}
