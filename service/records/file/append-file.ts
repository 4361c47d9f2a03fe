import { constants } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { type FileOperations, syncDirectory } from './organization-file.js';

/** What the start had to mend, for a person. */
export interface Repair {
  readonly message: string;
  readonly path: string;
}

/**
 * A file of JSON lines that only grows. What is written at once is one line with a checksum, so a crash leaves all of
 * it or a torn last line. Its caller makes one call at a time.
 */
export class AppendFile {
  readonly path: string;
  /** The last write failed and could not be undone: the disk may hold what was refused. */
  isUncertain = false;
  readonly #files: FileOperations;
  readonly #assertWritable: () => void;
  #sizeBytes: number | undefined;
  #isPrivate = false;
  #handle: Awaited<ReturnType<FileOperations['open']>> | undefined;

  /** @param sizeBytes of the whole lines in it; undefined when there is no such file */
  constructor(
    path: string,
    sizeBytes: number | undefined,
    files: FileOperations,
    assertWritable: () => void,
  ) {
    this.path = path;
    this.#sizeBytes = sizeBytes;
    this.#files = files;
    this.#assertWritable = assertWritable;
  }

  get sizeBytes(): number {
    return this.#sizeBytes ?? 0;
  }

  /** On the disk when it is fulfilled; undone when it is rejected, or `isUncertain`. */
  async append(records: readonly string[]): Promise<{ offset: number; lengthBytes: number }> {
    const line = Buffer.from(lineOf(records));
    const handle = await this.#open();
    await this.#repair(handle);
    const offset = this.sizeBytes;
    this.isUncertain = true;
    try {
      this.#assertWritable();
      await handle.writeFile(line);
      await handle.datasync();
    } catch (error) {
      await this.#repair(handle).catch(() => {});
      throw error;
    }
    this.isUncertain = false;
    this.#sizeBytes = offset + line.length;
    return { offset, lengthBytes: line.length };
  }

  /** Makes the file, empty. */
  async create(): Promise<void> {
    await this.#repair(await this.#open());
  }

  /** Takes out what a refused write may have left. */
  async repair(): Promise<void> {
    if (this.isUncertain) await this.#repair(await this.#open());
  }

  /** Gives the file back to the system until the next write. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open() {
    this.#assertWritable();
    if (this.#handle !== undefined) return this.#handle;
    if (this.#sizeBytes === undefined) {
      // `ax` refuses whatever is there already, a symlink too.
      const created = await this.#files.open(this.path, 'ax', 0o600);
      this.#sizeBytes = 0;
      this.#handle = created;
      this.isUncertain = true;
    } else {
      this.#handle = await this.#files.open(this.path, appending);
      if (!this.#isPrivate) await this.#handle.chmod(0o600);
    }
    this.#isPrivate = true;
    return this.#handle;
  }

  async #repair(handle: Awaited<ReturnType<FileOperations['open']>>): Promise<void> {
    if (!this.isUncertain) return;
    this.#assertWritable();
    await handle.truncate(this.sizeBytes);
    await handle.sync();
    await syncDirectory(dirname(this.path), this.#files);
    this.isUncertain = false;
  }
}

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

const lineOf = (records: readonly string[]): string => {
  const text = `[${records.join(',')}]`;
  return `{"crc32":"${checksumOf(text)}","records":${text}}\n`;
};

const checksumOf = (text: string | Buffer): string => crc32(text).toString(16).padStart(8, '0');

const prefix = '{"crc32":"00000000","records":';

/** The records of one line, without its line break; undefined when it is damaged. */
export function recordsOf(line: Buffer): unknown[] | undefined {
  const text = line.subarray(prefix.length, -1);
  const isWhole =
    line.length > prefix.length &&
    line.toString('latin1', 10, 18) === checksumOf(text) &&
    line.at(-1) === 125;
  return isWhole ? JSON.parse(text.toString()) : undefined;
}

/**
 * Shows every line to `visit`, a piece of the file in memory at a time.
 * @returns where the whole lines end, and the size; between them is a torn last line
 * @throws Error whose message says what is wrong, for a person
 */
export async function readLines(
  path: string,
  visit: (records: unknown[], offset: number, lengthBytes: number) => void,
): Promise<{ wholeBytes: number; sizeBytes: number }> {
  const handle = await openFile(path, 'r');
  try {
    const { size } = await handle.stat();
    let rest = Buffer.alloc(0);
    let offset = 0;
    const piece = Buffer.allocUnsafe(1 << 20);
    for (let position = 0; ; ) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
        const line = bytes.subarray(start, end);
        const records = recordsOf(line);
        if (records === undefined) {
          // A loss of power may leave zeros where the last write was to be.
          if (line.includes(0) && position - bytes.length + end + 1 === size) break;
          throw new Error(`it is damaged in the line that begins at byte ${offset}`);
        }
        visit(records, offset, line.length + 1);
        offset += line.length + 1;
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    return { wholeBytes: offset, sizeBytes: size };
  } finally {
    await handle.close();
  }
}

/** The records of the lines between two places of the file. */
export async function readPart(path: string, offset: number, lengthBytes: number): Promise<unknown[]> {
  const handle = await openFile(path, 'r');
  try {
    const bytes = Buffer.alloc(lengthBytes);
    let read = 0;
    while (read < lengthBytes) {
      const { bytesRead } = await handle.read(bytes, read, lengthBytes - read, offset + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    const found: unknown[] = [];
    let start = 0;
    while (start < lengthBytes) {
      const end = bytes.indexOf(10, start);
      const records = end === -1 ? undefined : recordsOf(bytes.subarray(start, end));
      if (records === undefined) throw new Error(`${path} is damaged at byte ${offset + start}`);
      for (const record of records) found.push(record);
      start = end + 1;
    }
    return found;
  } finally {
    await handle.close();
  }
}
