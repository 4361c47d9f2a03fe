import type { AuditRecord } from '../../domain/audit.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import type { Backend } from '../backend.js';
import { Integrity } from '../integrity.js';
import { IntegrityKeys } from '../integrity-keys.js';
import { PostgresLog } from './audit-log.js';
import { factsInDatabase } from './facts.js';
import { migrate } from './migrate.js';
import { readsOn } from './read-rows.js';
import { anyRow, type DatabaseOptions, Sessions } from './sessions.js';
import { finishRenewal, signAgain } from './sign-again.js';
import { transactionOn } from './write-rows.js';

export interface PostgresOptions extends DatabaseOptions {
  /** The service keys, which encrypt the keys that sign what is stored. */
  readonly keys?: readonly ServiceKey[] | undefined;
}

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
  sessions.onKeyId = (ids) => integrity.learn(ids);
  const log = new PostgresLog(sessions, integrity, async () => {
    if (keys) await finishRenewal(sessions, keys);
  });
  return {
    ...readsOn(sessions, integrity),
    transact: (organizationId, work) =>
      sessions.transaction(async (session) => {
        const records: AuditRecord[] = [];
        const result = await work(
          transactionOn(session, integrity, organizationId, (more) => records.push(...more)),
        );
        if (records.length > 0) await log.insert(session, records);
        return result;
      }, organizationId),
    log,
    async renewIntegrityKey() {
      await keys?.renew();
      const again = keys?.former.length ? await signAgain(sessions, integrity) : 0;
      return { keyId: integrity.keyId, signedAgain: again };
    },
    // A write that changes nothing: a read-only server is not ready.
    ready: () =>
      sessions.transaction(async (session) => {
        await session.query(anyRow, 'UPDATE schema_version SET version = version WHERE id = 1');
      }),
    close: () => sessions.close(),
  };
}

const openKeys = ({ url, keys }: PostgresOptions, sessions: Sessions): Promise<IntegrityKeys | undefined> =>
  IntegrityKeys.open(factsInDatabase(url, 'integrity_keys'), keys, {
    isEmpty: async () => (await sessions.query(anyRow, 'SELECT key FROM organizations LIMIT 1')).length === 0,
  });
