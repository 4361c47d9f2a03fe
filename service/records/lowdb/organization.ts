import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { Low } from 'lowdb';
import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { Transaction } from '../backend.js';
import type { Row } from '../row.js';
import type { Rows } from '../rows.js';
import { Staged } from '../staged.js';
import type { TableName } from '../tables.js';
import { AuditLog, type AuditSurroundings, type FoundLog } from './audit-log.js';
import {
  type Anchor,
  allRows,
  type Document,
  type DocumentFile,
  type DocumentSurroundings,
  noDocument,
} from './document-file.js';
import { unavailable } from './files.js';
import { writeHead } from './head.js';
import { rowsOf, transactionOn } from './transaction.js';

/** Shared by all organizations of a data directory. */
export interface Surroundings extends DocumentSurroundings {
  readonly rows: Rows;
  readonly audit: AuditSurroundings;
  /** Hears that an organization has grown larger than one document should be. */
  readonly onLarge: (organizationId: OrganizationId, connections: number) => void;
}

interface Waiting {
  readonly work: (transaction: Transaction) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Lines of the audit log behind the one that the document names, at most: the next start checks as many. */
const linesBehind = 2_000;
export const largeOrganization = 2_000;

/** A restart makes rows of these again; in other tables, a change that isn't lasting is a mark of use. */
const madeAgain: readonly TableName[] = ['jobs', 'messages', 'runningChecks'];

/** One organization: its document, through lowdb, and its audit log. */
export class OrganizationStore {
  readonly log: AuditLog;
  readonly #low: Low<Document>;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /** A batch of transactions, until its rows are in their places. */
  #running: Promise<unknown> | undefined;
  /** A write failed: the disk is read again before anything else. */
  #isStale = false;
  #isLarge = false;
  #hasHead = false;
  /** Marks of use that no write of the document has taken along yet. */
  #hasMarks = false;
  #pending: readonly AuditRecord[];
  #sequence: number;

  constructor(
    readonly id: OrganizationId,
    private readonly around: Surroundings,
    private readonly file: DocumentFile,
    found: { document: Document; log?: FoundLog | undefined } = { document: noDocument },
  ) {
    this.#low = new Low(file, found.document);
    this.#pending = found.document.audit.pending;
    this.#sequence = found.document.sequence;
    this.log = new AuditLog(
      id,
      around.audit,
      () => this.#sequence,
      () => this.#writeHead(),
      found.log,
    );
    // Only what questions need stays in memory.
    this.#forgetTexts();
  }

