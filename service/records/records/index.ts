/** How records are kept, whatever keeps them: the schemas that every stored byte passes, and their JSON text. */
export type { Counts, OrganizationContents, RetiredExternalId, WholeStore } from './contents.js';
export { keepInPlaceOf, ownCopy, type RecordKind, readRecord, recordText, takeText } from './record.js';
export * as recordSchemas from './schemas.js';
