import { constants } from 'node:fs';
import { type FileHandle, unlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import { type AuditId, type OrganizationId, timeOfAuditId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import { pageOfLog } from '../audit-records.js';
import type { Log } from '../backend.js';
import { Batches } from '../batches.js';
import { auditPath, chainOf, writeLine } from './audit-lines.js';
import { type Anchor, logStart } from './document.js';
import { syncDirectory, unavailable, unlessAbsent } from './files.js';
import type { Surroundings } from './surroundings.js';

/** Findings about a log at start. */
export interface FoundLog {
  /** The oldest first, such as `2026-11`. */
  readonly months: readonly string[];
  readonly head: Anchor;
  readonly newest?: AuditId | undefined;
  /** Of the newest file, whole lines only. */
  readonly sizeBytes: number;
}

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
/** Others have their turn while a long log is read. */
const charactersATurn = 1 << 18;

/** The audit log of one organization: append and fsync, a file a month, read from its end. */
export class AuditLog {
  readonly #months: string[];
  #sizeBytes: number;
  #handle: FileHandle | undefined;
  /** The last write failed: the file may contain rejected lines. */
  #isUncertain = false;
  readonly #batches = new Batches<readonly AuditRecord[]>(
    (batch) => this.#write(batch.flat()),
    500,
    () => this.#release().catch(() => {}),
  );
  head: Anchor;
  /** The id of its last record, also when that one expired. */
  newest: AuditId | undefined;

  constructor(
    private readonly id: OrganizationId,
    private readonly around: Surroundings,
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
    return this.#batches.add(records);
  }

  settled(): Promise<void> {
    return this.#batches.settled();
  }

  async read(page: Parameters<Log['read']>[1]): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    await this.settled();
    const pageFrom = (from?: string) => pageOfLog(this.#records(page, from), page);
    // A clock that was set back puts a record into a later file than its id says.
    return page.before ? pageFrom(monthOf(page.before)).catch(() => pageFrom()) : pageFrom();
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
    let end: Anchor | undefined;
    let records = 0;
    try {
      for (const { line } of chainOf(months.map(this.#pathOf), this.around.integrity)) {
        if (line === undefined) continue;
        end ??= { n: line.n, mac: line.mac };
        records += line.records.length;
      }
    } catch (error) {
      throw damagedLog(error);
    }
    return { months, end: end ?? logStart, records };
  }

  async remove(months: readonly string[]): Promise<void> {
    const { lock, auditDirectory, files } = this.around;
    lock.assertHeld();
    for (const month of months) {
      if (month === this.#months.at(-1)) await this.#release();
      this.#months.splice(this.#months.indexOf(month), 1);
      await unlink(this.#pathOf(month)).catch(unlessAbsent);
    }
    if (this.#months.length === 0) this.#sizeBytes = 0;
    await syncDirectory(auditDirectory, files);
  }

  async *#records(
    { before, connectionId }: Omit<Parameters<Log['read']>[1], 'limit'>,
    from = '9999',
  ): AsyncIterable<AuditRecord> {
    const months = this.#months.filter((month) => month <= from);
    let isBefore = before === undefined;
    const isWanted = (text: string) => text.includes((isBefore ? connectionId : before) ?? '');
    let sinceTurn = 0;
    try {
      for (const { n, text, line } of chainOf(months.map(this.#pathOf), this.around.integrity, {
        isWanted,
      })) {
        sinceTurn += text.length;
        if (sinceTurn > charactersATurn) {
          sinceTurn = 0;
          await setImmediate();
        }
        // Of a failed write, which was never acknowledged.
        if (n > this.head.n || line === undefined) continue;
        isBefore = true;
        yield* line.records.reverse();
      }
    } catch (error) {
      throw damagedLog(error);
    }
  }

  async #write(records: readonly AuditRecord[]): Promise<void> {
    try {
      await this.#append(records);
    } catch (error) {
      throw unavailable(error);
    }
  }

  async #append(records: readonly AuditRecord[]): Promise<void> {
    const { integrity, lock } = this.around;
    lock.assertHeld();
    const [first] = records;
    if (first === undefined) return;
    const handle = await this.#open(monthOf(first.id));
    if (this.#isUncertain) {
      await handle.truncate(this.#sizeBytes);
      await handle.sync();
      this.#isUncertain = false;
    }
    const { n, mac } = this.head;
    const line = { n: n + 1, epoch: lock.epoch, document: this.sequence(), prev: mac };
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
    lock.assertHeld();
    this.onAppended();
  }

  async #open(wanted: string): Promise<FileHandle> {
    const { files, auditDirectory } = this.around;
    const current = this.#months.at(-1);
    if (current !== undefined && current >= wanted) {
      this.#handle ??= await files.open(this.#pathOf(current), appending);
      return this.#handle;
    }
    await this.#release();
    // `ax` refuses whatever is there already, a symlink too.
    const handle = await files.open(this.#pathOf(wanted), 'ax', 0o600);
    await syncDirectory(auditDirectory, files);
    this.#months.push(wanted);
    this.#sizeBytes = 0;
    this.#isUncertain = false;
    this.#handle = handle;
    return handle;
  }

  async #release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  readonly #pathOf = (month: string): string => auditPath(this.around.auditDirectory, this.id, month);
}

/** The month of an audit id's time, such as `2026-11`. */
const monthOf = (id: AuditId): string => new Date(timeOfAuditId(id)).toISOString().slice(0, 7);

const damagedLog = (error: unknown): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The audit log can't be read: ${messageOf(error)}.`, {
    remedy:
      'Keep the file as evidence. Restore a backup, or run "rolebridge repair" to see the data it would drop.',
  });
