import { constants, existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import { messageOf } from '../../unknown-value.js';
import type { IntegrityKey } from '../integrity.js';
import { openLowdbBackend } from './backend.js';
import { askHolder, currentEpoch, epochName } from './writer-lock.js';

export interface BackupOptions {
  readonly keys?: readonly IntegrityKey[] | undefined;
}

/** Tries; each but the last fails when files changed in a way that does not fit together while they were copied. */
const triesAtMost = 20;

/**
 * Copies a data directory that may be in use, and opens the copy to see that it is whole. In it is at least what was
 * acknowledged before the copy began, each change wholly or not at all. The lock is not taken.
 * @param to a directory that is not there yet, or is empty
 * @throws RolebridgeError `store_unavailable`; nothing of the copy is left then
 */
export async function backUp(
  directory: string,
  to: string,
  { keys }: BackupOptions = {},
): Promise<{ organizations: number }> {
  const [source, target] = [resolve(directory), resolve(to)];
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new RolebridgeError('store_unavailable', `${target} is not empty.`, {
      remedy: 'Name a directory that is not there yet: a backup never takes the place of another one.',
    });
  for (let attempt = 1; ; attempt++)
    try {
      await copyFiles(source, target);
      const backend = await openLowdbBackend({ directory: target, keys, onRepaired() {}, onWarning() {} });
      await backend.close();
      return {
        organizations: readdirSync(join(target, 'organizations')).filter((name) => name.endsWith('.json'))
          .length,
      };
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      if (attempt === triesAtMost) throw notCopied(source, target, error);
    }
}

/**
 * Puts a backup in the place of the data directory, which is kept beside it under another name. The epoch is that of
 * the time, so that what monitoring knows of the store goes up and not back.
 * @throws RolebridgeError `store_unavailable` when a process uses the directory, or the backup is damaged
 */
export async function restoreBackup(
  from: string,
  directory: string,
  { keys }: BackupOptions = {},
): Promise<{ kept: string | undefined; epoch: number }> {
  const [source, target] = [resolve(from), resolve(directory)];
  const holder = existsSync(target) ? await askHolder(target) : undefined;
  if (holder)
    throw new RolebridgeError('store_unavailable', `The process ${holder.pid} is using ${target}.`, {
      remedy: 'Stop the service first.',
    });
  const before = existsSync(target) ? await currentEpoch(target) : 0;
  const restored = `${target}.restoring-${process.pid}`;
  try {
    await copyFiles(source, restored);
    const epoch = Math.max(Math.floor(Date.now() / 1000), before + 1);
    await mkdir(join(restored, epochName(epoch)), { mode: 0o700 });
    const backend = await openLowdbBackend({ directory: restored, keys });
    await backend.close();
    const isEmpty = !existsSync(target) || readdirSync(target).length === 0;
    const kept = isEmpty ? undefined : `${target}.before-${epoch}`;
    if (kept) await rename(target, kept);
    else await rm(target, { recursive: true, force: true });
    await rename(restored, target);
    return { kept, epoch: epoch + 1 };
  } catch (error) {
    await rm(restored, { recursive: true, force: true });
    throw error;
  }
}

/** What says least comes first: heads, then documents, then the audit log, which has what they name. */
async function copyFiles(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const [folder, suffix] of [
    ['organizations', '.head'],
    ['organizations', '.json'],
    ['audit', '.jsonl'],
    // What belongs to no organization.
    ['.', '.json'],
  ] as const) {
    await mkdir(join(target, folder), { recursive: true, mode: 0o700 });
    for (const name of readdirSync(join(source, folder)).filter((each) => each.endsWith(suffix))) {
      const copy = join(target, folder, name);
      try {
        await copyFile(join(source, folder, name), copy, constants.COPYFILE_EXCL);
      } catch (error) {
        // Old files of the audit log go while the service runs.
        if (folder === 'audit' && !existsSync(join(source, folder, name))) continue;
        throw error;
      }
      await chmod(copy, 0o600);
    }
  }
}

function notCopied(source: string, target: string, error: unknown): RolebridgeError {
  const reason = error instanceof RolebridgeError ? error.detail : messageOf(error);
  return new RolebridgeError('store_unavailable', `${source} could not be copied to ${target}: ${reason}`, {
    remedy: 'Look at both disks, and run "rolebridge doctor".',
    cause: error,
  });
}