  /** Of the document that is durable; lowdb's data is ahead of it while it is written. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Transactions that wait share one write of the document. */
  transact<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as Waiting['resolve'], reject });
      this.#flushing ??= this.#flush();
    });
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
        await this.#running?.catch(() => {});
        await setImmediate();
      }
    }
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    this.#begin();
    await this.log.append(records);
    if (this.sequence > 0 && this.log.head.n - this.#low.data.audit.head.n > linesBehind)
      await this.transact(async (transaction) => transaction.audit([])).catch(() => {});
  }

  /** Appends records to the log that only the document has. */
  async appendPending(missing: readonly AuditRecord[]): Promise<void> {
    if (missing.length > 0) await this.log.append(missing);
    this.#pending = this.#pending.filter((record) => !missing.includes(record));
  }

  async settled(): Promise<void> {
    await this.#flushing;
    await this.log.settled();
  }

  /** Before the process ends. */
  async writeMarks(): Promise<void> {
    if (this.#hasMarks && !this.#isStale)
      await this.transact(async (transaction) => transaction.audit([])).catch(() => {});
  }

  /** Reads the disk again after a failed write. @throws RolebridgeError `store_unavailable` */
  async ready(): Promise<void> {
    if (this.#isStale) await this.transact(async () => undefined);
  }

  async trim(before: Parameters<AuditLog['oldFiles']>[0]): Promise<number> {
    const { months, end, records } = await this.log.oldFiles(before);
    if (months.length === 0 || this.sequence === 0) return 0;
    // The document names where the log begins before the files go.
    await this.#exclusively(() => this.#write(new Staged(this.around.rows, this.id), [], end));
    await this.log.remove(months);
    return records;
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#flushing) await this.#flushing;
    this.#flushing = work().finally(() => {
      this.#flushing = this.#waiting.length > 0 ? this.#flush() : undefined;
    });
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Transactions of the same turn of the event loop go together.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        if (this.#isStale) await this.#reload();
        const running = this.#run(batch);
        this.#running = running;
        for (const settle of await running) settle();
      } catch (error) {
        for (const { reject } of batch) reject(unavailable(error));
      }
      if (!this.#isStale) this.around.rows.release(this.id);
    }
    // In the same step as the last look at what waits.
    this.#flushing = undefined;
  }

  /** @returns a function that resolves each with its durable outcome */
  async #run(batch: readonly Waiting[]): Promise<(() => void)[]> {
    const { rows } = this.around;
    const staged = new Staged(rows, this.id);
    const records: AuditRecord[] = [];
    const settle: (() => void)[] = [];
    let isLasting = false;
    for (const { work, resolve, reject } of batch) {
      const own = new Staged(rows, this.id, staged);
      const its: { records: AuditRecord[]; isLasting: boolean; forgets: boolean } = {
        records: [],
        isLasting: false,
        forgets: false,
      };
      const transaction = transactionOn(own, {
        textAt: (place) => this.file.textAt(place),
        audit: (more) => its.records.push(...more),
        lasting: () => {
          its.isLasting = true;
        },
        forget: () => {
          its.forgets = true;
        },
      });
      try {
        const result = await work(transaction);
        own.merge();
        records.push(...its.records);
        isLasting ||= its.isLasting;
        if (its.forgets) this.file.dropsBackup = true;
        settle.push(() => resolve(result));
      } catch (error) {
        settle.push(() => reject(error));
      }
    }
    if (isLasting) await this.#write(staged, records);
    else this.#hasMarks ||= [...staged.changes.values()].some(({ table }) => !madeAgain.includes(table));
    rows.apply(staged.changes.values());
    return settle;
  }

  async #write(staged: Staged, records: readonly AuditRecord[], from?: Anchor): Promise<void> {
    const { audit, rows } = this.around;
    const before = this.#low.data;
    audit.assertWritable();
    this.#begin();
    this.#warnIfLarge();
    this.#isStale = true;
    try {
      this.#low.data = {
        epoch: audit.epoch(),
        sequence: before.sequence + 1,
        audit: {
          from: from ?? before.audit.from,
          head: this.log.head,
          pending: [...this.#pending, ...records],
        },
        rows: (table) => rowsOf(rows, staged, table),
      };
      await this.#low.write();
      // A writer that was fenced meanwhile acknowledges nothing.
      audit.assertWritable();
    } catch (error) {
      await this.#reload().catch(() => {});
      throw error;
    }
    this.#isStale = false;
    this.#hasMarks = false;
    this.#sequence = before.sequence + 1;
    this.#forgetTexts();
    this.#writeHead();
    this.#pending = [...this.#pending, ...records];
    if (records.length > 0) this.appendPending(records).catch(() => {});
  }

  /** The disk is the truth: the result of a failed write counts once it is durable. */
  async #reload(): Promise<void> {
    const { rows } = this.around;
    this.#isStale = true;
    try {
      this.#low.data = noDocument;
      await this.#low.read();
      const document = this.#low.data;
      if (document.sequence > 0) {
        const handle = await open(this.file.path, 'r+');
        await handle.sync().finally(() => handle.close());
      }
      await this.around.sync();
      rows.forget(this.id);
      rows.apply(allRows(document).map((next) => ({ table: next.table, key: next.key, next })));
      this.#sequence = document.sequence;
      this.#pending = document.audit.pending;
      this.#forgetTexts();
    } catch (error) {
      throw unavailable(error);
    }
    this.#isStale = false;
  }

  #forgetTexts(): void {
    this.#low.data = { ...this.#low.data, rows: () => [] };
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
    const { integrity, audit, directory } = this.around;
    const value = { epoch: audit.epoch(), sequence: this.sequence, audit: this.log.head };
    writeHead(directory, this.id, value, integrity, isFirst);
  }
}
