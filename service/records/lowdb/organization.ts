import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { Low } from 'lowdb';
import type { AuditRecord } from '../../domain/audit.js';
import type { AuditId, OrganizationId } from '../../domain/ids.js';
import { codeOf } from '../../unknown-value.js';
import type { Transaction } from '../backend.js';
import { Batches } from '../batches.js';
import type { Row } from '../row.js';
import type { TableName } from '../tables.js';
import { AuditLog, type FoundLog } from './audit-log.js';
import type { StoreContext } from './context.js';
import { type Anchor, allRows, type Document, noDocument } from './document.js';
import { DocumentFile } from './document-file.js';
import { readFailed, writeFailed } from './files.js';
import { writeHead } from './head.js';
import { Staged, transactionOn } from './staged.js';

/** The most lines of the audit log behind the one that the document names: the next start checks them. */
const maxUnnamedLines = 2_000;
const largeOrganization = 2_000;

/**
 * A change of these that isn't lasting is a lease or progress, which ends with the process. In other tables it is a time of
 * last use.
 */
const tablesOfWork: readonly TableName[] = ['jobs', 'messages', 'runningChecks'];

/** The state of an organization's files at start. */
export interface FoundOrganization {
  readonly file: DocumentFile;
  readonly document: Document;
  readonly log: FoundLog;
  /** The ids of the records behind the line that the document names. */
  readonly loggedIds: ReadonlySet<string>;
}

