import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import { keysWithin } from '../../domain/scope.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { type Backend, type Query, type Transaction, UniqueConflict } from '../backend.js';
import { createIntegrity, type Integrity } from '../integrity.js';
import { IntegrityKeys } from '../integrity-keys.js';
import { type Claim, claimsOf, constraints, type TableName, tables, type Values } from '../tables.js';
import { PostgresLog } from './audit-log.js';
import { factsInDatabase } from './facts.js';
import { migrate } from './migrate.js';
import { claimsTable, snake } from './names.js';
import { getRows, holderRows, valuesOf } from './read-rows.js';
import { type DatabaseOptions, type Session, Sessions } from './sessions.js';
import { finishRenewal, signAgain } from './sign-again.js';
import { signed, storedRow } from './signed-value.js';

export interface PostgresOptions extends DatabaseOptions {
  /** The service keys, which encrypt the keys that sign what is stored. */
  readonly keys?: readonly ServiceKey[] | undefined;
}

const any = z.object({});

/**
 * Brings the schema up to date, and opens the database.
 * @throws RolebridgeError `store_unavailable` when it can't be reached, or its schema is a newer program's
 */
export async function openPostgresBackend(options: PostgresOptions): Promise<Backend> {
  await migrate(options.url, options.connectTimeoutMs ?? 3_000);
  const sessions = new Sessions(options);
  const keys = await openKeys(options, sessions).catch(async (error) => {
    await sessions.close();
    throw error;
  });
  const integrity = keys?.integrity ?? createIntegrity();
  sessions.learnKeys = integrity.learn;
  const log = new PostgresLog(sessions, integrity, async () => {
    if (keys) await finishRenewal(sessions, keys, log.checkpoints);
  });
  return {
    get: (table, keys) => getRows(sessions, integrity, table, keys),
    holders: (table, constraint, values, organizationId) =>
      holderRows(sessions, integrity, table, constraint, values, organizationId),
    list: (table, query) => listRows(sessions, integrity, table, query),
    async count(table, column, where = {}) {
      const values: unknown[] = [];
      const filter = conditions(where, values);
      const counted = await sessions.query(
        z.object({ name: z.string().nullable(), count: z.coerce.number() }),
        `SELECT ${snake(column)} AS name, COUNT(*) AS count FROM ${snake(table)} ${filter} GROUP BY ${snake(column)}`,
        values,
      );
      return new Map(counted.map(({ name, count }) => [name ?? '', count]));
    },
    transact(organizationId, work) {
      // Transactions of one organization wait for each other here.
      const lock = `SELECT key FROM organizations WHERE key = ${literal(organizationId)} FOR UPDATE`;
      return sessions.transaction(async (session) => {
        const records: Parameters<Transaction['audit']>[0][number][] = [];
        const result = await work(
          transactionOn(session, integrity, organizationId, (more) => records.push(...more)),
        );
        if (records.length > 0) await log.insert(session, records);
        return result;
      }, lock);
    },
    log,
    async renewIntegrityKey() {
      await keys?.renew();
      const again = keys?.former.length ? await signAgain(sessions, integrity, log.checkpoints) : 0;
      return { keyId: integrity.keyId, signedAgain: again };
    },
    /** A write that changes nothing, as a request makes it: a server that can be read and not written is not ready. */
    ready: () =>
      sessions.transaction(async (session) => {
        await session.query(any, 'UPDATE schema_version SET version = version WHERE id = 1');
      }),
    close: () => sessions.close(),
  };
}

const openKeys = ({ url, keys }: PostgresOptions, sessions: Sessions): Promise<IntegrityKeys | undefined> =>
  IntegrityKeys.open(factsInDatabase(url, 'integrity_keys'), keys, {
    isEmpty: async () => (await sessions.query(any, 'SELECT key FROM organizations LIMIT 1')).length === 0,
  });

/** An organization's id has nothing else; another text is no organization's. */
const literal = (id: OrganizationId): string => `'${id.replace(/[^\w-]/g, '')}'`;

