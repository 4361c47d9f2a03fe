import type { OrganizationId } from '../domain/ids.js';
import { type Claim, claimsOf, type TableName, tables, type Values } from './tables.js';

/** The bytes of a value in its organization's document, and their digest. */
export interface DiskRange {
  readonly offset: number;
  readonly bytes: number;
  readonly digest: string;
}

/** A row in memory: its value as JSON, a third of the size of the object, and the columns that queries use. */
export interface Row {
  readonly table: TableName;
  readonly organizationId: OrganizationId;
  readonly key: string;
  /** A range once it was written, if the rows of its table stay on the disk. */
  json: string | DiskRange;
  readonly columns: { readonly [name: string]: string | undefined };
  /** The parsed value, while the row is one of those read lately. */
  value?: unknown;
}

export function rowOf<Name extends TableName>(
  table: Name,
  value: Values[Name],
  json = JSON.stringify(value),
  /** One string in memory for all rows of an organization. */
  organizationId = tables[table].organizationId(value),
): Row {
  const of = tables[table];
  const entries = Object.entries(of.columns).map(([name, column]) => [name, column(value)] as const);
  const { key, columns } = packed({ key: of.key(value), columns: Object.fromEntries(entries) });
  return { table, organizationId, key, json, columns: entries.length === 0 ? noColumns : columns };
}

/** One object in memory for all rows without columns. */
export const noColumns = {};

/** A JSON round trip saves a third of the memory: no spare room in objects, no strings that keep a larger one alive. */
const packed = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

/** The value of a row, which was checked when it became one. */
export function rowValue<Name extends TableName>(
  { table, json }: Row,
  jsonAt = (_: DiskRange): string => {
    throw new TypeError(`A row of ${table} is on the disk.`);
  },
): Values[Name] {
  return JSON.parse(typeof json === 'string' ? json : jsonAt(json));
}

/** The values that a row holds and no other may. */
export const claimsOfRow = (row: Row | undefined): Claim[] =>
  row && tables[row.table].unique ? claimsOf(row.table, rowValue(row)) : [];
