import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { Low } from 'lowdb';
import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { Transaction } from '../backend.js';
import { Batches } from '../batches.js';
import type { Row } from '../row.js';
import type { TableName } from '../tables.js';
import { AuditLog, type FoundLog } from './audit-log.js';
import { allRows, type Document, noDocument } from './document.js';
import type { DocumentFile } from './document-file.js';
import { unavailable } from './files.js';
import { writeHead } from './head.js';
import { Staged, transactionOn } from './staged.js';
import type { Surroundings } from './surroundings.js';

/** Lines of the audit log behind the one that the document names, at most: the next start checks as many. */
const linesBehind = 2_000;
export const largeOrganization = 2_000;

/** A restart makes rows of these again; in other tables, a change that isn't lasting is a mark of use. */
const madeAgain: readonly TableName[] = ['jobs', 'messages', 'runningChecks'];

/** One organization: its document, through lowdb, and its audit log. */
export class OrganizationStore {
  readonly log: AuditLog;
  readonly #low: Low<Document>;
  /** Transactions that wait share one write of the document. */
  readonly #batches = new Batches<(transaction: Transaction) => Promise<void>>((batch) => this.#run(batch));
  /** A write failed: the disk is read again before anything else. */
  #isStale = false;
  #isLarge = false;
  #hasHead = false;
  /** Marks of use that no write of the document has taken along yet. */
  #hasMarks = false;
  /** Of the document that is durable; lowdb's data is ahead of it while it is written. */
  #sequence = 0;
  #audit = noDocument.audit;
  /** Ids of that document's records that the audit log has by now. */
  #logged: ReadonlySet<string> = new Set();

  constructor(
    readonly id: OrganizationId,
    private readonly around: Surroundings,
    private readonly file: DocumentFile,
    found: { document: Document; log?: (FoundLog & { ids: ReadonlySet<string> }) | undefined } = {
      document: noDocument,
    },
  ) {
    this.#low = new Low(file, noDocument);
    this.log = new AuditLog(
      id,
      around,
      () => this.#sequence,
      () => this.#writeHead(),
      found.log,
    );
    this.#use(found.document);
    if (found.log) this.#keepLogged(found.log.ids);
  }

  /** Records that only the document has: a crash or a failure came before they were in the audit log. */
  get pending(): readonly AuditRecord[] {
    return this.#audit.pending.filter(({ id }) => !this.#logged.has(id));
  }

  get sequence(): number {
    return this.#sequence;
  }

