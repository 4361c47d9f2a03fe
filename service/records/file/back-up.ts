import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RolebridgeError } from '../../domain/errors.js';
import { openFileStore } from './open-file-store.js';

/** Tries; each but the last fails when an organization's files were written anew while they were copied. */
const triesAtMost = 20;

/**
 * Copies a file store that may be in use, and opens the copy to see that it is whole. In it is at least what was
 * acknowledged before the copy began, each change wholly or not at all. Closed files of the audit log are copied as they are.
 * @param to a directory that is not there yet, or is empty
 * @throws RolebridgeError `store_unavailable`; nothing of the copy is left then
 */
export async function backUpFileStore(directory: string, to: string): Promise<{ organizations: number }> {
  const [source, target] = [resolve(directory), resolve(to)];
  if ((await readdir(target).catch(() => [])).length > 0)
    throw new RolebridgeError('store_unavailable', `${target} is not empty.`, {
      remedy: 'Name a directory that is not there yet: a backup never takes the place of another one.',
    });
  for (let attempt = 1; ; attempt++)
    try {
      await copyStore(source, target);
      const store = await openFileStore({ directory: target, onRepaired: () => {} });
      await store.close();
      const names = await readdir(join(target, 'organizations'));
      return { organizations: names.filter((name) => name.endsWith('.json')).length };
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      if (attempt === triesAtMost) throw notCopied(source, target, error);
    }
}

/** Snapshots before the journals that follow them, and what was done before the audit log that tells of it. */
async function copyStore(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  await copyFiles(source, target, 'organizations', (name) => name.endsWith('.json'));
  await copyFiles(source, target, 'organizations', (name) => name.endsWith('.jsonl'));
  await copyFiles(source, target, 'audit', (name) => name.endsWith('.jsonl'));
}

async function copyFiles(
  source: string,
  target: string,
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<void> {
  await mkdir(join(target, folder), { recursive: true, mode: 0o700 });
  for (const name of (await readdir(join(source, folder))).filter(isWanted)) {
    const copy = join(target, folder, name);
    try {
      await copyFile(join(source, folder, name), copy, constants.COPYFILE_EXCL);
    } catch (error) {
      // Old files of the audit log go while the service runs.
      if (folder === 'audit' && !(await isThere(join(source, folder, name)))) continue;
      throw error;
    }
    await chmod(copy, 0o600);
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );

function notCopied(source: string, target: string, error: unknown): RolebridgeError {
  const reason = error instanceof RolebridgeError ? error.detail : (error as Error).message;
  return new RolebridgeError('store_unavailable', `${source} could not be copied to ${target}: ${reason}`, {
    remedy:
      'Look at both disks. A store that can not be read stops its own service at the next start as well.',
    cause: error,
  });
}
