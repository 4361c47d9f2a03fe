import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import { keysWithin } from '../../domain/scope.js';
import type { Query } from '../backend.js';
import type { Integrity } from '../integrity.js';
import { type Constraint, checkedValue, spaceOf, type TableName, tables, type Values } from '../tables.js';
import { snake } from './names.js';
import type { Session } from './sessions.js';
import { type StoredRow, storedRow, verifiedRows } from './signed-value.js';

/** Those that are there, by key. */
export async function rowsOf<Name extends TableName>(
  session: Session,
  integrity: Integrity,
  table: Name,
  keys: readonly string[],
): Promise<Map<string, Values[Name]>> {
  // PostgreSQL's text has no NUL, so that no key has one.
  const known = keys.filter((key) => !key.includes('\0'));
  if (known.length === 0) return new Map();
  const found = await select(session, integrity, table, 'WHERE key = ANY($1)', [known]);
  return new Map(found.map((value) => [tables[table].key(value), value]));
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
  const rows = await session.query(
    storedRow.extend({ held: z.string() }),
    `SELECT claims.value AS held, stored.key, stored.value, stored.mac
     FROM claims JOIN ${snake(table)} stored ON stored.key = row_key
     WHERE table_name = $1 AND claims.value = ANY($2) AND space = $3`,
    [snake(table), values, spaceOf(constraint, organizationId ?? '')],
  );
  const holders = await valuesOf(table, rows, integrity);
  const found = new Map(rows.map(({ held }, index) => [held, holders[index]]));
  return values.map((value) => found.get(value));
}

async function select<Name extends TableName>(
  session: Session,
  integrity: Integrity,
  table: Name,
  which: string,
  values: readonly unknown[],
): Promise<Values[Name][]> {
  const text = `SELECT key, value, mac FROM ${snake(table)} ${which}`;
  return valuesOf(table, await session.query(storedRow, text, values), integrity);
}

/** Of the rows, in their order; each is checked against its signature. */
async function valuesOf<Name extends TableName>(
  table: Name,
  rows: readonly StoredRow[],
  integrity: Integrity,
): Promise<Values[Name][]> {
  return (await verifiedRows(table, rows, integrity)).map((value) => checkedValue(table, value));
}

export async function countRows(
  session: Session,
  table: TableName,
  where: object,
  column: string,
): Promise<Map<string, number>> {
  const values: unknown[] = [];
  const filter = conditions(where, values);
  const counted = await session.query(
    z.object({ name: z.string().nullable(), count: z.coerce.number() }),
    `SELECT ${column} AS name, COUNT(*) AS count FROM ${snake(table)} ${filter} GROUP BY ${column}`,
    values,
  );
  return new Map(counted.map(({ name, count }) => [name ?? '', count]));
}

export async function listRows<Name extends TableName>(
  session: Session,
  integrity: Integrity,
  table: Name,
  { order, limit, organizationId, where = {}, after, before, upTo, holding, search, within }: Query<Name>,
): Promise<Values[Name][]> {
  const name = snake(table);
  const sorted = tables[table].orders[order];
  const column = typeof sorted === 'string' ? snake(sorted) : undefined;
  const values: unknown[] = [];
  const bound = (value: unknown) => `$${values.push(value)}`;
  const parts = [conditions({ ...where, organizationId }, values).replace('WHERE ', '') || 'TRUE'];
  if (search) parts.push(`strpos(${snake(search.column)}, ${bound(search.text)}) > 0`);
  if (column) parts.push(`${column} IS NOT NULL`);
  if (upTo !== undefined && column) parts.push(`${column} <= ${bound(upTo)}`);
  const [isBehind, direction] = before === undefined ? ['>', ''] : ['<', 'DESC'];
  const place = before ?? after;
  if (place !== undefined)
    parts.push(
      column
        ? `(${column}, key) ${isBehind} (SELECT ${column}, key FROM ${name} WHERE key = ${bound(place)})`
        : `key ${isBehind} ${bound(place)}`,
    );
  const claimed = (constraint: Constraint, of: string) =>
    `key IN (SELECT row_key FROM claims WHERE space = ${bound(spaceOf(constraint, organizationId ?? ''))}
       AND table_name = ${bound(name)} AND ${of})`;
  if (within !== undefined) {
    const { after: first, before } = keysWithin(within);
    const isIn = `value > ${bound(first)} AND value < ${bound(before)}`;
    parts.push(claimed('scope', `(value = ${bound(within)} OR (${isIn}))`));
  }
  if (holding) {
    const range = `value > ${bound(holding.after)} AND value < ${bound(holding.before)}`;
    parts.push(claimed(holding.constraint, `${range} ORDER BY value LIMIT ${bound(limit)}`));
  }
  const inOrder = `${column ? `${column} ${direction}, key` : 'key'} ${direction}`;
  const which = `WHERE ${parts.join(' AND ')} ORDER BY ${inOrder} LIMIT ${bound(limit)}`;
  const found = await select(session, integrity, table, which, values);
  return before === undefined ? found : found.reverse();
}

function conditions(where: object, values: unknown[]): string {
  const wanted = Object.entries(where).filter(([, value]) => value !== undefined);
  const parts = wanted.map(([column, value]) => `${snake(column)} = $${values.push(value)}`);
  return parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
}
