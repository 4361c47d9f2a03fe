import { readdir, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { AuditId, ConnectionId, OrganizationId } from '../../domain/ids.js';
import { AppendFile, readLines, readPart } from './append-file.js';
import { AuditIndex } from './audit-index.js';
import { type FileOperations, isTemporary, syncDirectory, tryToWrite } from './organization-file.js';
import { unavailable } from './unavailable.js';

interface Waiting {
  readonly records: readonly AuditRecord[];
  readonly resolve: () => void;
  readonly reject: (error: RolebridgeError) => void;
}

interface Log {
  readonly file: AppendFile;
  readonly index: AuditIndex;
  waiting: Waiting[];
  flushing: Promise<void> | undefined;
}

/** Files that stay open for the next write: opening one costs more than writing to it. */
const openFiles = 64;

/** What goes into one line at most, so that a page of the log never needs much more than itself. */
const recordsALine = 500;

/** The audit log: a file for each organization, which only grows. In memory is where to look, not what is in it. */
export class AuditFiles {
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #logs = new Map<OrganizationId, Log>();
  /** Those with an open file, the one unused for longest first. */
  readonly #open = new Set<Log>();
  #stopped: RolebridgeError | undefined;

  constructor(directory: string, files: FileOperations) {
    this.#directory = directory;
    this.#files = files;
  }

  /** Those that have a log. */
  organizations(): Iterable<OrganizationId> {
    return this.#logs.keys();
  }

  /**
   * Reads and checks all of it; nothing is changed.
   * @returns what cuts off the torn last lines that a crash has left, and says so
   */
  async load(): Promise<() => Promise<string[]>> {
    const unused: string[] = [];
    const torn: { path: string; wholeBytes: number; sizeBytes: number }[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      if (isTemporary(name)) unused.push(path);
      if (!name.endsWith('.jsonl')) continue;
      const id = name.slice(0, -'.jsonl'.length) as OrganizationId;
      const index = new AuditIndex();
      try {
        const { wholeBytes, sizeBytes } = await readLines(path, (records, offset, lengthBytes) =>
          index.add(records as AuditRecord[], offset, lengthBytes),
        );
        if (wholeBytes < sizeBytes) torn.push({ path, wholeBytes, sizeBytes });
        this.#logs.set(id, this.#logOf(id, wholeBytes, index));
      } catch (error) {
        throw new RolebridgeError(
          'store_unavailable',
          `The audit log ${path} can't be used: ${(error as Error).message}.`,
          {
            remedy:
              'Nothing was changed. Restore it from a backup of your own; or move it away, keep it as evidence, and start again with an empty audit log for this organization.',
            cause: error,
          },
        );
      }
    }
    return async () => {
      const reports: string[] = [];
      for (const path of unused) await unlink(path);
      for (const { path, wholeBytes, sizeBytes } of torn) {
        await truncate(path, wholeBytes);
        reports.push(
          `The last ${sizeBytes - wholeBytes} bytes of ${path} were cut off: a write that a crash interrupted, and that was never acknowledged.`,
        );
      }
      if (torn.length > 0) await syncDirectory(this.#directory, this.#files);
      return reports;
    };
  }

  /** From now on nothing is written. */
  stop(reason: RolebridgeError): void {
    this.#stopped ??= reason;
  }

  /** Records that wait at the same time share one write. */
  append(records: readonly AuditRecord[]): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    const [first] = records;
    if (first === undefined) return Promise.resolve();
    const id = first.organizationId;
    if (records.some(({ organizationId }) => organizationId !== id))
      throw new TypeError('Audit records that are appended together belong to one organization.');
    let log = this.#logs.get(id);
    if (log === undefined) {
      log = this.#logOf(id, undefined, new AuditIndex());
      this.#logs.set(id, log);
    }
    const chosen = log;
    return new Promise<void>((resolve, reject) => {
      chosen.waiting.push({ records, resolve, reject });
      chosen.flushing ??= this.#flush(chosen);
    });
  }

  async page(
    id: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    const log = this.#logs.get(id);
    const records: AuditRecord[] = [];
    let isBefore = page.before === undefined;
    for (const part of log?.index.parts(page) ?? []) {
      const found = await readPart((log as Log).file.path, part.offset, part.lengthBytes).catch((error) => {
        throw unavailable(error);
      });
      for (const record of (found as AuditRecord[]).reverse()) {
        if (!isBefore) isBefore = record.id === page.before;
        else if (page.connectionId === undefined || record.connectionId === page.connectionId) {
          if (records.length === page.limit) return { records, hasMore: true };
          records.push(record);
        }
      }
    }
    if (!isBefore)
      throw new RolebridgeError(
        'request_invalid',
        `There is no audit record ${JSON.stringify(page.before)}.`,
        { remedy: 'Begin again with the first page.' },
      );
    return { records, hasMore: false };
  }

  /** Gives the files back; nothing is written any more. */
  async close(): Promise<void> {
    await this.allSettled();
    await Promise.all([...this.#open].map(({ file }) => file.release().catch(() => {})));
    this.#open.clear();
  }

  async allSettled(): Promise<void> {
    await Promise.all([...this.#logs.values()].map(({ flushing }) => flushing));
  }

  /** Takes out what refused writes may have left. @throws RolebridgeError `store_unavailable` when nothing can be written */
  async ready(): Promise<void> {
    try {
      await this.allSettled();
      for (const { file } of this.#logs.values())
        if (file.isUncertain) {
          await file.repair();
        }
      await tryToWrite(this.#directory, this.#files);
    } catch (error) {
      throw unavailable(error);
    }
  }

  #logOf(id: OrganizationId, sizeBytes: number | undefined, index: AuditIndex): Log {
    // The id names a file.
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(id))
      throw new TypeError(`Not an organization's id: ${JSON.stringify(id)}`);
    const file = new AppendFile(join(this.#directory, `${id}.jsonl`), sizeBytes, this.#files, () => {
      if (this.#stopped) throw this.#stopped;
    });
    return { file, index, waiting: [], flushing: undefined };
  }

  async #flush(log: Log): Promise<void> {
    while (log.waiting.length > 0) {
      // Records of the same turn of the event loop go together.
      await new Promise(setImmediate);
      const batch = log.waiting.splice(0, recordsALine);
      const records = batch.flatMap((waiting) => waiting.records);
      try {
        const { offset, lengthBytes } = await log.file.append(
          records.map((record) => JSON.stringify(record)),
        );
        log.index.add(records, offset, lengthBytes);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(unavailable(error));
        await log.file.release().catch(() => {});
      }
    }
    log.flushing = undefined;
    this.#keepOpen(log);
  }

  #keepOpen(log: Log): void {
    this.#open.delete(log);
    this.#open.add(log);
    const [oldest] = this.#open;
    if (this.#open.size <= openFiles || oldest === undefined) return;
    this.#open.delete(oldest);
    // One that is being written to comes back here when it is done.
    if (oldest.flushing === undefined) oldest.file.release().catch(() => {});
  }
}
