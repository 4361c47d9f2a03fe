import { constants } from 'node:fs';
import { type FileHandle, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import { type AuditId, type OrganizationId, timeOfAuditId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import { pageOfLog } from '../audit-page.js';
import type { Log } from '../backend.js';
import type { Integrity } from '../integrity.js';
import { linesBackward, readLine, writeLine } from './audit-lines.js';
import { type Anchor, logStart } from './document-file.js';
import { type FileOperations, syncDirectory, unavailable, unlessAbsent } from './files.js';

/** Dependencies of every organization's log. */
export interface AuditSurroundings {
  readonly directory: string;
  readonly files: FileOperations;
  readonly integrity: Integrity;
  readonly epoch: () => number;
  /** @throws when nothing may be written or acknowledged any more */
  readonly assertWritable: () => void;
}

/** Findings about a log at start. */
export interface FoundLog {
  /** The oldest first, such as `2026-11`. */
  readonly months: readonly string[];
  readonly head: Anchor;
  readonly newest?: AuditId | undefined;
  /** Of the newest file, whole lines only. */
  readonly sizeBytes: number;
}

interface Waiting {
  readonly records: readonly AuditRecord[];
  readonly resolve: () => void;
  readonly reject: (error: RolebridgeError) => void;
}

const recordsALine = 500;
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

/** The audit log of one organization: append and fsync, a file a month, read from its end. */
export class AuditLog {
  readonly #months: string[];
  #sizeBytes: number;
  #handle: FileHandle | undefined;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /** The last write failed: the file may contain rejected lines. */
  #isUncertain = false;
  head: Anchor;
  /** The id of its last record, also when that one expired. */
  newest: AuditId | undefined;

  constructor(
    private readonly id: OrganizationId,
    private readonly around: AuditSurroundings,
    /** Of the document that is durable. */
    private readonly sequence: () => number,
    /** Lines were added, and are durable. */
    private readonly onAppended: () => void,
    found: FoundLog = { months: [], head: logStart, sizeBytes: 0 },
  ) {
    this.#months = [...found.months];
    this.#sizeBytes = found.sizeBytes;
    this.head = found.head;
    this.newest = found.newest;
  }

  /** Records that wait at the same time share a write. */
  append(records: readonly AuditRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async settled(): Promise<void> {
    await this.#flushing;
  }

  async read(page: Parameters<Log['read']>[1]): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    await this.settled();
    const { before } = page;
    const from = before === undefined ? undefined : monthOf(before);
    try {
      return await pageOfLog(this.#records(page, from), page);
    } catch (error) {
      // A clock that was set back puts a record into a later file than its id says.
      if (from !== undefined && error instanceof RolebridgeError && error.code === 'request_invalid')
        return pageOfLog(this.#records(page, undefined), page);
      throw error;
    }
  }

  /** From the month of that id back, the newest first. */
  async *newestFirst(before: AuditId | undefined): AsyncIterable<AuditRecord> {
    await this.settled();
    yield* this.#records({}, before && monthOf(before));
  }

  /** The files of months before, whose end the document is to name before they go. */
  async oldFiles(before: AuditId): Promise<{ months: string[]; end: Anchor; records: number }> {
    await this.settled();
    const months = this.#months.filter((month) => month < monthOf(before));
    let end = logStart;
    let records = 0;
    for (const month of months)
      for (const { text } of linesBackward(this.#pathOf(month), () => {})) {
        const line = readLine(text, this.around.integrity);
        if (line.n > end.n) end = { n: line.n, mac: line.mac };
        records += line.records.length;
      }
    return { months, end, records };
  }

  async remove(months: readonly string[]): Promise<void> {
    this.around.assertWritable();
    for (const month of months) {
      if (month === this.#months.at(-1)) await this.release();
      this.#months.splice(this.#months.indexOf(month), 1);
      await unlink(this.#pathOf(month)).catch(unlessAbsent);
    }
    if (this.#handle === undefined && this.#months.length === 0) this.#sizeBytes = 0;
    await syncDirectory(this.around.directory, this.around.files);
  }

  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async *#records(
    { before, connectionId }: Omit<Parameters<Log['read']>[1], 'limit'>,
    from: string | undefined,
  ): AsyncIterable<AuditRecord> {
    let isBefore = before === undefined;
    let next: { n: number; epoch: number; prev?: string } | undefined;
    for (const month of this.#months.toReversed()) {
      if (from !== undefined && month > from) continue;
      let sinceYield = 0;
      for (const { text } of linesBackward(this.#pathOf(month), () => {})) {
        sinceYield += text.length;
        // Others have their turn while a long log is read.
        if (sinceYield > 1 << 18) {
          sinceYield = 0;
          await setImmediate();
        }
        const n = Number(/^\{"n":(\d+),/.exec(text)?.[1]);
        const line = isBefore && connectionId === undefined ? this.#read(month, text) : undefined;
        // A fenced writer's lines were never acknowledged.
        if (next && n >= next.n && (line?.epoch ?? -1) < next.epoch) continue;
        if (next ? n !== next.n - 1 || (line && next.prev && line.mac !== next.prev) : n > this.head.n)
          throw damagedLog(this.#pathOf(month), `the line before ${next?.n ?? n} is not the stored one`);
        next = {
          n,
          epoch: line?.epoch ?? next?.epoch ?? Number.POSITIVE_INFINITY,
          ...(line && { prev: line.prev }),
        };
        if (!text.includes((isBefore ? connectionId : before) ?? '')) continue;
        isBefore = true;
        yield* (line ?? this.#read(month, text)).records.reverse();
      }
    }
  }

  #read(month: string, text: string) {
    try {
      return readLine(text, this.around.integrity);
    } catch (error) {
      throw damagedLog(this.#pathOf(month), messageOf(error));
    }
  }

  async #flush(): Promise<void> {
    await setImmediate();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, recordsALine);
      try {
        await this.#write(batch.flatMap(({ records }) => records));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(unavailable(error));
      }
    }
    await this.release().catch(() => {});
    this.#flushing = undefined;
    if (this.#waiting.length > 0) this.#flushing = this.#flush();
  }

  async #write(records: readonly AuditRecord[]): Promise<void> {
    const { integrity, epoch, assertWritable } = this.around;
    assertWritable();
    const [first] = records;
    if (first === undefined) return;
    const month = monthOf(first.id);
    const handle = await this.#open(month);
    if (this.#isUncertain) {
      await handle.truncate(this.#sizeBytes);
      await handle.sync();
      this.#isUncertain = false;
    }
    const { n, mac } = this.head;
    const line = { n: n + 1, epoch: epoch(), document: this.sequence(), prev: mac };
    const { text, anchor } = writeLine(line, records, integrity);
    const bytes = Buffer.from(text);
    this.#isUncertain = true;
    await handle.writeFile(bytes);
    await handle.datasync();
    this.#isUncertain = false;
    this.#sizeBytes += bytes.length;
    this.head = anchor;
    this.newest = records.at(-1)?.id;
    // A writer that was fenced meanwhile acknowledges nothing.
    assertWritable();
    this.onAppended();
  }

  async #open(wanted: string): Promise<FileHandle> {
    const { files, directory } = this.around;
    const current = this.#months.at(-1);
    if (current !== undefined && current >= wanted) {
      this.#handle ??= await files.open(this.#pathOf(current), appending);
      return this.#handle;
    }
    await this.release();
    // `ax` refuses whatever is there already, a symlink too.
    const handle = await files.open(this.#pathOf(wanted), 'ax', 0o600);
    await syncDirectory(directory, files);
    this.#months.push(wanted);
    this.#sizeBytes = 0;
    this.#isUncertain = false;
    this.#handle = handle;
    return handle;
  }

  #pathOf(month: string): string {
    return join(this.around.directory, auditFileName(this.id, month));
  }
}

export const auditFileName = (id: OrganizationId, month: string): string => `${id}.${month}.jsonl`;

/** The month of an audit id's time, such as `2026-11`. */
export const monthOf = (id: AuditId): string => new Date(timeOfAuditId(id)).toISOString().slice(0, 7);

export const damagedLog = (path: string, what: string): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The audit log ${path} is damaged: ${what}.`, {
    remedy:
      'Keep the file as evidence. Restore a backup, or run "rolebridge repair" to see the data it would drop.',
  });
