import { join } from 'node:path';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { AuditId, ConnectionId, OrganizationId } from '../../domain/ids.js';
import { AppendFile, readPart } from './append-file.js';
import { AuditIndex } from './audit-index.js';
import { type ClosedSegment, type SegmentIndexes, segmentName } from './audit-segment.js';
import { type FileOperations, syncDirectory } from './organization-file.js';
import { unavailable } from './unavailable.js';

/** What the logs of all organizations share. */
export interface AuditSurroundings {
  readonly directory: string;
  readonly files: FileOperations;
  readonly indexes: SegmentIndexes;
  /** A segment that has reached it is closed. */
  readonly segmentBytes: number;
  /** @throws when nothing may be written any more */
  readonly assertWritable: () => void;
  /** What was waiting is written; the file is still open. */
  readonly onWritten: (log: OrganizationAudit) => void;
}

/** What the directory has of it when the store is opened. */
export interface FoundSegments {
  /** The highest is the one that is written to. */
  readonly numbers: readonly [number, ...number[]];
  /** Of its whole lines. */
  readonly sizeBytes: number;
  readonly index: AuditIndex;
}

interface CurrentSegment {
  readonly number: number;
  readonly path: string;
  readonly file: AppendFile;
  readonly index: AuditIndex;
}

interface Waiting {
  readonly records: readonly AuditRecord[];
  readonly resolve: () => void;
  readonly reject: (error: RolebridgeError) => void;
}

/** What goes into one line at most, so that a page of the log never needs much more than itself. */
const recordsALine = 500;

/**
 * The audit log of one organization, in segments: files that are written one after the other. Nothing is ever moved
 * from one to the next, so a crash between them loses and doubles nothing.
 */
