import { accessKeyOf } from '../../domain/connection.js';
import type { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import { writeChanges } from './journal-format.js';
import { type FileOperations, tryToWrite } from './organization-file.js';
import { type FoundFiles, OrganizationFiles } from './organization-files.js';
import { DurableRecords, type RecordChange, Records } from './records.js';
import { unavailable } from './unavailable.js';

interface Waiting {
  readonly changes: readonly RecordChange[];
  readonly resolve: () => void;
  readonly reject: (error: RolebridgeError) => void;
}

interface Writer {
  readonly files: OrganizationFiles;
  waiting: Waiting[];
  flushing: Promise<void> | undefined;
}

/** Two states in memory: what is on the disk, and what will be once the writes under way are done. */
export class StagedWrites {
  readonly durable = new DurableRecords();
  readonly staged = new Records();
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #writers = new Map<OrganizationId, Writer>();
  readonly #uncertain = new Set<OrganizationId>();
  #stopped: RolebridgeError | undefined;

  constructor(directory: string, files: FileOperations) {
    this.#directory = directory;
    this.#files = files;
  }

  /** From now on nothing is written; what is waiting is refused. */
  stop(reason: RolebridgeError): void {
    this.#stopped ??= reason;
  }

  /** @throws RolebridgeError `store_unavailable` once nothing may be written any more */
  assertWritable(): void {
    if (this.#stopped) throw this.#stopped;
  }

  /** Applies the changes, and fulfils its promise when they are on the disk. Changes that wait share one write. */
  stage(id: OrganizationId, changes: readonly RecordChange[]): Promise<void> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    const writer = this.#writerOf(id);
    this.staged.apply(id, changes);
    return new Promise<void>((resolve, reject) => {
      writer.waiting.push({ changes, resolve, reject });
      writer.flushing ??= this.#flush(id, writer);
    });
  }

  /**
   * When what is staged of this organization now is on the disk: only then may anybody be told of it.
   * @throws RolebridgeError `store_unavailable` when it is rolled back
   */
  async settled(id: OrganizationId): Promise<void> {
    if (this.#writers.get(id)?.flushing) await this.stage(id, []);
  }

  async allSettled(): Promise<void> {
    await Promise.all([...this.#writers.values()].map(({ flushing }) => flushing));
  }

  /**
   * A refused change of another organization may be on the disk all the same, with a claim on the same role:
   * no new role is claimed until that file is written again.
   */
  assertOthersCertain(id: OrganizationId): void {
    const others = [...this.#uncertain].filter((other) => other !== id);
    if (others.length === 0) return;
    for (const other of others) this.stage(other, []).catch(() => {});
    throw unavailable(new Error('an earlier write is not known to have been undone'));
  }

  async ready(): Promise<void> {
    if (this.#stopped) throw this.#stopped;
    try {
      await Promise.all([...this.#uncertain].map((id) => this.stage(id, [])));
      await tryToWrite(this.#directory, this.#files);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** What the start found of an organization. */
  continueWith(id: OrganizationId, found: FoundFiles): void {
    this.#writerOf(id, found);
  }

  /** Takes journals up into their snapshots, for as long as that may take. */
  async compact(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    for (const [id, writer] of this.#writers) {
      if (performance.now() > until || this.#stopped) return;
      if (!writer.files.hasJournal || writer.flushing) continue;
      writer.flushing = this.#compact(id, writer)
        .then(() => writer.files.release())
        .catch(() => {})
        .then(() => this.#flush(id, writer));
      await writer.flushing;
    }
  }

  #writerOf(id: OrganizationId, found?: FoundFiles): Writer {
    let writer = this.#writers.get(id);
    if (writer === undefined) {
      const assertWritable = () => {
        if (this.#stopped) throw this.#stopped;
      };
      const files = new OrganizationFiles(this.#directory, id, this.#files, assertWritable, found);
      writer = { files, waiting: [], flushing: undefined };
      this.#writers.set(id, writer);
    }
    return writer;
  }

  async #flush(id: OrganizationId, writer: Writer): Promise<void> {
    // Changes of the same turn of the event loop go together.
    await Promise.resolve();
    while (writer.waiting.length > 0) {
      const batch = writer.waiting;
      writer.waiting = [];
      try {
        await this.#write(id, writer, batch);
      } catch (error) {
        this.#rollBack(id, writer, batch, error);
        await writer.files.release().catch(() => {});
        continue;
      }
      this.#uncertain.delete(id);
      for (const { changes, resolve } of batch) {
        this.durable.apply(id, changes);
        resolve();
      }
      if (writer.files.isLong) await this.#compact(id, writer);
      if (writer.waiting.length === 0) await writer.files.release().catch(() => {});
    }
    // In the same step as the last look at what is waiting, so that no change is left without a write.
    writer.flushing = undefined;
  }

  async #write(id: OrganizationId, { files }: Writer, batch: readonly Waiting[]): Promise<void> {
    const changes = batch.flatMap((waiting) => waiting.changes);
    const dropsOld = this.#destroysAccessKey(changes);
    if (!this.staged.organizations.has(id)) await files.remove();
    // What is staged now is what is on the disk and this batch.
    else if (dropsOld || files.needsSnapshot) await files.rewrite(this.staged.snapshot(id), dropsOld);
    else await files.append(writeChanges(changes));
  }

  /** What fails here was stored before, in the journal; it is tried again when that has grown. */
  async #compact(id: OrganizationId, { files }: Writer): Promise<void> {
    if (this.durable.organizations.has(id))
      await files.rewrite(this.durable.snapshot(id), false).catch(() => {});
  }

  /** A key that was given up, exchanged or encrypted again must not live on in the version before. */
  #destroysAccessKey(changes: readonly RecordChange[]): boolean {
    return changes.some((change) => {
      if (change.kind !== 'connection') return false;
      const stored = this.durable.connections.get(change.id);
      const encrypted = stored && accessKeyOf(stored)?.encrypted;
      const next = change.next && accessKeyOf(change.next)?.encrypted;
      return encrypted !== undefined && JSON.stringify(encrypted) !== JSON.stringify(next);
    });
  }

  /** Changes that came during the write were judged with it in view, so they go as well. */
  #rollBack(id: OrganizationId, writer: Writer, batch: readonly Waiting[], cause: unknown): void {
    const refused = [...batch, ...writer.waiting];
    writer.waiting = [];
    if (writer.files.isUncertain) this.#uncertain.add(id);
    const touched = new Map<string, RecordChange>();
    for (const { changes } of refused)
      for (const change of changes)
        touched.set(`${change.kind} ${change.id}`, this.durable.current(id, change));
    this.staged.apply(id, [...touched.values()]);
    const error = unavailable(cause);
    for (const { reject } of refused) reject(error);
  }
}
