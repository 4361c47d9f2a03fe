import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import { type Transaction, UniqueConflict } from '../backend.js';
import type { Integrity } from '../integrity.js';
import { type Claim, claimsOf, spaceOf, type TableName, tables, type Values } from '../tables.js';
import { snake } from './names.js';
import { countBy, readsOn } from './read-rows.js';
import { anyRow, type Session } from './sessions.js';
import { signed } from './signed-value.js';

/** The writes of an organization's transaction. */
export function transactionOn(
  session: Session,
  integrity: Integrity,
  organizationId: OrganizationId,
  audit: Transaction['audit'],
): Transaction {
  const reads = readsOn(session, integrity);
  const get: Transaction['get'] = async (table, key) => (await reads.get(table, [key]))[0];
  return {
    get,
    audit,
    async count(table, where) {
      const counts = await countBy(session, table, 'organization_id', { ...where, organizationId });
      return counts.get(organizationId) ?? 0;
    },
    dropFormerVersion() {},
    async holder(constraint, value) {
      const [found] = await session.query(
        z.object({ row_key: z.string() }),
        'SELECT row_key FROM claims WHERE space = $1 AND value = $2',
        [spaceOf(constraint, organizationId), value],
      );
      return found?.row_key;
    },
    async put(table, value) {
      const key = tables[table].key(value);
      const before = tables[table].unique && (await get(table, key));
      await upsert(session, snake(table), columnsOf(table, value, integrity));
      await moveClaims(session, organizationId, table, key, before, value);
    },
    async delete(table, key) {
      if (tables[table].unique)
        await moveClaims(session, organizationId, table, key, await get(table, key), undefined);
      await session.query(anyRow, `DELETE FROM ${snake(table)} WHERE key = $1 AND organization_id = $2`, [
        key,
        organizationId,
      ]);
    },
  };
}

/** Replaces the claims of a row. @throws UniqueConflict; the transaction stays usable */
async function moveClaims<Name extends TableName>(
  session: Session,
  organizationId: OrganizationId,
  table: Name,
  key: string,
  before: Values[Name] | undefined,
  next: Values[Name] | undefined,
): Promise<void> {
  const [had, wanted] = [before, next].map((value) => (value ? claimsOf(table, value) : []));
  const holder = [organizationId, snake(table), key];
  const lists = (claims: readonly Claim[]) => [
    claims.map(({ constraint }) => spaceOf(constraint, organizationId)),
    claims.map(({ value }) => value),
  ];
  const gone = without(had, wanted);
  if (gone.length > 0)
    await session.query(
      anyRow,
      `DELETE FROM claims USING unnest($1::text[], $2::text[]) AS gone (space, value)
       WHERE claims.space = gone.space AND claims.value = gone.value
         AND organization_id = $3 AND table_name = $4 AND row_key = $5`,
      [...lists(gone), ...holder],
    );
  const added = without(wanted, had);
  if (added.length === 0) return;
  const inserted = await session.query(
    z.object({ space: z.string(), value: z.string() }),
    `INSERT INTO claims (space, value, organization_id, table_name, row_key)
     SELECT space, value, $3, $4, $5 FROM unnest($1::text[], $2::text[]) AS wanted (space, value)
     ON CONFLICT DO NOTHING RETURNING space, value`,
    [...lists(added), ...holder],
  );
  for (const { constraint, value } of added)
    if (!inserted.some((one) => one.value === value && one.space === spaceOf(constraint, organizationId)))
      throw new UniqueConflict(constraint);
}

/** Sorted, so that two transactions that want the same values can't deadlock. */
const without = (claims: readonly Claim[] = [], others: readonly Claim[] = []): Claim[] =>
  claims
    .filter(
      (claim) => !others.some((one) => one.constraint === claim.constraint && one.value === claim.value),
    )
    .sort((one, other) => (one.value < other.value ? -1 : 1));

function columnsOf<Name extends TableName>(table: Name, value: Values[Name], integrity: Integrity): Columns {
  const { key, organizationId, columns } = tables[table];
  const others = Object.entries(columns).map(([name, of]) => [snake(name), of(value) ?? null]);
  return {
    key: key(value),
    organization_id: organizationId(value),
    ...Object.fromEntries(others),
    ...signed(`${table} ${key(value)}`, value, integrity),
  };
}

interface Columns {
  readonly key: string;
  readonly organization_id: string;
  readonly [name: string]: unknown;
}

/** Inserts a row or replaces it. @throws UniqueConflict when the key is another organization's */
export async function upsert(session: Session, table: string, row: Columns): Promise<void> {
  const names = Object.keys(row);
  const replaced = names.filter((name) => name !== 'key' && name !== 'organization_id');
  const written = await session.query(
    anyRow,
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})
     ON CONFLICT (key) DO UPDATE SET ${replaced.map((name) => `${name} = excluded.${name}`).join(', ')}
     WHERE ${table}.organization_id = excluded.organization_id RETURNING key`,
    Object.values(row),
  );
  if (written.length === 0) throw new UniqueConflict('key');
}