/** One organization: its document, through lowdb, and its audit log. */
export class OrganizationStore {
  readonly log: AuditLog;
  readonly #file: DocumentFile;
  readonly #low: Low<Document>;
  /** Transactions that wait share one write of the document. */
  readonly #batches = new Batches<(transaction: Transaction) => Promise<unknown>>((batch) =>
    this.#run(batch),
  );
  /** A write failed: the disk is read again before anything else. */
  #isStale = false;
  #isLarge = false;
  #hasHead: boolean;
  /** Times of last use that no write of the document has stored yet. */
  #hasUnsavedUse = false;
  /** The durable document, but its rows. lowdb's data is ahead of it during a write. */
  #durable: Pick<Document, 'sequence' | 'audit'> = noDocument;
  /** The ids of its pending records that the audit log contains by now. */
  #logged: ReadonlySet<string> = new Set();
  /** The ids of those that are being appended. */
  readonly #appending = new Set<string>();
  /** The last write of the head failed. */
  #hasOldHead = false;

  constructor(
    readonly id: OrganizationId,
    private readonly context: StoreContext,
    found?: FoundOrganization,
  ) {
    this.#file = found?.file ?? new DocumentFile(id, context);
    this.#low = new Low(this.#file, noDocument);
    this.log = new AuditLog(id, context, this, found?.log);
    if (found) this.#use(found.document, found.loggedIds);
    this.#hasHead = this.sequence > 0 || this.log.head.n > 0;
    this.#warnIfLarge();
  }

  /** Records that only the document contains: a crash or an error came before they were in the audit log. */
  get pending(): readonly AuditRecord[] {
    return this.#durable.audit.pending.filter(({ id }) => !this.#logged.has(id));
  }

  /** The version of the durable document. */
  get sequence(): number {
    return this.#durable.sequence;
  }

  get trimmed(): Anchor {
    return this.#durable.audit.from;
  }

  async transact<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const results: Promise<Result>[] = [];
    await this.#batches.add((transaction) => {
      const result = work(transaction);
      results.push(result);
      return result;
    });
    const [result] = results;
    if (result === undefined) throw new TypeError('The transaction did not run.');
    return result;
  }

  /** The JSON of a row that stays on the disk; undefined when it was deleted meanwhile. @throws RolebridgeError `store_unavailable` */
  async jsonOf({ table, key }: Row): Promise<string | undefined> {
    for (let left = 2; ; left--) {
      const json = this.context.rows.get(table, key)?.json;
      if (typeof json !== 'object') return json;
      try {
        return this.#file.jsonAt(json);
      } catch (error) {
        if (left === 0) throw readFailed(error);
        // The next version took the document's place, and its rows are not in theirs.
        await this.#batches.current.catch(() => {});
        await setImmediate();
      }
    }
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    await this.log.append(records);
    if (this.sequence > 0 && this.log.head.n - this.#durable.audit.head.n > maxUnnamedLines)
      await this.#rewrite();
  }

  /** Appends pending records to the audit log, also those of an append that failed. */
  async appendPending(): Promise<void> {
    const records = this.pending.filter(({ id }) => !this.#appending.has(id));
    if (records.length === 0) return;
    const ids = records.map(({ id }) => id);
    for (const id of ids) this.#appending.add(id);
    try {
      await this.log.append(records);
      this.#logged = new Set([...this.#logged, ...ids]);
    } finally {
      for (const id of ids) this.#appending.delete(id);
    }
  }

  async settled(): Promise<void> {
    await this.#batches.settled();
    await this.log.settled();
  }

  /** Stores the times of last use before the process ends. */
  async saveUse(): Promise<void> {
    if (this.#hasUnsavedUse && !this.#isStale) await this.#rewrite();
  }

  /** Completes what a failed write left. @throws RolebridgeError `store_unavailable` */
  async ready(): Promise<void> {
    if (this.#isStale) await this.transact(async () => undefined);
    await this.appendPending();
  }

  /** The document names where the log begins before older files go. */
  async trim(before: AuditId): Promise<number> {
    if (this.sequence === 0) return 0;
    return this.log.trim(before, (from) =>
      this.transact(async (transaction) => {
        this.#durable = { ...this.#durable, audit: { ...this.#durable.audit, from } };
        transaction.audit([]);
      }),
    );
  }

  /** Stores the head. The first one is durable before anything else; a later one may lag behind. */
  saveHead(): void {
    const { context, sequence } = this;
    const value = { epoch: context.lock.epoch, sequence, audit: this.log.head };
    try {
      writeHead(context, this.id, value, !this.#hasHead);
      this.#hasHead = true;
      this.#hasOldHead = false;
    } catch (error) {
      if (!this.#hasHead) throw error;
      if (!this.#hasOldHead)
        context.warn(
          `The head of ${this.id} can't be written (${codeOf(error)}). Its changes are stored, but the next start would accept an older copy of its files.`,
          { organizationId: this.id },
        );
      this.#hasOldHead = true;
    }
  }

  async #rewrite(): Promise<void> {
    await this.transact(async (transaction) => transaction.audit([])).catch(() => {});
  }

  async #run(batch: readonly ((transaction: Transaction) => Promise<unknown>)[]): Promise<void> {
    const { rows } = this.context;
    try {
      if (this.#isStale) await this.#reload();
      const staged = new Staged(rows, this.id);
      for (const work of batch) {
        const own = new Staged(rows, this.id, staged);
        await work(transactionOn(own, (range) => this.#file.jsonAt(range))).then(
          () => staged.add(own),
          // The caller of `transact` gets the error.
          () => {},
        );
      }
      if (staged.isLasting) await this.#write(staged);
      else
        this.#hasUnsavedUse ||= [...staged.changes.values()].some(
          ({ table }) => !tablesOfWork.includes(table),
        );
      rows.apply(staged.changes.values());
      this.#warnIfLarge();
      this.appendPending().catch(() => {});
    } catch (error) {
      throw writeFailed(error);
    } finally {
      if (!this.#isStale) rows.release(this.id);
    }
  }

  async #write(staged: Staged): Promise<void> {
    const { lock } = this.context;
    lock.assertHeld();
    if (!this.#hasHead) this.saveHead();
    this.#isStale = true;
    const pending = [...this.pending, ...staged.records];
    const next: Document = {
      epoch: lock.epoch,
      sequence: this.sequence + 1,
      audit: { ...this.#durable.audit, head: this.log.head, pending },
      rows: (table) => staged.of(table),
    };
    try {
      this.#file.dropsFormerVersion ||= staged.dropsFormerVersion;
      this.#low.data = next;
      await this.#low.write();
      // A writer that was fenced meanwhile acknowledges nothing.
      lock.assertHeld();
    } catch (error) {
      await this.#reload().catch(() => {});
      throw error;
    }
    this.#isStale = false;
    this.#hasUnsavedUse = false;
    this.#use(next);
    this.saveHead();
  }

  /** The disk is the truth: the result of a failed write counts once it is durable. */
  async #reload(): Promise<void> {
    const { rows, sync } = this.context;
    this.#isStale = true;
    this.#low.data = noDocument;
    await this.#low.read();
    const document = this.#low.data;
    if (document.sequence < this.sequence)
      throw new Error(
        `${this.#file.path} is version ${document.sequence}, and version ${this.sequence} was stored`,
      );
    if (document.sequence > 0) {
      const handle = await open(this.#file.path, 'r+');
      await handle.sync().finally(() => handle.close());
    }
    await sync();
    rows.forget(this.id);
    rows.apply(allRows(document).map((next) => ({ table: next.table, key: next.key, next })));
    this.#use(document);
    this.#isStale = false;
  }

  #use({ sequence, audit }: Document, logged = this.#logged): void {
    this.#durable = { sequence, audit };
    this.#logged = new Set(audit.pending.map(({ id }) => id).filter((id) => logged.has(id)));
    // Rows are held once, in memory for all organizations.
    this.#low.data = noDocument;
  }

  /** The number of its connections. */
  get size(): number {
    return this.context.rows.size('connections', this.id);
  }

  /** It has become larger than one document should be. */
  get isLarge(): boolean {
    return this.#isLarge;
  }

  #warnIfLarge(): void {
    const { id: organizationId, size: connections } = this;
    if (this.#isLarge || connections < largeOrganization) return;
    this.#isLarge = true;
    this.context.warn(`${organizationId} has ${connections} connections: use PostgreSQL for this.`, {
      organizationId,
      connections,
    });
  }
}
