import { z } from 'zod';
import { isKeyWithin, keysWithin } from '../../domain/scope.js';
import type { Backend, Query } from '../backend.js';
import type { Integrity } from '../integrity.js';
import { checkedValue, claimsOf, spaceOf, type TableName, tables, type Values } from '../tables.js';
import { snake } from './names.js';
import type { Session } from './sessions.js';
import { damagedRow, type StoredRow, storedRow, verifiedRows } from './signed-value.js';

const namedRow = storedRow.extend({ name: z.string() });

/** Queries on rows. Each row is checked against its signature, and what found it against the signed value. */
export function readsOn(
  session: Session,
  integrity: Integrity,
): Pick<Backend, 'get' | 'holders' | 'list' | 'count'> {
  async function valuesOf<Name extends TableName, Found extends StoredRow>(
    table: Name,
    rows: readonly Found[],
    isFound: (value: Values[Name], row: Found) => boolean,
  ): Promise<Values[Name][]> {
    const values = (await verifiedRows(table, rows, integrity)).map((value) => checkedValue(table, value));
    for (const [index, row] of rows.entries()) {
      const value = values[index];
      if (value && !isFound(value, row))
        throw damagedRow(table, row.key, 'a column or claim that leads to it was edited');
    }
    return values;
  }
  /** The values of the statement's rows, in the order of their names. */
  async function inOrder<Name extends TableName>(
    table: Name,
    names: readonly string[],
    text: string,
    parameters: readonly unknown[],
    isFound: (value: Values[Name], row: { readonly name: string }) => boolean,
  ): Promise<(Values[Name] | undefined)[]> {
    const rows = await session.query(namedRow, text, parameters);
    const values = await valuesOf(table, rows, isFound);
    const found = new Map(rows.map(({ name }, index) => [name, values[index]]));
    return names.map((name) => found.get(name));
  }
  return {
    async get(table, keys) {
      // PostgreSQL's text has no NUL, so no key has one.
      const known = keys.filter((key) => !key.includes('\0'));
      if (known.length === 0) return keys.map(() => undefined);
      const text = `SELECT key AS name, key, value, mac FROM ${snake(table)} WHERE key = ANY($1)`;
      return inOrder(table, keys, text, [known], (value, { name }) => tables[table].key(value) === name);
    },
    holders: (table, constraint, values, organizationId) =>
      inOrder(
        table,
        values,
        `SELECT claims.value AS name, stored.key, stored.value, stored.mac
         FROM claims JOIN ${snake(table)} stored ON stored.key = row_key
         WHERE table_name = $1 AND claims.value = ANY($2) AND space = $3`,
        [snake(table), values, spaceOf(constraint, organizationId ?? '')],
        (value, { name }) =>
          isOwnedBy(table, value, organizationId) &&
          claimsOf(table, value).some((claim) => claim.constraint === constraint && claim.value === name),
      ),
    async list(table, query) {
      const { text, parameters } = listStatement(table, query);
      const found = await session.query(storedRow, text, parameters);
      const rows = await valuesOf(table, found, (value) => isWanted(table, value, query));
      return query.before === undefined ? rows : rows.reverse();
    },
    count: (table, column, where = {}) => countBy(session, table, snake(column), where),
  };
}

const isOwnedBy = <Name extends TableName>(table: Name, value: Values[Name], id: string | undefined) =>
  (id ?? tables[table].organizationId(value)) === tables[table].organizationId(value);

/** Columns and claims are not signed: whose a row is, and where it applies, is what its value says. */
const isWanted = <Name extends TableName>(
  table: Name,
  value: Values[Name],
  { organizationId, within }: Query<Name>,
): boolean =>
  isOwnedBy(table, value, organizationId) &&
  (within === undefined ||
    claimsOf(table, value).some(
      (claim) => claim.constraint === 'scope' && isKeyWithin(within.scope)(claim.value),
    ));

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
  { order, limit, organizationId, where = {}, after, before, upTo, search, within }: Query<Name>,
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
  if (within) {
    const { scope, first } = within;
    const narrower = keysWithin(scope);
    parts.push(
      `key IN (SELECT row_key FROM claims WHERE space = ${bound(spaceOf('scope', organizationId ?? ''))}
       AND table_name = ${bound(name)} AND value >= ${bound(scope)} AND value < ${bound(narrower.before)}
       AND (value = ${bound(scope)} OR value > ${bound(narrower.after)})
       ${first === undefined ? '' : `ORDER BY value LIMIT ${bound(first)}`})`,
    );
  }
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
