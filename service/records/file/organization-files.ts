import { join } from 'node:path';
import { Low } from 'lowdb';
import type { OrganizationId } from '../../domain/ids.js';
import { AppendFile } from './append-file.js';
import type { OrganizationData } from './format.js';
import { type FileOperations, OrganizationFile, syncDirectory, unlessAbsent } from './organization-file.js';

/** A journal is taken up into the snapshot when it is longer than this and than the snapshot. */
const shortBytes = 1 << 20;

export const journalName = (id: string, number: number): string => `${id}.journal-${number}.jsonl`;

/** Of the file's name; undefined when it is something else. */
export function journalOf(name: string): { id: OrganizationId; number: number } | undefined {
  const [, id, number] = /^([A-Za-z0-9_-]{1,100})\.journal-(\d{1,15})\.jsonl$/.exec(name) ?? [];
  return id === undefined ? undefined : { id: id as OrganizationId, number: Number(number) };
}

/** What the start found of an organization. */
export interface FoundFiles {
  readonly snapshotBytes: number;
  /** The number that the snapshot names; undefined when it is older than journals are. */
  readonly snapshotJournal: number | undefined;
  /** The last journal, which goes on. */
  readonly journal: { readonly number: number; readonly sizeBytes: number } | undefined;
  readonly journals: readonly number[];
}

/**
 * One organization on the disk: lowdb's snapshot, and the journal of what came after it. A snapshot names the journal
 * that follows it, and that is there before the snapshot is. The snapshot before stays as a backup with its journal,
 * so that the backup and the journals after it make up everything, too.
 */
export class OrganizationFiles {
  readonly #directory: string;
  readonly #id: OrganizationId;
  readonly #files: FileOperations;
  readonly #assertWritable: () => void;
  readonly #snapshot: OrganizationFile;
  #journal: AppendFile | undefined;
  #number = 0;
  /** Of the snapshot that is on the disk for certain. */
  #snapshotJournal: number | undefined;
  #journals: number[] = [];
  #longBytes = shortBytes;

  constructor(
    directory: string,
    id: OrganizationId,
    files: FileOperations,
    assertWritable: () => void,
    found?: FoundFiles,
  ) {
    this.#directory = directory;
    this.#id = id;
    this.#files = files;
    this.#assertWritable = assertWritable;
    this.#snapshot = new OrganizationFile(join(directory, `${id}.json`), files, assertWritable);
    if (found === undefined) return;
    this.#snapshotJournal = found.snapshotJournal;
    this.#journals = [...found.journals];
    this.#number = Math.max(0, ...found.journals);
    this.#longBytes = Math.max(shortBytes, found.snapshotBytes);
    if (found.journal !== undefined)
      this.#journal = this.#journalFile(found.journal.number, found.journal.sizeBytes);
  }

  /** The disk may hold a change that was refused. */
  get isUncertain(): boolean {
    return this.#snapshot.isUncertain || this.#journal?.isUncertain === true;
  }

  /** Nothing can be appended: there is no journal yet, or it is not known which snapshot it follows. */
  get needsSnapshot(): boolean {
    return this.#journal === undefined || this.#snapshot.isUncertain;
  }

  get hasJournal(): boolean {
    return (this.#journal?.sizeBytes ?? 0) > 0;
  }

  get isLong(): boolean {
    return (this.#journal?.sizeBytes ?? 0) > this.#longBytes;
  }

  /** All of them or none. Without any, it takes out what a refused write may have left. */
  async append(records: readonly string[]): Promise<void> {
    const journal = this.#journal as AppendFile;
    if (records.length === 0) await journal.repair();
    else await journal.append(records);
  }

  /**
   * Writes everything anew.
   * @param dropsOld an access key was destroyed: nothing that was written before may be left
   */
  async rewrite(data: OrganizationData, dropsOld: boolean): Promise<void> {
    const backupJournal = this.#snapshot.isUncertain ? undefined : this.#snapshotJournal;
    const number = this.#number + 1;
    const journal = this.#journalFile(number, undefined);
    // Left over from an attempt that failed; nothing was ever written to it.
    await this.#unlink(number);
    const next = { ...data, journal: number };
    const { replacements } = this.#snapshot;
    this.#snapshot.dropsBackup = dropsOld;
    try {
      await journal.create();
      await new Low(this.#snapshot, next).write();
    } catch (error) {
      if (this.#snapshot.replacements > replacements) await this.#follow(number, journal);
      else {
        await journal.release().catch(() => {});
        await this.#unlink(number).catch(() => {});
        // Not again for each change, while the disk is full.
        this.#longBytes = Math.max(this.#longBytes, 2 * (this.#journal?.sizeBytes ?? 0));
      }
      throw error;
    }
    await this.#follow(number, journal);
    this.#snapshotJournal = number;
    this.#longBytes = Math.max(shortBytes, this.#snapshot.sizeBytes);
    if (dropsOld) {
      this.#snapshot.isUncertain = true;
      await this.#dropJournals(number);
      this.#snapshot.isUncertain = false;
    } else if (backupJournal !== undefined) await this.#dropJournals(backupJournal).catch(() => {});
  }

  /** Undoes a first write that was refused. */
  async remove(): Promise<void> {
    await this.#journal?.release();
    this.#journal = undefined;
    await this.#snapshot.remove();
    await this.#dropJournals(Number.POSITIVE_INFINITY);
  }

  /** Gives the journal back to the system until the next write. */
  async release(): Promise<void> {
    await this.#journal?.release();
  }

  async #follow(number: number, journal: AppendFile): Promise<void> {
    await this.#journal?.release().catch(() => {});
    this.#number = number;
    this.#journal = journal;
    this.#journals.push(number);
  }

  async #dropJournals(before: number): Promise<void> {
    const dropped = this.#journals.filter((number) => number < before);
    if (dropped.length === 0) return;
    for (const number of dropped) await this.#unlink(number);
    await syncDirectory(this.#directory, this.#files);
    this.#journals = this.#journals.filter((number) => number >= before);
  }

  #unlink(number: number): Promise<void> {
    this.#assertWritable();
    return this.#files.unlink(join(this.#directory, journalName(this.#id, number))).catch(unlessAbsent);
  }

  #journalFile(number: number, sizeBytes: number | undefined): AppendFile {
    const path = join(this.#directory, journalName(this.#id, number));
    return new AppendFile(path, sizeBytes, this.#files, this.#assertWritable);
  }
}
