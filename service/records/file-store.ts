import type { LowdbOptions } from './lowdb/backend.js';
import { openLowdbBackend } from './lowdb/backend.js';
import { RecordStore } from './record-store.js';

export type FileStoreOptions = LowdbOptions;

/**
 * Opens a data directory as a store, for this process alone.
 * @throws RolebridgeError `store_unavailable` when another process has it, or a file is damaged; nothing is changed then
 */
export async function openFileStore(options: FileStoreOptions): Promise<RecordStore> {
  return new RecordStore(await openLowdbBackend(options));
}
