import type { OrganizationId } from '../domain/ids.js';
import { type Claim, claimsOf, type TableName, tables, type Values } from './tables.js';

/** Where a value stands in its organization's document, and what it is. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
  readonly digest: string;
}

/** A row in memory: its value as JSON text, a third of the size of the object, and what questions ask by. */
export interface Row {
  readonly table: TableName;
  readonly organizationId: OrganizationId;
  readonly key: string;
  /** A place once it was written, if the rows of its table stay on the disk. */
  text: string | Place;
  readonly columns: { readonly [name: string]: string | undefined };
  /** The value itself while it is one of those read lately. */
  value?: unknown;
}

export function rowOf<Name extends TableName>(
  table: Name,
  value: Values[Name],
  text = JSON.stringify(value),
  /** One text in memory for all rows of an organization. */
  organizationId = tables[table].organizationId(value),
): Row {
  const of = tables[table];
  const entries = Object.entries(of.columns).map(([name, column]) => [name, column(value)] as const);
  const { key, columns } = packed({ key: of.key(value), columns: Object.fromEntries(entries) });
  return { table, organizationId, key, text, columns: entries.length === 0 ? noColumns : columns };
}

const noColumns = {};

/** A third smaller in memory: its objects have no room for more members, and its strings are no parts of others. */
const packed = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

/** The value of a row, which was checked when it became one. */
export function rowValue<Name extends TableName>(
  { table, text }: Row,
  textAt = (_: Place): string => {
    throw new TypeError(`A row of ${table} is on the disk.`);
  },
): Values[Name] {
  return JSON.parse(typeof text === 'string' ? text : textAt(text));
}

/** The values that a row holds and no other may. */
export const claimsOfRow = (row: Row | undefined): Claim[] =>
  row && tables[row.table].unique ? claimsOf(row.table, rowValue(row)) : [];
