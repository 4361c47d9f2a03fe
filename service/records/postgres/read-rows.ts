import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import type { Integrity } from '../integrity.js';
import { type Constraint, checkedValue, constraints, type TableName, type Values } from '../tables.js';
import { claimsTable, snake } from './names.js';
import type { Session } from './sessions.js';
import { partsOf, storedRow, verified } from './signed-value.js';

export async function getRows<Name extends TableName>(
  session: Session,
  integrity: Integrity,
  table: Name,
  keys: readonly string[],
): Promise<(Values[Name] | undefined)[]> {
  // PostgreSQL's text has no NUL, so that no key has one.
  const known = keys.filter((key) => !key.includes('\0'));
  if (known.length === 0) return keys.map(() => undefined);
  const text = `SELECT key, value, mac FROM ${snake(table)} WHERE key = ANY($1)`;
  const rows = await session.query(storedRow, text, [known]);
  const values = await valuesOf(table, rows, integrity);
  const found = new Map(rows.map(({ key }, index) => [key, values[index]]));
  return keys.map((key) => found.get(key));
}

/** The rows that hold these values, which are unique; in their order. */
export async function holderRows<Name extends TableName>(
  session: Session,
  integrity: Integrity,
  table: Name,
  constraint: Constraint,
  values: readonly string[],
  organizationId: OrganizationId | undefined,
): Promise<(Values[Name] | undefined)[]> {
  const own = constraints[constraint] === 'organization';
  const rows = await session.query(
    storedRow.extend({ held: z.string() }),
    `SELECT claim.value AS held, stored.key, stored.value, stored.mac
     FROM ${claimsTable(constraint)} claim JOIN ${snake(table)} stored ON stored.key = claim.row_key
     WHERE claim.table_name = $1 AND claim.value = ANY($2) ${own ? 'AND claim.organization_id = $3' : ''}`,
    [snake(table), values, ...(own ? [organizationId] : [])],
  );
  const holders = await valuesOf(table, rows, integrity);
  const found = new Map(rows.map(({ held }, index) => [held, holders[index]]));
  return values.map((value) => found.get(value));
}

/** Of the rows, in their order; each is checked against its signature. */
export async function valuesOf<Name extends TableName>(
  table: Name,
  rows: readonly z.infer<typeof storedRow>[],
  integrity: Integrity,
): Promise<Values[Name][]> {
  await integrity.learn(rows.map(({ mac }) => partsOf(mac)[0]));
  return rows.map((row) => checkedValue(table, verified(`${table} ${row.key}`, row, integrity)));
}
