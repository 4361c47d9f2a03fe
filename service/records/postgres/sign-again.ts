import { z } from 'zod';
import { timeOfAuditId } from '../../domain/ids.js';
import type { Integrity } from '../integrity.js';
import type { IntegrityKeys } from '../integrity-keys.js';
import { tableNames } from '../tables.js';
import { snake } from './names.js';
import { anyRow, type Sessions } from './sessions.js';
import { type StoredRow, signed, storedRow, verified } from './signed-value.js';

const rowsAtOnce = 500;
/** Longer than any transaction, so that every process signs with the newest key. */
const settledMs = 120_000;

/**
 * Signs each row and checkpoint again that a former key has signed. Audit records keep their signatures, which the
 * checkpoints prove. A row that changes meanwhile has a new signature already; a damaged row stays as it is.
 */
export async function signAgain(sessions: Sessions, integrity: Integrity): Promise<number> {
  let count = 0;
  for (const table of ['auditCheckpoints', ...tableNames])
    for (let after: string | undefined = ''; after !== undefined; ) {
      const rows: StoredRow[] = await sessions.query(
        storedRow,
        `SELECT key, value, mac FROM ${snake(table)}
         WHERE key > $1 AND mac NOT LIKE $2 ORDER BY key LIMIT ${rowsAtOnce}`,
        [after, `${integrity.keyId}.%`],
      );
      const again = rows.flatMap((row) => {
        try {
          return [
            { ...row, next: signed(`${table} ${row.key}`, verified(table, row, integrity), integrity).mac },
          ];
        } catch {
          return [];
        }
      });
      const changed = await sessions.query(
        anyRow,
        `UPDATE ${snake(table)} SET mac = again.next
         FROM unnest($1::text[], $2::text[], $3::text[]) AS again (key, mac, next)
         WHERE ${snake(table)}.key = again.key AND ${snake(table)}.mac = again.mac RETURNING again.key`,
        [again.map(({ key }) => key), again.map(({ mac }) => mac), again.map(({ next }) => next)],
      );
      count += changed.length;
      after = rows.length < rowsAtOnce ? undefined : rows.at(-1)?.key;
    }
  return count;
}

/** Retires former keys once every process signs with the newest one, after signing again what they signed meanwhile. */
export async function finishRenewal(sessions: Sessions, keys: IntegrityKeys): Promise<void> {
  await keys.refresh();
  if (keys.former.length === 0 || keys.newestAgeMs < settledMs) return;
  while ((await signAgain(sessions, keys)) > 0);
  const newest = await sessions.query(
    z.object({ id: z.string().nullable() }),
    'SELECT (SELECT max(id) FROM audit_records WHERE organization_id = key) AS id FROM organizations',
  );
  // A clock that was ahead may have made records with future times.
  await keys.retire(Math.max(Date.now(), ...newest.flatMap(({ id }) => (id ? timeOfAuditId(id) : []))));
}
