/**
 * The Rolebridge service: `createService` listens, and `createApp` is for mounting in another app. Both get their adapters
 * as options; only `cli/` reads the environment.
 */
export { reencrypt } from './actions/reencrypt.js';
export { createSts } from './aws/sts.js';
export { createLogger } from './logger.js';
export { openEncryption } from './open-encryption.js';
export { openPermissionSets } from './permission-sets/index.js';
export { backUp, restoreBackup } from './records/lowdb/backup.js';
export { inspect } from './records/lowdb/inspect.js';
export { repair } from './records/lowdb/repair.js';
export { openFileStore, openPostgresStore, openStore, type StoreChoice } from './records/open.js';
export { createAccessKeyEncryption, createLocalKeyEncryptionKey } from './secrets/access-key-encryption.js';
export { createEncryption } from './secrets/encryption.js';
export { type App, createApp, createService, type Service } from './server/create-service.js';
export { commandLine, type ServiceOptions, systemClock } from './server/wiring.js';
export { loadBrand } from './web/load-brand.js';
