import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { codeOf } from '../../unknown-value.js';
import { DatabaseError, sqlState, storeError } from './database-error.js';
import { migrations } from './migrations.js';
import { type DatabaseOptions, Sessions } from './sessions.js';

const versionRow = z.object({ version: z.number() });
const lockTimeoutMs = 60_000;

/**
 * Brings the schema to this program's version, one process at a time: the row with the version is locked meanwhile.
 * @throws RolebridgeError `store_unavailable` when the database can't be reached, or its schema is a newer program's
 */
export const migrate = (options: DatabaseOptions): Promise<void> =>
  withSession({ ...options, statementTimeoutMs: lockTimeoutMs }, async (client) => {
    const found = await currentVersion(client);
    if (found === undefined) await makeVersionTable(client);
    // A user without DDL permissions can use a schema that is up to date.
    else if (refuseNewer(found) === migrations.length) return;
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    // A second process that starts at the same time waits here, and then has nothing to do.
    const { rows } = await client.query('SELECT version FROM schema_version WHERE id = 1 FOR UPDATE');
    const version = refuseNewer(versionRow.parse(rows[0]).version);
    for (const sql of migrations.slice(version).flat())
      await client.query(sql.replace(/\bTEXT\b/g, 'TEXT COLLATE "C"'));
    await client.query('UPDATE schema_version SET version = $1 WHERE id = 1', [migrations.length]);
    await client.query('COMMIT');
  });

/** Runs `work` in a separate session, before the store is open. @throws RolebridgeError with the reason, for the operator */
export async function withSession<Result>(
  options: DatabaseOptions,
  work: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> {
  const sessions = new Sessions({ ...options, maxSessions: 1 });
  try {
    return await sessions.withClient(work);
  } catch (error) {
    if (error instanceof RolebridgeError || error instanceof z.ZodError) throw error;
    throw notOpened(error instanceof DatabaseError ? error : new DatabaseError(error));
  } finally {
    await sessions.close();
  }
}

async function currentVersion(client: pg.ClientBase): Promise<number | undefined> {
  try {
    const { rows } = await client.query('SELECT version FROM schema_version WHERE id = 1');
    return rows[0] && versionRow.parse(rows[0]).version;
  } catch (error) {
    if (codeOf(error) === sqlState.undefinedTable) return undefined;
    throw error;
  }
}

/** The first of two processes has already created the table, its type, or its row. */
const createdConcurrently: readonly unknown[] = [
  sqlState.uniqueViolation,
  sqlState.duplicateTable,
  sqlState.duplicateObject,
];

async function makeVersionTable(client: pg.ClientBase): Promise<void> {
  for (let left = 20; ; left--)
    try {
      await client.query(
        `CREATE TABLE IF NOT EXISTS schema_version (id INT PRIMARY KEY, version INT NOT NULL);
         INSERT INTO schema_version (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`,
      );
      return;
    } catch (error) {
      // PostgreSQL refuses one of two concurrent creations in spite of IF NOT EXISTS.
      if (left === 0 || !createdConcurrently.includes(codeOf(error))) throw error;
      await sleep(50);
    }
}

function refuseNewer(version: number): number {
  if (version <= migrations.length) return version;
  throw new RolebridgeError(
    'store_unavailable',
    `The database has schema version ${version}; this version of Rolebridge knows ${migrations.length}.`,
    {
      remedy:
        'Nothing was changed. Start the newer version of Rolebridge that created it; a schema is never downgraded.',
    },
  );
}

/** The error at start names its reason. */
function notOpened(cause: DatabaseError): Error {
  const error = storeError(cause);
  if (!(error instanceof RolebridgeError)) return error;
  return new RolebridgeError('store_unavailable', `The database can't be opened (${cause.message}).`, {
    remedy: remedyOf(cause),
    retryAfterSeconds: 2,
    cause,
  });
}

/** Node's and OpenSSL's certificate error codes. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificateCodes = /^(CERT_|CRL_|ERR_TLS_CERT|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET_ISSUER|VERIFY))/;

function remedyOf({ code = '' }: DatabaseError): string {
  if (certificateCodes.test(code))
    return "The server's certificate is not trusted: name the file of its CA with sslrootcert=FILE in DATABASE_URL, and the host as in the certificate.";
  if (code === 'ENOENT' || code === 'EACCES')
    return 'Make the file readable that DATABASE_URL names, such as that of sslrootcert, for the user of this process.';
  return 'Check that PostgreSQL runs where DATABASE_URL says, and that the user may open that database.';
}
