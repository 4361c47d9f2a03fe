import { open } from 'node:fs/promises';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { AuditId, ConnectionId } from '../../domain/ids.js';
import { auditRecord } from './format.js';
import type { FileOperations } from './organization-file.js';

interface Waiting {
  readonly lines: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The audit log of one organization: a file to which lines are added, one record each, and never anything else. Those
 * who wait share one write and one fsync.
 */
export class AuditFile {
  readonly #path: string;
  readonly #files: FileOperations;
  /** What is on the disk for certain; behind it may be the remains of a write that failed. */
  #length: number;
  #handle: Awaited<ReturnType<typeof open>> | undefined;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  private constructor(path: string, files: FileOperations, length: number) {
    this.#path = path;
    this.#files = files;
    this.#length = length;
  }

  /** Opens or begins the file; a last line that a crash has cut off was never acknowledged, and goes. @throws Error when it is damaged */
  static async open(path: string, files: FileOperations): Promise<AuditFile> {
    const handle = await open(path, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const tail = Buffer.alloc(Math.min(size, 1 << 20));
      await handle.read(tail, 0, tail.length, size - tail.length);
      const complete = size === 0 ? 0 : size - tail.length + tail.lastIndexOf(0x0a) + 1;
      if (complete !== size) {
        await handle.truncate(complete);
        await handle.sync();
      }
      return new AuditFile(path, files, complete);
    } finally {
      await handle.close();
    }
  }

  append(records: readonly AuditRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines: records.map((record) => `${JSON.stringify(record)}\n`), resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** The newest first, read from the end backwards. */
  async page(page: {
    limit: number;
    before?: AuditId | undefined;
    connectionId?: ConnectionId | undefined;
  }): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    const records: AuditRecord[] = [];
    for await (const line of this.#linesFromTheEnd()) {
      const record = parseLine(line, this.#path);
      if (page.before !== undefined && record.id >= page.before) continue;
      if (page.connectionId !== undefined && record.connectionId !== page.connectionId) continue;
      if (records.length === page.limit) return { records, hasMore: true };
      records.push(record);
    }
    return { records, hasMore: false };
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const bytes = Buffer.from(batch.flatMap(({ lines }) => lines).join(''));
      try {
        this.#handle ??= await this.#files.open(this.#path, 'r+');
        await this.#handle.write(bytes, 0, bytes.length, this.#length);
        await this.#handle.datasync();
      } catch (error) {
        // What may be there of it is not acknowledged: it goes, now or with the next write.
        await this.#handle?.truncate(this.#length).catch(() => {});
        for (const { reject } of batch) reject(error);
        continue;
      }
      this.#length += bytes.length;
      for (const { resolve } of batch) resolve();
    }
    this.#flushing = undefined;
  }

  async *#linesFromTheEnd(): AsyncGenerator<string> {
    const handle = await open(this.#path, 'r');
    try {
      let end = this.#length;
      let rest: Buffer = Buffer.alloc(0);
      while (end > 0) {
        const size = Math.min(end, 1 << 16);
        const chunk = Buffer.alloc(size);
        await handle.read(chunk, 0, size, end - size);
        end -= size;
        let bytes = Buffer.concat([chunk, rest]);
        for (;;) {
          const body = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
          const start = body === 0 ? -1 : bytes.lastIndexOf(0x0a, body - 1);
          if (start < 0 && end > 0) break;
          if (body > 0) yield bytes.subarray(start + 1, body).toString('utf8');
          if (start < 0) {
            bytes = Buffer.alloc(0);
            break;
          }
          bytes = bytes.subarray(0, start + 1);
        }
        rest = bytes;
      }
    } finally {
      await handle.close();
    }
  }
}

function parseLine(line: string, path: string): AuditRecord {
  try {
    return auditRecord.parse(JSON.parse(line)) as unknown as AuditRecord;
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON';
    throw new Error(`A line of ${path} is damaged: ${reason}`);
  }
}
