import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { DatabaseError, refusal, sqlState } from './database-error.js';
import { migrations } from './migrations.js';

// CockroachDB's INT has 64 bits, which the driver gives as text.
const versionRow = z.object({ version: z.coerce.number() });

/**
 * Brings the schema to this program's version, one process at a time: the row with the version is locked meanwhile.
 * @throws RolebridgeError `store_unavailable` when the database can't be reached, or its schema is a newer program's
 */
export async function migrate(url: string, connectTimeoutMs: number): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'rolebridge migrations',
    connectionTimeoutMillis: connectTimeoutMs,
    lock_timeout: 60_000,
    keepAlive: true,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const found = await currentVersion(client);
    if (found === undefined) await makeVersionTable(client);
    // Who may only read and write rows can use a schema that is up to date: nothing more is asked of it.
    else if (refuseNewer(found) === migrations.length) return;
    await client.query('BEGIN');
    // Two processes that start at once: the second waits here, and finds the work done.
    const { rows } = await client.query('SELECT version FROM schema_version WHERE id = 1 FOR UPDATE');
    const version = refuseNewer(versionRow.parse(rows[0]).version);
    if (version < migrations.length) {
      const text = await textType(client);
      for (const sql of migrations.slice(version).flat()) await client.query(sql.replace(/\bTEXT\b/g, text));
      await client.query('UPDATE schema_version SET version = $1 WHERE id = 1', [migrations.length]);
    }
    await client.query('COMMIT');
  } catch (error) {
    if (error instanceof RolebridgeError || error instanceof z.ZodError) throw error;
    throw notOpened(new DatabaseError(error));
  } finally {
    await client.end().catch(() => {});
  }
}

async function currentVersion(client: pg.Client): Promise<number | undefined> {
  try {
    const { rows } = await client.query('SELECT version FROM schema_version WHERE id = 1');
    return rows[0] && versionRow.parse(rows[0]).version;
  } catch (error) {
    if ((error as { code?: string }).code === sqlState.undefinedTable) return undefined;
    throw error;
  }
}

/** By how far the first has come: its table, the table's type, or its row is there. */
const refusalsOfTheSecond: readonly unknown[] = [
  sqlState.uniqueViolation,
  sqlState.duplicateTable,
  sqlState.duplicateObject,
];

async function makeVersionTable(client: pg.Client): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      await client.query(
        'CREATE TABLE IF NOT EXISTS schema_version (id INT PRIMARY KEY, version INT NOT NULL)',
      );
      await client.query(
        'INSERT INTO schema_version (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING',
      );
      return;
    } catch (error) {
      // Of two that make it at once, PostgreSQL refuses one in spite of IF NOT EXISTS.
      const { code } = error as { code?: string };
      if (left === 0 || !refusalsOfTheSecond.includes(code)) throw error;
      await sleep(50);
    }
  }
}

function refuseNewer(version: number): number {
  if (version <= migrations.length) return version;
  throw new RolebridgeError(
    'store_unavailable',
    `The database has schema version ${version}; this version of Rolebridge knows ${migrations.length}.`,
    {
      remedy:
        'Nothing was changed. Start the newer version of Rolebridge that made it; a schema does not go back.',
    },
  );
}

/** At the start somebody reads the reason, who can do something about it. */
function notOpened(cause: DatabaseError): Error {
  const error = refusal(cause);
  if (!(error instanceof RolebridgeError)) return error;
  return new RolebridgeError('store_unavailable', `The database can not be opened (${cause.message}).`, {
    remedy: 'See whether PostgreSQL runs where DATABASE_URL says, and lets that user into that database.',
    retryAfterSeconds: 2,
    cause,
  });
}

/** CockroachDB compares TEXT byte by byte, and what has a collation named is another type there. */
async function textType(client: pg.Client): Promise<string> {
  const { rows } = await client.query('SELECT version() AS version');
  return z.object({ version: z.string() }).parse(rows[0]).version.startsWith('CockroachDB')
    ? 'TEXT'
    : 'TEXT COLLATE "C"';
}
