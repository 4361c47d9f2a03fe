import type { ServiceKey } from '../secrets/keyring.js';
import { type LowdbOptions, openLowdbBackend, type Position } from './lowdb/backend.js';
import type { PostgresOptions } from './postgres/backend.js';
import { createRecordStore, type RecordStore } from './record-store.js';

/** The store that the settings choose. */
export interface StoreChoice {
  /** The data directory, which one process uses at a time. */
  readonly dataDirectory: string;
  /** A PostgreSQL database, which any number of processes use, instead of the data directory. */
  readonly database?: { readonly url: string; readonly maxSessions: number } | undefined;
  /** The keys that encrypt the store's signing keys. */
  readonly serviceKeys: readonly ServiceKey[];
  readonly quarantine?: boolean | undefined;
}

export interface StoreReports extends Pick<LowdbOptions, 'onCompromised' | 'onRepaired' | 'onWarning'> {
  /** Receives a function that reads the position of a data directory, to compare it with an exported one. */
  readonly onOpened?: (position: () => Position) => void;
}

/** Opens the store that the settings choose. @throws RolebridgeError `store_unavailable` */
export function openStore(
  { dataDirectory, database, serviceKeys, quarantine }: StoreChoice,
  reports: StoreReports = {},
): Promise<RecordStore> {
  return database === undefined
    ? openFileStore({ directory: dataDirectory, keys: serviceKeys, quarantine, ...reports })
    : openPostgresStore({ ...database, keys: serviceKeys });
}

/**
 * Opens a data directory as a store, for this process alone.
 * @throws RolebridgeError `store_unavailable` when another process has it, or a file is damaged; nothing is changed then
 */
export async function openFileStore({
  onOpened,
  ...options
}: LowdbOptions & Pick<StoreReports, 'onOpened'>): Promise<RecordStore> {
  const backend = await openLowdbBackend(options);
  onOpened?.(backend.position);
  return createRecordStore(backend);
}

/**
 * Brings a database's schema up to date and opens it as a store.
 * @throws RolebridgeError `store_unavailable` when it can't be reached, or its schema is a newer program's
 */
export async function openPostgresStore(options: PostgresOptions): Promise<RecordStore> {
  // Loaded on demand: most services run on files.
  const { openPostgresBackend } = await import('./postgres/backend.js');
  return createRecordStore(await openPostgresBackend(options));
}
