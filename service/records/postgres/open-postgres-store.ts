import type { Store } from '../../domain/ports.js';
import { Database, type DatabaseOptions } from './database.js';
import { migrate } from './migrate.js';
import { PostgresStore } from './postgres-store.js';

export type PostgresStoreOptions = DatabaseOptions;

/**
 * Brings the schema up to date, and opens the store.
 * @throws RolebridgeError `store_unavailable` when the database can't be reached, or its schema is a newer program's
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  await migrate(options.url, options.connectTimeoutMs ?? 3_000);
  return new PostgresStore(new Database(options));
}
