/** The store for one process: a JSON file per organization. It knows the domain and the disk, never HTTP or AWS. */

export { backUpFileStore } from './back-up.js';
export { type FileStoreOptions, openFileStore } from './open-file-store.js';
