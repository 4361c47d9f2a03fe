import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Adapter } from 'lowdb';
import { type OrganizationData, readFormat, writeFormat } from './format.js';

/** The calls that change the disk, so that a test can watch their order or make one fail. */
export const fileOperations = { open, rename, link, unlink };
export type FileOperations = typeof fileOperations;

export const isTemporary = (fileName: string): boolean => /^\.[0-9a-f]{32}\.tmp$/.test(fileName);

/**
 * lowdb's adapter for one organization. lowdb's own writer loses the file's mode, follows a symlink at its
 * temporary name and never calls fsync.
 */
export class OrganizationFile implements Adapter<OrganizationData> {
  readonly path: string;
  /** The last write failed after its rename: the disk may hold a change that was refused. */
  isUncertain = false;
  /** The next write destroys an access key: the version that holds it is not kept, and there is no backup until the write after. */
  dropsBackup = false;
  /** Of what was written last. */
  sizeBytes = 0;
  /** How often the file was replaced, whether that is on the disk or not. */
  replacements = 0;
  readonly #files: FileOperations;
  readonly #assertWritable: () => void;

  constructor(path: string, files: FileOperations, assertWritable: () => void) {
    this.path = path;
    this.#files = files;
    this.#assertWritable = assertWritable;
  }

  async read(): Promise<OrganizationData> {
    return readFormat(await readFile(this.path, 'utf8'));
  }

  async write(data: OrganizationData): Promise<void> {
    this.#assertWritable();
    const directory = dirname(this.path);
    const { path: temporary, sizeBytes } = await writeTemporary(directory, writeFormat(data), this.#files);
    try {
      await this.#keepBackup();
      this.#assertWritable();
      await this.#files.rename(temporary, this.path);
    } catch (error) {
      await this.#files.unlink(temporary).catch(() => {});
      throw error;
    }
    this.isUncertain = true;
    this.sizeBytes = sizeBytes;
    this.replacements += 1;
    await syncDirectory(directory, this.#files);
    this.isUncertain = false;
  }

  /** Undoes a first write that was refused after its rename. */
  async remove(): Promise<void> {
    this.#assertWritable();
    await this.#files.unlink(this.path).catch(unlessAbsent);
    await syncDirectory(dirname(this.path), this.#files);
    this.isUncertain = false;
  }

  /** A second name for the version that is about to be replaced. */
  async #keepBackup(): Promise<void> {
    const backup = `${this.path}.bak`;
    // An uncertain version is not one to go back to; the backup made before it is.
    if (this.isUncertain && !this.dropsBackup) return;
    await this.#files.unlink(backup).catch(unlessAbsent);
    if (this.dropsBackup) return;
    await this.#files.link(this.path, backup).catch(unlessAbsent);
  }
}

/** Writes all of it to a new file with a name that nobody can guess, and waits for the disk. */
export async function writeTemporary(
  directory: string,
  pieces: Iterable<string>,
  files: FileOperations,
): Promise<{ path: string; sizeBytes: number }> {
  let sizeBytes = 0;
  const path = join(directory, `.${randomBytes(16).toString('hex')}.tmp`);
  // `wx` refuses whatever is there already, a symlink too.
  const handle = await files.open(path, 'wx', 0o600);
  try {
    try {
      let buffered: string[] = [];
      let length = 0;
      const write = async () => {
        const bytes = Buffer.from(buffered.join(''));
        [buffered, length] = [[], 0];
        sizeBytes += bytes.length;
        await handle.writeFile(bytes);
      };
      for (const piece of pieces) {
        buffered.push(piece);
        length += piece.length;
        if (length >= 1 << 20) await write();
      }
      await write();
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await files.unlink(path).catch(() => {});
    throw error;
  }
  return { path, sizeBytes };
}

/** @throws when a write would not be possible now */
export async function tryToWrite(directory: string, files: FileOperations): Promise<void> {
  const { path } = await writeTemporary(directory, ['ready'], files);
  await files.unlink(path);
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

export function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
