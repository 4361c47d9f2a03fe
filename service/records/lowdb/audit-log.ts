import { constants } from 'node:fs';
import { type FileHandle, unlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { AuditRecord } from '../../domain/audit.js';
import { type AuditId, type OrganizationId, timeOfAuditId } from '../../domain/ids.js';
import { pageOfLog } from '../audit-records.js';
import type { Log } from '../backend.js';
import { Batches } from '../batches.js';
import { auditPath, chainOf, writeLine } from './audit-lines.js';
import type { StoreContext } from './context.js';
import { type Anchor, logStart } from './document.js';
import { ignoreMissingFile, readFailed, syncPath, writeFailed } from './files.js';

/** The state of a log's files at start. */
export interface FoundLog {
  /** The oldest first, such as `2026-11`. */
  readonly months: readonly string[];
  readonly head: Anchor;
  readonly newest?: AuditId | undefined;
  /** The size of the newest file's whole lines. */
  readonly sizeBytes: number;
  /** The size of the torn line behind them, which was never acknowledged. */
  readonly tornBytes: number;
}

/** The organization of a log. */
interface LogOwner {
  /** The version of the durable document. */
  readonly sequence: number;
  /** The end of the records that were deleted by age. */
  readonly trimmed: Anchor;
  saveHead(): void;
}

const noLog: FoundLog = { months: [], head: logStart, sizeBytes: 0, tornBytes: 0 };
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
const recordsAtOnce = 500;
/** Other work has its turn while a long log is read. */
const charactersATurn = 1 << 18;

type Page = Parameters<Log['read']>[1];

/** The audit log of one organization: append and fsync, a file a month, read from its end. */
export class AuditLog {
  readonly #months: string[];
  #sizeBytes: number;
  #handle: FileHandle | undefined;
  /** The size of what a crash or an error may have left behind the whole lines. */
  #tornBytes: number;
  readonly #batches = new Batches<readonly AuditRecord[]>(
    (batch) =>
      this.#append(batch.flat()).catch((error) => {
        throw writeFailed(error);
      }),
    { itemsAtOnce: recordsAtOnce, onIdle: () => this.#release().catch(() => {}) },
  );
  head: Anchor;
  /** The id of the last record, even if that one expired. */
  newest: AuditId | undefined;

  constructor(
    private readonly id: OrganizationId,
    private readonly context: StoreContext,
    private readonly owner: LogOwner,
    found: FoundLog = noLog,
  ) {
    this.#months = [...found.months];
    this.#sizeBytes = found.sizeBytes;
    this.#tornBytes = found.tornBytes;
    this.head = found.head;
    this.newest = found.newest;
  }

  /** Records that wait at the same time share a write. */
  append(records: readonly AuditRecord[]): Promise<void> {
    return this.#batches.add(records);
  }

  settled(): Promise<void> {
    return this.#batches.settled();
  }

  async read(page: Page): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    await this.settled();
    const pageFrom = (from?: string) => pageOfLog(this.#records(page, from), page);
    // A clock that was set back puts a record into a later file than its id says.
    return page.before ? pageFrom(monthOf(page.before)).catch(() => pageFrom()) : pageFrom();
  }

  /** The records from the month of that id back, the newest first. */
  async *newestFirst(before: AuditId | undefined): AsyncIterable<AuditRecord> {
    await this.settled();
    yield* this.#records({}, before && monthOf(before));
  }

  /**
   * Deletes the files of earlier months.
   * @param commit makes the document name the last line of them, before they go
   * @returns the number of deleted records
   */
  async trim(before: AuditId, commit: (end: Anchor) => Promise<void>): Promise<number> {
    await this.settled();
    const months = this.#months.filter((month) => month < monthOf(before));
    if (months.length === 0) return 0;
    let end: Anchor | undefined;
    let count = 0;
    for (const { line } of this.#lines(months)) {
      end ??= { n: line.n, mac: line.mac };
      count += line.records.length;
    }
    if (end) await commit(end);
    await this.#remove(months);
    return count;
  }

  /** Cuts off the bytes behind the whole lines, which were never acknowledged. @returns what was done, if anything */
  async cutTorn(): Promise<{ message: string; path: string } | undefined> {
    const month = this.#months.at(-1);
    if (this.#tornBytes === 0 || month === undefined) return undefined;
    const handle = await this.#open(month);
    await handle.truncate(this.#sizeBytes);
    await handle.sync();
    await this.#release();
    const path = this.#pathOf(month);
    const message = `The last ${this.#tornBytes} bytes of ${path} were cut off: a line that a crash interrupted, and that was never acknowledged.`;
    this.#tornBytes = 0;
    return { message, path };
  }

  async #remove(months: readonly string[]): Promise<void> {
    const { lock, auditDirectory, files } = this.context;
    lock.assertHeld();
    for (const month of months) {
      if (month === this.#months.at(-1)) await this.#release();
      this.#months.splice(this.#months.indexOf(month), 1);
      await unlink(this.#pathOf(month)).catch(ignoreMissingFile);
    }
    if (this.#months.length === 0) {
      this.#sizeBytes = 0;
      this.#tornBytes = 0;
    }
    await syncPath(auditDirectory, files);
  }

  async *#records({ before, connectionId }: Omit<Page, 'limit'>, from = '9999'): AsyncIterable<AuditRecord> {
    const months = this.#months.filter((month) => month <= from);
    const { head } = this;
    const isWhole = months.length === this.#months.length;
    const newest = isWhole ? { epoch: this.context.lock.epoch, mac: head.mac } : undefined;
    let isHeadDue = isWhole && head.n > this.owner.trimmed.n;
    let isBefore = before === undefined;
    const isWanted = (text: string) => text.includes((isBefore ? connectionId : before) ?? '');
    let sinceTurn = 0;
    for (const { text, line } of this.#lines(months, { newest, isWanted })) {
      sinceTurn += text.length;
      if (sinceTurn > charactersATurn) {
        sinceTurn = 0;
        await setImmediate();
      }
      // A failed write's line was never acknowledged.
      if (line.n > head.n) continue;
      if (isHeadDue && line.mac !== head.mac) break;
      isHeadDue = false;
      if (line.records.length === 0) continue;
      isBefore = true;
      yield* line.records.reverse();
    }
    if (isHeadDue)
      throw readFailed(
        new Error(`${this.#pathOf(months.at(-1) ?? '*')} does not end with line ${head.n}, which was stored`),
      );
  }

  /** @throws RolebridgeError `store_unavailable` */
  *#lines(months: readonly string[], options?: Parameters<typeof chainOf>[2]): ReturnType<typeof chainOf> {
    try {
      yield* chainOf(months.map(this.#pathOf), this.context.integrity, options);
    } catch (error) {
      throw readFailed(error);
    }
  }

  async #append(records: readonly AuditRecord[]): Promise<void> {
    const { integrity, lock, auditDirectory, files } = this.context;
    lock.assertHeld();
    const [first] = records;
    if (first === undefined) return;
    if (this.head.n === 0) this.owner.saveHead();
    if (this.#tornBytes > 0) await this.cutTorn();
    const handle = await this.#open(monthOf(first.id));
    if (this.#sizeBytes === 0) await syncPath(auditDirectory, files);
    const { n, mac } = this.head;
    const line = { n: n + 1, epoch: lock.epoch, document: this.owner.sequence, prev: mac };
    const { text, anchor } = writeLine(line, records, integrity);
    const bytes = Buffer.from(text);
    this.#tornBytes = bytes.length;
    await handle.writeFile(bytes);
    await handle.datasync();
    this.#tornBytes = 0;
    this.#sizeBytes += bytes.length;
    this.head = anchor;
    this.newest = records.at(-1)?.id;
    // A writer that was fenced meanwhile acknowledges nothing.
    lock.assertHeld();
    this.owner.saveHead();
  }

  async #open(wanted: string): Promise<FileHandle> {
    const { files } = this.context;
    const current = this.#months.at(-1);
    if (current !== undefined && current >= wanted) {
      this.#handle ??= await files.open(this.#pathOf(current), appending);
      return this.#handle;
    }
    await this.#release();
    // `ax` refuses an existing file, and a symlink too.
    this.#handle = await files.open(this.#pathOf(wanted), 'ax', 0o600);
    this.#months.push(wanted);
    this.#sizeBytes = 0;
    return this.#handle;
  }

  async #release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  readonly #pathOf = (month: string): string => auditPath(this.context.auditDirectory, this.id, month);
}

/** The month of an audit id's time, such as `2026-11`. */
const monthOf = (id: AuditId): string => new Date(timeOfAuditId(id)).toISOString().slice(0, 7);

/** A page of all logs together. A log whose newest record is older than a full page stays closed. */
export async function readAllLogs(
  logs: readonly AuditLog[],
  { limit, before, connectionId }: Page,
): ReturnType<Log['read']> {
  const newestOf = ({ newest }: AuditLog): string => newest ?? '';
  let page: AuditRecord[] = [];
  for (const log of [...logs].sort((one, other) => (newestOf(one) > newestOf(other) ? -1 : 1))) {
    if (newestOf(log) < (page[limit]?.id ?? '')) break;
    let left = limit + 1;
    for await (const record of log.newestFirst(before)) {
      if (before !== undefined && record.id >= before) continue;
      if ((connectionId ?? record.connectionId) !== record.connectionId) continue;
      page.push(record);
      left -= 1;
      if (left === 0) break;
    }
    page = page.sort((one, other) => (one.id > other.id ? -1 : 1)).slice(0, limit + 1);
  }
  return { records: page.slice(0, limit), hasMore: page.length > limit };
}
