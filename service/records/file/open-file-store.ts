import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import lockfile from 'proper-lockfile';
import { RolebridgeError } from '../../domain/errors.js';
import { AuditFiles } from './audit-files.js';
import { FileStore } from './file-store.js';
import { load } from './load.js';
import { type FileOperations, fileOperations, syncDirectory } from './organization-file.js';
import { StagedWrites } from './staged-writes.js';

export interface FileStoreOptions {
  readonly directory: string;
  /** Another process may have taken the directory: nothing is written any more, and the process should end. */
  readonly onCompromised?: (error: Error) => void;
  /** After this time without a sign of life a process counts as dead. @default 5000, at least 2000 */
  readonly lockStaleMs?: number;
  /** A file of the audit log that has reached this size is closed, and another one begun. @default 16 MiB */
  readonly auditSegmentBytes?: number;
  /** Hears what the start repaired, in a sentence for a person, and the file. @default a warning of the process */
  readonly onRepaired?: ((message: string, path: string) => void) | undefined;
  /** For tests. @default node:fs/promises */
  readonly fileOperations?: Partial<FileOperations>;
}

/** How long a store that is closed takes up journals into snapshots; those that are left are read at the next start. */
const closingMs = 3_000;

/**
 * Opens the directory for this process alone, reads and checks all of it but the closed files of the audit log.
 * @throws RolebridgeError `store_unavailable` when another process has it, or a file can't be read; no file is changed then
 */
export async function openFileStore(options: FileStoreOptions): Promise<FileStore> {
  const directory = resolve(options.directory);
  try {
    return await open(directory, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof RolebridgeError || code === undefined) throw error;
    throw new RolebridgeError(
      'store_unavailable',
      `The data directory ${directory} can't be used (${code}).`,
      {
        remedy:
          'What was stored is as it was. Make the directory writable for the user of this process, with room on its disk, and start again.',
        cause: error,
      },
    );
  }
}

async function open(directory: string, options: FileStoreOptions): Promise<FileStore> {
  const organizations = join(directory, 'organizations');
  const auditDirectory = join(directory, 'audit');
  const files = { ...fileOperations, ...options.fileOperations };
  await makePrivate(directory);
  await makePrivate(organizations);
  await makePrivate(auditDirectory);
  await syncDirectory(directory, files);
  await syncDirectory(dirname(directory), files);
  const writes = new StagedWrites(organizations, files);
  const audit = new AuditFiles(auditDirectory, files, options.auditSegmentBytes ?? 1 << 24);
  const stop = (reason: RolebridgeError) => {
    writes.stop(reason);
    audit.stop(reason);
  };
  const release = await lock(directory, options, stop);
  try {
    const cutTornAudit = await audit.load();
    const cutTornJournals = await load(organizations, writes, files);
    const report = options.onRepaired ?? ((message) => process.emitWarning(message));
    for (const { message, path } of [...(await cutTornAudit()), ...(await cutTornJournals())])
      report(message, path);
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async () => {
    const settled = () => Promise.all([writes.allSettled(), audit.allSettled()]);
    await settled();
    await writes.compact(closingMs);
    stop(new RolebridgeError('store_unavailable', 'The store is closed.'));
    await settled();
    await audit.close();
    await release().catch(() => {});
  };
  return new FileStore(writes, audit, () => {
    closing ??= close();
    return closing;
  });
}

async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (((await stat(directory)).mode & 0o077) !== 0) await chmod(directory, 0o700);
}

async function lock(
  directory: string,
  options: FileStoreOptions,
  stop: (reason: RolebridgeError) => void,
): Promise<() => Promise<void>> {
  const stale = options.lockStaleMs ?? 5000;
  try {
    return await lockfile.lock(directory, {
      lockfilePath: join(directory, '.lock'),
      stale,
      update: stale / 2,
      // A process that was killed leaves its lock; its successor waits until that has gone stale.
      retries: { retries: Math.ceil(stale / 500) + 2, minTimeout: 500, maxTimeout: 500 },
      onCompromised: (error) => {
        stop(
          new RolebridgeError('store_unavailable', `The lock of ${directory} was lost (${error.message}).`, {
            remedy: 'Make sure that one process alone uses the directory, and start it again.',
            cause: error,
          }),
        );
        options.onCompromised?.(error);
      },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    throw new RolebridgeError('store_unavailable', `Another process is using ${directory}.`, {
      remedy:
        'Stop the other process, or give this one a directory of its own. A file store serves one process.',
      cause: error,
    });
  }
}
