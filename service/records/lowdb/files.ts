import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { RolebridgeError } from '../../domain/errors.js';
import { codeOf, messageOf } from '../../unknown-value.js';
import { Batches } from '../batches.js';

/** The calls that change the disk, so that a test can watch their order or make one fail. */
export const fileOperations = { open, rename, link, unlink };
export type FileOperations = typeof fileOperations;

/**
 * Writes all of it to a new file with a name that can't be guessed, and waits for the disk.
 * @returns its path
 */
export async function writeTemporary(
  directory: string,
  pieces: Iterable<Buffer>,
  files: FileOperations,
): Promise<string> {
  const path = join(directory, `${randomBytes(16).toString('hex')}.tmp`);
  // `wx` refuses whatever is there already, a symlink too.
  const handle = await files.open(path, 'wx', 0o600);
  try {
    try {
      for (const piece of pieces) await handle.writeFile(piece);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await files.unlink(path).catch(() => {});
    throw error;
  }
  return path;
}

/** A rename survives a loss of power only once its directory is on the disk. */
export async function syncDirectory(directory: string, files: FileOperations): Promise<void> {
  const handle = await files.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One sync of the directory for all renames that wait for it. A request during a sync waits for the next. */
export function sharedSync(directory: string, files: FileOperations): () => Promise<void> {
  const syncs = new Batches(() => syncDirectory(directory, files));
  return () => syncs.add(undefined);
}

/** @throws Error with a message for the operator: zod's and JSON.parse's are for a programmer */
export function inForm<Value>(schema: z.ZodType<Value>, text: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error('it does not have the form that this version of Rolebridge writes');
  }
}

export function unlessAbsent(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

/** The error of a disk failure. */
export function unavailable(cause: unknown): RolebridgeError {
  if (cause instanceof RolebridgeError) return cause;
  const reason = codeOf(cause) ?? messageOf(cause);
  return new RolebridgeError('store_unavailable', `The change could not be stored (${reason}).`, {
    remedy: 'Nothing was changed. Try again; if it lasts, look at the disk of the data directory.',
    retryAfterSeconds: 5,
    cause,
  });
}