function transactionOn(
  session: Session,
  integrity: Integrity,
  organizationId: OrganizationId,
  audit: Transaction['audit'],
): Transaction {
  const get = async <Name extends TableName>(table: Name, key: string) => {
    const [found] = await getRows(session, integrity, table, [key]);
    return found;
  };
  return {
    get,
    audit,
    async count(table, where) {
      const values: unknown[] = [];
      const filter = conditions({ ...where, organizationId }, values);
      const [counted] = await session.query(
        z.object({ count: z.coerce.number() }),
        `SELECT COUNT(*) AS count FROM ${snake(table)} ${filter}`,
        values,
      );
      return counted?.count ?? 0;
    },
    forgetVersionBefore() {},
    async holder(constraint, value) {
      const [found] = await session.query(
        z.object({ row_key: z.string() }),
        `SELECT row_key FROM ${claimsTable(constraint)} WHERE value = $1 ${
          constraints[constraint] === 'organization' ? 'AND organization_id = $2' : ''
        }`,
        constraints[constraint] === 'organization' ? [value, organizationId] : [value],
      );
      return found?.row_key;
    },
    async put(table, value) {
      const key = tables[table].key(value);
      const before = tables[table].unique && (await get(table, key));
      await upsert(session, integrity, table, value);
      const [had, wanted] = [before ? claimsOf(table, before) : [], claimsOf(table, value)];
      for (const claim of without(had, wanted)) await unclaim(session, organizationId, claim, table, key);
      for (const claim of without(wanted, had)) await claimFor(session, organizationId, claim, table, key);
    },
    async delete(table, key) {
      const before = tables[table].unique && (await get(table, key));
      for (const claim of before ? claimsOf(table, before) : [])
        await unclaim(session, organizationId, claim, table, key);
      await session.query(any, `DELETE FROM ${snake(table)} WHERE key = $1 AND organization_id = $2`, [
        key,
        organizationId,
      ]);
    },
  };
}

/** Sorted: of two transactions that want the same values, one waits for the other at the first of them. */
const without = (claims: readonly Claim[], others: readonly Claim[]): Claim[] =>
  claims
    .filter(
      (claim) => !others.some((one) => one.constraint === claim.constraint && one.value === claim.value),
    )
    .sort((one, other) => (one.value < other.value ? -1 : 1));

async function unclaim(
  session: Session,
  organizationId: OrganizationId,
  { constraint, value }: Claim,
  table: TableName,
  key: string,
): Promise<void> {
  await session.query(
    any,
    `DELETE FROM ${claimsTable(constraint)}
     WHERE value = $1 AND organization_id = $2 AND table_name = $3 AND row_key = $4`,
    [value, organizationId, snake(table), key],
  );
}

/** @throws UniqueConflict; the transaction is still good */
async function claimFor(
  session: Session,
  organizationId: OrganizationId,
  { constraint, value }: Claim,
  table: TableName,
  key: string,
): Promise<void> {
  const inserted = await session.query(
    any,
    `INSERT INTO ${claimsTable(constraint)} (value, organization_id, table_name, row_key)
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING value`,
    [value, organizationId, snake(table), key],
  );
  if (inserted.length === 0) throw new UniqueConflict(constraint);
}

/** @throws UniqueConflict when the key is another organization's */
async function upsert<Name extends TableName>(
  session: Session,
  integrity: Integrity,
  table: Name,
  value: Values[Name],
): Promise<void> {
  const { key, organizationId, columns } = tables[table];
  const names = Object.keys(columns).map(snake);
  const place = `${table} ${key(value)}`;
  const { value: json, mac } = signed(place, value, integrity);
  const others = Object.values(columns).map((of) => of(value) ?? null);
  const all = ['key', 'organization_id', ...names, 'value', 'mac'];
  const written = await session.query(
    any,
    `INSERT INTO ${snake(table)} (${all.join(', ')}) VALUES (${all.map((_, index) => `$${index + 1}`).join(', ')})
     ON CONFLICT (key) DO UPDATE SET ${[...names, 'value', 'mac'].map((name) => `${name} = excluded.${name}`).join(', ')}
     WHERE ${snake(table)}.organization_id = excluded.organization_id RETURNING key`,
    [key(value), organizationId(value), ...others, json, mac],
  );
  if (written.length === 0) throw new UniqueConflict('key');
}

async function listRows<Name extends TableName>(
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
  if (within !== undefined) {
    const { after: first, before } = keysWithin(within);
    parts.push(
      `key IN (SELECT row_key FROM ${claimsTable('scope')}
       WHERE table_name = ${bound(name)} AND organization_id = ${bound(organizationId)}
       AND (value = ${bound(within)} OR (value > ${bound(first)} AND value < ${bound(before)})))`,
    );
  }
  if (holding) {
    const range = `value > ${bound(holding.after)} AND value < ${bound(holding.before)}`;
    const own =
      constraints[holding.constraint] === 'organization'
        ? ` AND organization_id = ${bound(organizationId)}`
        : '';
    parts.push(
      `key IN (SELECT row_key FROM ${claimsTable(holding.constraint)}
       WHERE table_name = ${bound(name)} AND ${range}${own} ORDER BY value LIMIT ${bound(limit)})`,
    );
  }
  const rows = await session.query(
    storedRow,
    `SELECT key, value, mac FROM ${name} WHERE ${parts.join(' AND ')}
     ORDER BY ${column ? `${column} ${direction}, key` : 'key'} ${direction} LIMIT ${bound(limit)}`,
    values,
  );
  const found = await valuesOf(table, rows, integrity);
  return before === undefined ? found : found.reverse();
}

function conditions(where: object, values: unknown[]): string {
  const wanted = Object.entries(where).filter(([, value]) => value !== undefined);
  const parts = wanted.map(([column, value]) => `${snake(column)} = $${values.push(value)}`);
  return parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '';
}
