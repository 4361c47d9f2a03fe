import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
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
 * Writes all pieces to a new file with an unguessable name, and waits for the disk.
 * @returns its path
 */
export async function writeTemporary(
  directory: string,
  pieces: Iterable<Buffer>,
  files: FileOperations,
): Promise<string> {
  const path = join(directory, `${randomBytes(16).toString('hex')}.tmp`);
  // `wx` refuses an existing file, and a symlink too.
  const handle = await files.open(path, 'wx', 0o600);
  try {
    for (const piece of pieces) await handle.writeFile(piece);
    await handle.datasync();
    await handle.close();
    return path;
  } catch (error) {
    await handle.close().catch(() => {});
    await files.unlink(path).catch(() => {});
    throw error;
  }
}

/** Waits until a file, or the names in a directory, are on the disk: a rename survives a loss of power only then. */
export async function syncPath(path: string, files: FileOperations): Promise<void> {
  const handle = await files.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One sync of the directory for all renames that wait for it. A request during a sync waits for the next. */
export function sharedSync(directory: string, files: FileOperations): () => Promise<void> {
  const syncs = new Batches(() => syncPath(directory, files));
  return () => syncs.add(undefined);
}

/** The names in a directory; none when it does not exist. */
export const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

/** @throws Error with a message for the operator: zod's and JSON.parse's are for a programmer */
export function parseJson<Value>(schema: z.ZodType<Value>, text: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error('it does not have the form that this version of Rolebridge writes');
  }
}

export function ignoreMissingFile(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

export function writeFailed(cause: unknown): RolebridgeError {
  if (cause instanceof RolebridgeError) return cause;
  const reason = codeOf(cause) ?? messageOf(cause);
  return new RolebridgeError('store_unavailable', `The change could not be stored (${reason}).`, {
    remedy:
      'Retry. An interrupted change was stored whole or not at all. If it lasts, look at the disk of the data directory.',
    retryAfterSeconds: 5,
    cause,
  });
}

/** The error for a file that is damaged, or can't be read. */
export const readFailed = (cause: unknown): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The stored data can't be read: ${messageOf(cause)}.`, {
    remedy:
      'Keep the file as evidence. Restore a backup, or run "rolebridge repair" to see the data it would drop.',
    cause,
  });
