import type { Store } from '../domain/ports.js';
import { type FileStoreOptions, openFileStore } from './file/index.js';

/** Which store the service keeps everything in. */
export interface StoreChoice {
  /** The data directory of the file store, which one process uses at a time. */
  readonly dataDirectory: string;
  /** When it is there, everything is kept in this PostgreSQL database, by any number of processes. */
  readonly database?: { readonly url: string; readonly maxSessions: number } | undefined;
}

/** Opens the store that the settings choose. @throws RolebridgeError `store_unavailable` */
export async function openStore(
  { dataDirectory, database }: StoreChoice,
  reports: Pick<FileStoreOptions, 'onCompromised' | 'onRepaired'> = {},
): Promise<Store> {
  if (database === undefined) return openFileStore({ directory: dataDirectory, ...reports });
  // Loaded when it is needed: most services run on files.
  const { openPostgresStore } = await import('./postgres/index.js');
  return openPostgresStore(database);
}