export class OrganizationAudit {
  readonly #id: OrganizationId;
  readonly #around: AuditSurroundings;
  /** The oldest first. */
  readonly #closed: ClosedSegment[];
  #current: CurrentSegment;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(id: OrganizationId, around: AuditSurroundings, found?: FoundSegments) {
    // The id names a file.
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(id))
      throw new TypeError(`Not an organization's id: ${JSON.stringify(id)}`);
    this.#id = id;
    this.#around = around;
    const numbers = [...(found?.numbers ?? [0])].sort((one, other) => one - other);
    const last = numbers.pop() as number;
    this.#closed = numbers.map((number) => ({ path: this.#pathOf(number) }));
    this.#current = this.#segment(last, found?.sizeBytes, found?.index);
  }

  get isIdle(): boolean {
    return this.#flushing === undefined;
  }

  async settled(): Promise<void> {
    await this.#flushing;
  }

  /** Gives the file back to the system until the next write. */
  release(): Promise<void> {
    return this.#current.file.release();
  }

  /** Takes out what a refused write may have left. */
  repair(): Promise<void> {
    return this.#current.file.repair();
  }

  /** Records that wait at the same time share one write. */
  append(records: readonly AuditRecord[]): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async page(page: {
    limit: number;
    before?: AuditId | undefined;
    connectionId?: ConnectionId | undefined;
  }): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    const { limit, before, connectionId } = page;
    const records: AuditRecord[] = [];
    let isBefore = before === undefined;
    for (const segment of [this.#current, ...this.#closed.toReversed()])
      for await (const part of this.#parts(segment, isBefore ? { connectionId } : page))
        for (const record of part.reverse()) {
          if (!isBefore) isBefore = record.id === before;
          else if (connectionId === undefined || record.connectionId === connectionId) {
            if (records.length === limit) return { records, hasMore: true };
            records.push(record);
          }
        }
    if (!isBefore)
      throw new RolebridgeError('request_invalid', `There is no audit record ${JSON.stringify(before)}.`, {
        remedy: 'Begin again with the first page.',
      });
    return { records, hasMore: false };
  }

  /**
   * Takes out the closed segments that have no record from `before` on, after closing the current one when it has
   * records from before `closesBefore`.
   * @returns how many records that were
   */
  async deleteBefore(before: AuditId, closesBefore: AuditId): Promise<number> {
    const { range } = this.#current.index;
    // One that is being written to fills up by itself, or is met idle another time.
    if (this.isIdle && range !== undefined && range.firstId < closesBefore) {
      this.#flushing = this.#closeForGood();
      await this.#flushing;
    }
    const { files, indexes, assertWritable, directory } = this.#around;
    let deleted = 0;
    // The oldest first: what is left is the log from some time on, without gaps.
    for (let oldest = this.#closed[0]; oldest !== undefined; oldest = this.#closed[0]) {
      if (oldest.range !== undefined && oldest.range.lastId >= before) break;
      const { range, recordCount } = await indexes.of(oldest).catch((error) => {
        throw unreadable(oldest, error);
      });
      if (range !== undefined && range.lastId >= before) break;
      assertWritable();
      // Whoever reads a page meanwhile does not miss it.
      this.#closed.shift();
      await files.unlink(oldest.path).catch((error) => {
        this.#closed.unshift(oldest);
        throw error;
      });
      indexes.forget(oldest);
      deleted += recordCount;
    }
    if (deleted > 0) await syncDirectory(directory, files);
    return deleted;
  }

  /** What of a segment may be wanted, the newest first. */
  async *#parts(
    segment: CurrentSegment | ClosedSegment,
    wanted: { before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): AsyncGenerator<AuditRecord[]> {
    const { before } = wanted;
    const range = 'index' in segment ? segment.index.range : segment.range;
    if (before !== undefined && range !== undefined && (before < range.firstId || before > range.lastId))
      return;
    try {
      const index = 'index' in segment ? segment.index : await this.#around.indexes.of(segment);
      for (const { offset, lengthBytes } of index.parts(wanted))
        yield (await readPart(segment.path, offset, lengthBytes)) as AuditRecord[];
    } catch (error) {
      if ('index' in segment) throw unavailable(error);
      // It may have been taken out meanwhile, and all that is older before it.
      if (this.#closed.includes(segment)) throw unreadable(segment, error);
    }
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Records of the same turn of the event loop go together.
      await new Promise(setImmediate);
      const batch = this.#waiting.splice(0, recordsALine);
      const records = batch.flatMap((waiting) => waiting.records);
      const { file: full } = this.#current;
      // One that may hold what was refused is repaired by its next write first.
      if (full.sizeBytes >= this.#around.segmentBytes && !full.isUncertain) await this.#close();
      const { file, index } = this.#current;
      try {
        const { offset, lengthBytes } = await file.append(records.map((record) => JSON.stringify(record)));
        index.add(records, offset, lengthBytes);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(unavailable(error));
        await file.release().catch(() => {});
      }
    }
    this.#flushing = undefined;
    this.#around.onWritten(this);
  }

  /** Makes the next file too, or a restart would go on with this one. Who appends meanwhile waits for it. */
  async #closeForGood(): Promise<void> {
    await this.#close();
    // Without it the next record tries again.
    await this.#current.file.create().catch(() => this.#current.file.release().catch(() => {}));
    await this.#flush();
  }

  /** The next record begins another segment, whose file is made then. */
  async #close(): Promise<void> {
    const { number, path, file, index } = this.#current;
    const segment: ClosedSegment = { path };
    this.#around.indexes.hold(segment, index);
    this.#closed.push(segment);
    this.#current = this.#segment(number + 1);
    await file.release().catch(() => {});
  }

  #segment(number: number, sizeBytes?: number, index = new AuditIndex()): CurrentSegment {
    const { files, assertWritable } = this.#around;
    const path = this.#pathOf(number);
    return { number, path, file: new AppendFile(path, sizeBytes, files, assertWritable), index };
  }

  #pathOf(number: number): string {
    return join(this.#around.directory, segmentName(this.#id, number));
  }
}

const unreadable = ({ path }: ClosedSegment, error: unknown): RolebridgeError =>
  new RolebridgeError(
    'store_unavailable',
    `The closed audit log ${path} can't be read: ${(error as Error).message}.`,
    {
      remedy:
        'Newer records are read, and new ones written, as before. Restore the file from a backup; or move it away, keep it as evidence, and restart the service: then the log is read without it.',
      cause: error,
    },
  );
