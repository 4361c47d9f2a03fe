import { readdir, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import { type AuditId, type ConnectionId, firstAuditIdAt, type OrganizationId } from '../../domain/ids.js';
import { type Repair, readLines } from './append-file.js';
import { AuditIndex } from './audit-index.js';
import { readSegmentName, SegmentIndexes, segmentName } from './audit-segment.js';
import { type AuditSurroundings, OrganizationAudit } from './organization-audit.js';
import { type FileOperations, isTemporary, syncDirectory, tryToWrite } from './organization-file.js';
import { unavailable } from './unavailable.js';

/** Files that stay open for the next write: opening one costs more than writing to it. */
const openFiles = 64;

/** The audit log: files for each organization, which only grow. In memory is where to look, not what is in it. */
export class AuditFiles {
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #around: AuditSurroundings;
  readonly #logs = new Map<OrganizationId, OrganizationAudit>();
  /** Those with an open file, the one unused for longest first. */
  readonly #open = new Set<OrganizationAudit>();
  #stopped: RolebridgeError | undefined;

  /** @param segmentBytes A file that has reached it is closed, and another one begun. */
  constructor(directory: string, files: FileOperations, segmentBytes: number) {
    this.#directory = directory;
    this.#files = files;
    this.#around = {
      directory,
      files,
      segmentBytes,
      indexes: new SegmentIndexes(),
      assertWritable: () => {
        if (this.#stopped) throw this.#stopped;
      },
      onWritten: (log) => this.#keepOpen(log),
    };
  }

  /** Those that have a log. */
  organizations(): Iterable<OrganizationId> {
    return this.#logs.keys();
  }

  /**
   * Reads and checks the files that are written to, which a crash may have torn; nothing is changed. Closed ones are
   * read when somebody wants to see them: their number has no end.
   * @returns what cuts off the torn last lines that a crash has left, and says so
   */
  async load(): Promise<() => Promise<Repair[]>> {
    const unused: string[] = [];
    const torn: { path: string; wholeBytes: number; sizeBytes: number }[] = [];
    const found = new Map<OrganizationId, [number, ...number[]]>();
    for (const name of await readdir(this.#directory)) {
      if (isTemporary(name)) unused.push(join(this.#directory, name));
      if (!name.endsWith('.jsonl')) continue;
      const segment = readSegmentName(name);
      if (segment === undefined)
        throw unusable(join(this.#directory, name), new Error('it has no such name'));
      const numbers = found.get(segment.id);
      if (numbers === undefined) found.set(segment.id, [segment.number]);
      else numbers.push(segment.number);
    }
    for (const [id, numbers] of found) {
      const index = new AuditIndex();
      const path = join(this.#directory, segmentName(id, Math.max(...numbers)));
      const { wholeBytes, sizeBytes } = await readLines(path, (records, offset, lengthBytes) =>
        index.add(records as AuditRecord[], offset, lengthBytes),
      ).catch((error) => {
        throw unusable(path, error);
      });
      if (wholeBytes < sizeBytes) torn.push({ path, wholeBytes, sizeBytes });
      this.#logs.set(id, new OrganizationAudit(id, this.#around, { numbers, sizeBytes: wholeBytes, index }));
    }
    return async () => {
      const repairs: Repair[] = [];
      for (const path of unused) await unlink(path);
      for (const { path, wholeBytes, sizeBytes } of torn) {
        await truncate(path, wholeBytes);
        repairs.push({
          path,
          message: `The last ${sizeBytes - wholeBytes} bytes of ${path} were cut off: a write that a crash interrupted, and that was never acknowledged.`,
        });
      }
      if (torn.length > 0) await syncDirectory(this.#directory, this.#files);
      return repairs;
    };
  }

  /** From now on nothing is written. */
  stop(reason: RolebridgeError): void {
    this.#stopped ??= reason;
  }

  append(records: readonly AuditRecord[]): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    const [first] = records;
    if (first === undefined) return Promise.resolve();
    const id = first.organizationId;
    if (records.some(({ organizationId }) => organizationId !== id))
      throw new TypeError('Audit records that are appended together belong to one organization.');
    let log = this.#logs.get(id);
    if (log === undefined) {
      log = new OrganizationAudit(id, this.#around);
      this.#logs.set(id, log);
    }
    return log.append(records);
  }

  async page(
    id: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    const log = this.#logs.get(id) ?? new OrganizationAudit(id, this.#around);
    return log.page(page);
  }

  /**
   * Of every organization. One whose files can't be read or deleted does not keep the others from it.
   * @throws RolebridgeError `store_unavailable` for the first of those, at the end
   */
  async deleteBefore(keptSinceMs: number, nowMs: number): Promise<number> {
    const before = firstAuditIdAt(keptSinceMs);
    // A file goes as a whole, so it must not span all of the time.
    const closesBefore = firstAuditIdAt(Math.max(keptSinceMs, nowMs - (nowMs - keptSinceMs) / 4));
    let deleted = 0;
    let problem: unknown;
    for (const log of [...this.#logs.values()])
      try {
        deleted += await log.deleteBefore(before, closesBefore);
      } catch (error) {
        problem ??= unavailable(error);
      }
    if (problem !== undefined) throw problem;
    return deleted;
  }

  /** Gives the files back; nothing is written any more. */
  async close(): Promise<void> {
    await this.allSettled();
    await Promise.all([...this.#open].map((log) => log.release().catch(() => {})));
    this.#open.clear();
  }

  async allSettled(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.settled()));
  }

  /** Takes out what refused writes may have left. @throws RolebridgeError `store_unavailable` when nothing can be written */
  async ready(): Promise<void> {
    try {
      await this.allSettled();
      for (const log of this.#logs.values()) await log.repair();
      await tryToWrite(this.#directory, this.#files);
    } catch (error) {
      throw unavailable(error);
    }
  }

  #keepOpen(log: OrganizationAudit): void {
    this.#open.delete(log);
    this.#open.add(log);
    const [oldest] = this.#open;
    if (this.#open.size <= openFiles || oldest === undefined) return;
    this.#open.delete(oldest);
    // One that is being written to comes back here when it is done.
    if (oldest.isIdle) oldest.release().catch(() => {});
  }
}

const unusable = (path: string, error: Error): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The audit log ${path} can't be used: ${error.message}.`, {
    remedy:
      'Nothing was changed. Restore it from a backup of your own; or move it away, keep it as evidence, and start again: the log of this organization goes on without it.',
    cause: error,
  });
