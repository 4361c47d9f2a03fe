import { join } from 'node:path';
import type { OrganizationId } from '../../domain/ids.js';
import type { Integrity } from '../integrity.js';
import { Rows } from '../rows.js';
import { type FileOperations, fileOperations, sharedSync } from './files.js';
import type { WriterLock } from './writer-lock.js';

/** Shared by all organizations of a data directory. */
export interface Surroundings {
  /** Of the documents. */
  readonly directory: string;
  readonly auditDirectory: string;
  readonly rows: Rows;
  readonly files: FileOperations;
  readonly integrity: Integrity;
  /** `assertHeld` throws when nothing may be written or acknowledged any more. */
  readonly lock: Pick<WriterLock, 'epoch' | 'staging' | 'assertHeld'>;
  /** Makes a rename of a document last. */
  readonly sync: () => Promise<void>;
  /** Hears that an organization has grown larger than one document should be. */
  readonly onLarge: (organizationId: OrganizationId, connections: number) => void;
}

export function surroundingsIn(
  root: string,
  own: Pick<Surroundings, 'integrity' | 'lock' | 'onLarge'>,
  files: FileOperations = fileOperations,
): Surroundings {
  const directory = join(root, 'organizations');
  const auditDirectory = join(root, 'audit');
  return { directory, auditDirectory, rows: new Rows(), files, sync: sharedSync(directory, files), ...own };
}
