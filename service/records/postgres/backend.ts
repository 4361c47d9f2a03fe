import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { type Backend, type Transaction, UniqueConflict } from '../backend.js';
import { Integrity } from '../integrity.js';
import { IntegrityKeys } from '../integrity-keys.js';
import { type Claim, claimsOf, spaceOf, type TableName, tables, type Values } from '../tables.js';
import { PostgresLog } from './audit-log.js';
import { factsInDatabase } from './facts.js';
import { migrate } from './migrate.js';
import { snake } from './names.js';
import { countRows, holderRows, listRows, rowsOf } from './read-rows.js';
import { type DatabaseOptions, type Session, Sessions } from './sessions.js';
import { finishRenewal, signAgain } from './sign-again.js';
import { signed } from './signed-value.js';

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
  await migrate(options);
  const sessions = new Sessions(options);
  const keys = await openKeys(options, sessions).catch(async (error) => {
    await sessions.close();
    throw error;
  });
  const integrity = keys ?? new Integrity();
  sessions.learnKeys = (ids) => integrity.learn(ids);
  const log = new PostgresLog(sessions, integrity, async () => {
    if (keys) await finishRenewal(sessions, keys);
  });
  return {
    async get(table, keys) {
      const found = await rowsOf(sessions, integrity, table, keys);
      return keys.map((key) => found.get(key));
    },
    holders: (table, constraint, values, organizationId) =>
      holderRows(sessions, integrity, table, constraint, values, organizationId),
    list: (table, query) => listRows(sessions, integrity, table, query),
    count: (table, column, where = {}) => countRows(sessions, table, where, snake(column)),
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
      const again = keys?.former.length ? await signAgain(sessions, integrity) : 0;
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
  const get = async <Name extends TableName>(table: Name, key: string) =>
    (await rowsOf(session, integrity, table, [key])).get(key);
  return {
    get,
    audit,
    async count(table, where) {
      const counts = await countRows(session, table, { ...where, organizationId }, 'organization_id');
      return counts.get(organizationId) ?? 0;
    },
    forgetVersionBefore() {},
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
      await upsert(session, integrity, table, value);
      await moveClaims(session, organizationId, table, key, before, value);
    },
    async delete(table, key) {
      if (tables[table].unique)
        await moveClaims(session, organizationId, table, key, await get(table, key), undefined);
      await session.query(any, `DELETE FROM ${snake(table)} WHERE key = $1 AND organization_id = $2`, [
        key,
        organizationId,
      ]);
    },
  };
}

/** A row has other claims from now on. @throws UniqueConflict; the transaction is still good */
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
      any,
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

/** Sorted: of two transactions that want the same values, one waits for the other at the first of them. */
const without = (claims: readonly Claim[] = [], others: readonly Claim[] = []): Claim[] =>
  claims
    .filter(
      (claim) => !others.some((one) => one.constraint === claim.constraint && one.value === claim.value),
    )
    .sort((one, other) => (one.value < other.value ? -1 : 1));

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
