import type { FileStore } from './file/file-store.js';
import { Database, type DatabaseOptions } from './postgres/database.js';
import { importWhole } from './postgres/import.js';
import { migrate } from './postgres/migrate.js';
import type { Counts } from './records/index.js';

/** One statement of a large copy may take this long. */
const statementTimeoutMs = 10 * 60_000;

/**
 * Moves everything that the data directory holds into the database, in one transaction: all of it, compared with what
 * was read, or nothing. The files stay as they are. It can be run again until the database is used.
 * @returns how many of each there are, in both
 * @throws RolebridgeError `store_unavailable` when the database can't be reached or was used since, and when what it
 *   has is not what the files have
 */
export async function copyStore(from: FileStore, to: DatabaseOptions): Promise<Counts> {
  await migrate(to.url, to.connectTimeoutMs ?? 3_000);
  const database = new Database({ ...to, maxSessions: 1, statementTimeoutMs });
  try {
    return await database.transaction((session) => importWhole(session, from));
  } finally {
    await database.close();
  }
}
