import { z } from 'zod';
import { keysWithin } from '../../domain/scope.js';
import type { Backend, Query } from '../backend.js';
import type { Integrity } from '../integrity.js';
import { type Constraint, checkedValue, spaceOf, type TableName, tables, type Values } from '../tables.js';
import { snake } from './names.js';
import type { Session } from './sessions.js';
import { type StoredRow, storedRow, verifiedRows } from './signed-value.js';

const namedRow = storedRow.extend({ name: z.string() });

/** Queries on rows. Each row is checked against its signature. */
export function readsOn(
  session: Session,
  integrity: Integrity,
): Pick<Backend, 'get' | 'holders' | 'list' | 'count'> {
  async function valuesOf<Name extends TableName>(
    table: Name,
    rows: readonly StoredRow[],
  ): Promise<Values[Name][]> {
    return (await verifiedRows(table, rows, integrity)).map((value) => checkedValue(table, value));
  }
  /** The values of the statement's rows, in the order of their names. */
  async function inOrder<Name extends TableName>(
    table: Name,
    names: readonly string[],
    text: string,
    parameters: readonly unknown[],
  ): Promise<(Values[Name] | undefined)[]> {
    const rows = await session.query(namedRow, text, parameters);
    const values = await valuesOf(table, rows);
    const found = new Map(rows.map(({ name }, index) => [name, values[index]]));
    return names.map((name) => found.get(name));
  }
  return {
    async get(table, keys) {
      // PostgreSQL's text has no NUL, so no key has one.
      const known = keys.filter((key) => !key.includes('\0'));
      if (known.length === 0) return keys.map(() => undefined);
      const text = `SELECT key AS name, key, value, mac FROM ${snake(table)} WHERE key = ANY($1)`;
      return inOrder(table, keys, text, [known]);
    },
    holders: (table, constraint, values, organizationId) =>
      inOrder(
        table,
        values,
        `SELECT claims.value AS name, stored.key, stored.value, stored.mac
         FROM claims JOIN ${snake(table)} stored ON stored.key = row_key
         WHERE table_name = $1 AND claims.value = ANY($2) AND space = $3`,
        [snake(table), values, spaceOf(constraint, organizationId ?? '')],
      ),
    async list(table, query) {
      const { text, parameters } = listStatement(table, query);
      const rows = await valuesOf(table, await session.query(storedRow, text, parameters));
      return query.before === undefined ? rows : rows.reverse();
    },
    count: (table, column, where = {}) => countBy(session, table, snake(column), where),
  };
}

/** The number of rows with each value of a column. */
export async function countBy(
  session: Session,
  table: TableName,
  column: string,
  where: object,
): Promise<Map<string, number>> {
  const { parameters, bound } = binding();
  const counted = await session.query(
    z.object({ name: z.string().nullable(), count: z.coerce.number() }),
    `SELECT ${column} AS name, COUNT(*) AS count FROM ${snake(table)}
     WHERE ${conditions(where, bound).join(' AND ')} GROUP BY ${column}`,
    parameters,
  );
  return new Map(counted.map(({ name, count }) => [name ?? '', count]));
}

function listStatement<Name extends TableName>(
  table: Name,
  { order, limit, organizationId, where = {}, after, before, upTo, holding, search, within }: Query<Name>,
): { text: string; parameters: unknown[] } {
  const name = snake(table);
  const sorted = tables[table].orders[order];
  const column = typeof sorted === 'string' ? snake(sorted) : undefined;
  const { parameters, bound } = binding();
  const parts = conditions({ ...where, organizationId }, bound);
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
  const claimed = (constraint: Constraint, which: string) =>
    `key IN (SELECT row_key FROM claims WHERE space = ${bound(spaceOf(constraint, organizationId ?? ''))}
       AND table_name = ${bound(name)} AND ${which})`;
  const between = (range: { after: string; before: string }) =>
    `value > ${bound(range.after)} AND value < ${bound(range.before)}`;
  if (within !== undefined)
    parts.push(claimed('scope', `(value = ${bound(within)} OR (${between(keysWithin(within))}))`));
  if (holding)
    parts.push(claimed(holding.constraint, `${between(holding)} ORDER BY value LIMIT ${bound(limit)}`));
  const sort = `${column ? `${column} ${direction}, key` : 'key'} ${direction}`;
  return {
    text: `SELECT key, value, mac FROM ${name} WHERE ${parts.join(' AND ')} ORDER BY ${sort} LIMIT ${bound(limit)}`,
    parameters,
  };
}

/** The parameters of a statement, and their placeholders. */
function binding(): { parameters: unknown[]; bound: (value: unknown) => string } {
  const parameters: unknown[] = [];
  return { parameters, bound: (value) => `$${parameters.push(value)}` };
}

function conditions(where: object, bound: (value: unknown) => string): string[] {
  const wanted = Object.entries(where).filter(([, value]) => value !== undefined);
  return ['TRUE', ...wanted.map(([column, value]) => `${snake(column)} = ${bound(value)}`)];
}
