import type { Integrity } from '../integrity.js';
import type { Rows } from '../rows.js';
import type { FileOperations } from './files.js';
import type { WriterLock } from './writer-lock.js';

/** The shared parts of a data directory. */
export interface StoreContext {
  /** The directory of the documents. */
  readonly directory: string;
  readonly auditDirectory: string;
  readonly rows: Rows;
  readonly files: FileOperations;
  readonly integrity: Integrity;
  /** `assertHeld` throws when nothing may be written or acknowledged any more. */
  readonly lock: Pick<WriterLock, 'epoch' | 'staging' | 'assertHeld'>;
  /** Makes a rename of a document durable. */
  readonly sync: () => Promise<void>;
  /** Receives warnings for the operator, in a sentence. */
  readonly warn: (message: string, details: object) => void;
}
