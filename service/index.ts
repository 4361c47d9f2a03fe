/**
 * The Rolebridge service, made from things made outside: `createService` listens, `createApp` is mounted in an app that
 * does. Rules live in `domain/`, use cases in `actions/`, the wire in `api/`, AWS in `aws/`, stores in `records/`; only
 * `cli/` reads the environment.
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