  async transact<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    let outcome = (): Result => {
      throw new TypeError('The transaction did not run.');
    };
    await this.#batches.add(async (transaction) => {
      try {
        const result = await work(transaction);
        outcome = () => result;
      } catch (error) {
        outcome = () => {
          throw error;
        };
        throw error;
      }
    });
    return outcome();
  }

  /** The JSON of a row that stays on the disk; undefined when it went meanwhile. @throws RolebridgeError `store_unavailable` */
  async textOf({ table, key }: Row): Promise<string | undefined> {
    for (let left = 2; ; left--) {
      const text = this.around.rows.get(table, key)?.text;
      if (typeof text !== 'object') return text;
      try {
        return this.file.textAt(text);
      } catch (error) {
        if (left === 0) throw unavailable(error);
        // The next version took the document's place, and its rows are not in theirs.
        await this.#batches.current.catch(() => {});
        await setImmediate();
      }
    }
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    this.#begin();
    await this.log.append(records);
    if (this.sequence > 0 && this.log.head.n - this.#audit.head.n > linesBehind) await this.#rewrite();
  }

  /** Appends these pending records to the audit log. */
  async appendPending(records = this.pending): Promise<void> {
    if (records.length === 0) return;
    await this.log.append(records);
    this.#logged = new Set([...this.#logged, ...records.map(({ id }) => id)]);
  }

  async settled(): Promise<void> {
    await this.#batches.settled();
    await this.log.settled();
  }

  /** Before the process ends. */
  async writeMarks(): Promise<void> {
    if (this.#hasMarks && !this.#isStale) await this.#rewrite();
  }

  /** Reads the disk again after a failed write. @throws RolebridgeError `store_unavailable` */
  async ready(): Promise<void> {
    if (this.#isStale) await this.transact(async () => undefined);
  }

  async trim(before: Parameters<AuditLog['oldFiles']>[0]): Promise<number> {
    const { months, end, records } = await this.log.oldFiles(before);
    if (months.length === 0 || this.sequence === 0) return 0;
    // The document names where the log begins before the files go.
    await this.transact(async (transaction) => {
      this.#audit = { ...this.#audit, from: end };
      transaction.audit([]);
    });
    await this.log.remove(months);
    return records;
  }

  async #rewrite(): Promise<void> {
    await this.transact(async (transaction) => transaction.audit([])).catch(() => {});
  }

  async #run(batch: readonly ((transaction: Transaction) => Promise<void>)[]): Promise<void> {
    const { rows } = this.around;
    try {
      if (this.#isStale) await this.#reload();
      const staged = new Staged(rows, this.id);
      for (const work of batch) {
        const own = new Staged(rows, this.id, staged);
        await work(transactionOn(own, (place) => this.file.textAt(place))).then(
          () => own.merge(),
          // The caller of `transact` gets it.
          () => {},
        );
      }
      if (staged.isLasting) await this.#write(staged);
      else this.#hasMarks ||= [...staged.changes.values()].some(({ table }) => !madeAgain.includes(table));
      rows.apply(staged.changes.values());
    } catch (error) {
      throw unavailable(error);
    } finally {
      if (!this.#isStale) rows.release(this.id);
    }
  }

  async #write(staged: Staged): Promise<void> {
    const { lock } = this.around;
    lock.assertHeld();
    this.#begin();
    this.#warnIfLarge();
    this.#isStale = true;
    const pending = [...this.pending, ...staged.records];
    const next: Document = {
      epoch: lock.epoch,
      sequence: this.#sequence + 1,
      audit: { ...this.#audit, head: this.log.head, pending },
      rows: (table) => staged.of(table),
    };
    try {
      this.file.dropsBackup ||= staged.forgetsVersionBefore;
      this.#low.data = next;
      await this.#low.write();
      // A writer that was fenced meanwhile acknowledges nothing.
      lock.assertHeld();
    } catch (error) {
      await this.#reload().catch(() => {});
      throw error;
    }
    this.#isStale = false;
    this.#hasMarks = false;
    this.#use(next);
    this.#keepLogged(this.#logged);
    this.#writeHead();
    this.appendPending(staged.records).catch(() => {});
  }

  /** The disk is the truth: the result of a failed write counts once it is durable. */
  async #reload(): Promise<void> {
    const { rows, sync } = this.around;
    this.#isStale = true;
    this.#low.data = noDocument;
    await this.#low.read();
    const document = this.#low.data;
    if (document.sequence > 0) {
      const handle = await open(this.file.path, 'r+');
      await handle.sync().finally(() => handle.close());
    }
    await sync();
    rows.forget(this.id);
    rows.apply(allRows(document).map((next) => ({ table: next.table, key: next.key, next })));
    this.#use(document);
    this.#isStale = false;
  }

  #use({ sequence, audit }: Document): void {
    this.#sequence = sequence;
    this.#audit = audit;
    // Rows are held once, in memory for all organizations.
    this.#low.data = noDocument;
  }

  /** Of these ids, those of the document's records. */
  #keepLogged(ids: ReadonlySet<string>): void {
    this.#logged = new Set(this.#audit.pending.map(({ id }) => id).filter((id) => ids.has(id)));
  }

  #warnIfLarge(): void {
    if (this.#isLarge) return;
    const connections = [...this.around.rows.of('connections', this.id)].length;
    if (connections < largeOrganization) return;
    this.#isLarge = true;
    this.around.onLarge(this.id, connections);
  }

  /** The first write of an organization: its head is there before anything else. */
  #begin(): void {
    if (this.sequence > 0 || this.log.head.n > 0 || this.#hasHead) return;
    this.#writeHead(true);
    this.#hasHead = true;
  }

  #writeHead(isFirst = false): void {
    const { integrity, lock, directory } = this.around;
    const value = { epoch: lock.epoch, sequence: this.sequence, audit: this.log.head };
    writeHead(directory, this.id, value, integrity, isFirst);
  }
}
