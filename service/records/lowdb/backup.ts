import { constants, existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { messageOf } from '../../unknown-value.js';
import { auditPath } from './audit-lines.js';
import { openLowdbBackend, restoringPath } from './backend.js';
import { type FileOperations, fileOperations, namesIn, syncPath } from './files.js';
import { inspect } from './inspect.js';
import { organizationsIn } from './load.js';
import { assertUnused, currentEpoch, epochName } from './writer-lock.js';

export interface BackupOptions {
  readonly keys?: readonly ServiceKey[] | undefined;
  /** For tests. @default node:fs/promises */
  readonly files?: FileOperations;
}

/** An organization whose files changed while they were copied is copied again. */
const triesAtMost = 20;

/**
 * Copies a data directory that may be in use, and opens the copy to verify it. It contains at least everything
 * acknowledged before the copy started, each change wholly or not at all. The lock is not taken.
 * @param to a directory that is not there yet, or is empty
 * @throws RolebridgeError `request_invalid` for another directory; `store_unavailable`: nothing of the copy is left then
 */
export async function backUp(
  directory: string,
  to: string,
  { keys, files = fileOperations }: BackupOptions = {},
): Promise<{ organizations: number }> {
  const [source, target] = [resolve(directory), resolve(to)];
  if (namesIn(target).length > 0)
    throw new RolebridgeError('request_invalid', `${target} is not empty.`, {
      remedy: 'Name a new directory: a backup never replaces another one.',
    });
  requireOrganizations(source, 'data directory', 'Set ROLEBRIDGE_DATA_DIR as for the service.');
  try {
    await copyFiles(source, target);
    for (let tries = 1; ; tries++) {
      const { damages } = await inspect(target, keys);
      const [damage] = damages;
      if (damage === undefined) break;
      if (tries === triesAtMost) throw new Error(damage.message);
      // A role that moved between organizations: the copy of the other one is stale.
      const isWhole = tries % 5 === 0;
      await copyFiles(source, target, isWhole ? undefined : damages.map((one) => one.organizationId));
    }
    const backend = await openLowdbBackend({ directory: target, keys, onRepaired() {}, onWarning() {} });
    await backend.close();
    await syncCopy(target, files);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    const reason = error instanceof RolebridgeError ? error.detail : messageOf(error);
    throw new RolebridgeError('store_unavailable', `${source} could not be copied to ${target}: ${reason}`, {
      remedy: 'Look at both disks, and run "rolebridge doctor".',
      cause: error,
    });
  }
  const names = readdirSync(join(target, 'organizations'));
  return { organizations: names.filter((name) => name.endsWith('.json')).length };
}

/**
 * Replaces the data directory by a backup; the old one is kept beside it under another name. The new epoch is the
 * current time, so that monitoring never sees it decrease.
 * @throws RolebridgeError `request_invalid` for another directory; `store_unavailable` when a process uses the data
 *   directory, or the backup is damaged or can't be copied
 */
export async function restoreBackup(
  from: string,
  directory: string,
  { keys, files = fileOperations }: BackupOptions = {},
): Promise<{ kept: string | undefined; epoch: number }> {
  const [source, target] = [resolve(from), resolve(directory)];
  requireOrganizations(source, 'backup', 'Name the directory that you gave to "rolebridge backup".');
  await assertUnused(target);
  const before = existsSync(target) ? await currentEpoch(target) : 0;
  const restored = restoringPath(target);
  try {
    await copyFiles(source, restored);
    const epoch = Math.max(Math.floor(Date.now() / 1000), before + 1);
    await mkdir(join(restored, epochName(epoch)), { mode: 0o700 });
    const backend = await openLowdbBackend({ directory: restored, keys });
    await backend.close();
    await syncCopy(restored, files);
    const kept = namesIn(target).length === 0 ? undefined : `${target}.before-${epoch}`;
    if (kept) await rename(target, kept);
    else await rm(target, { recursive: true, force: true });
    await rename(restored, target);
    await syncPath(dirname(target), files);
    return { kept, epoch: epoch + 1 };
  } catch (error) {
    await rm(restored, { recursive: true, force: true });
    if (error instanceof RolebridgeError) throw error;
    throw new RolebridgeError('store_unavailable', `${source} could not be restored: ${messageOf(error)}.`, {
      remedy: `Look at both disks, and at the permissions of ${target}.`,
      cause: error,
    });
  }
}

function requireOrganizations(directory: string, what: string, remedy: string): void {
  if (existsSync(join(directory, 'organizations'))) return;
  throw new RolebridgeError(
    'request_invalid',
    `${directory} is no ${what}: it has no folder "organizations".`,
    { remedy },
  );
}

/**
 * Copies one organization after the other, since each can be written to meanwhile: its head, its document and then its
 * audit log, so that each file is at least as new as those that name it.
 */
async function copyFiles(source: string, target: string, only?: readonly OrganizationId[]): Promise<void> {
  for (const folder of ['.', 'organizations', 'audit'])
    await mkdir(join(target, folder), { recursive: true, mode: 0o700 });
  const found = organizationsIn(source);
  for (const id of only ?? found.keys()) {
    const log = found.get(id)?.map((month) => auditPath('audit', id, month)) ?? [];
    for (const file of [`organizations/${id}.head`, `organizations/${id}.json`, ...log])
      await copy(join(source, file), join(target, file));
  }
  const ofNone = readdirSync(source).filter((name) => name.endsWith('.json'));
  for (const file of only ? [] : ofNone) await copy(join(source, file), join(target, file));
}

/** Waits until the whole copy is on the disk. */
async function syncCopy(directory: string, files: FileOperations): Promise<void> {
  for (const folder of ['organizations', 'audit', '.'])
    for (const name of [...namesIn(join(directory, folder)), '.'])
      await syncPath(join(directory, folder, name), files);
}

async function copy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await chmod(to, 0o600);
  } catch (error) {
    // Old files of the audit log go while the service runs.
    if (existsSync(from)) throw error;
  }
}
