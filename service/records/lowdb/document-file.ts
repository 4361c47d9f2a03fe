import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { Integrity } from '../integrity.js';
import type { Place, Row } from '../row.js';
import { auditRecord } from '../schemas.js';
import { staysOnDisk, type TableName, tableNames } from '../tables.js';
import { type FileOperations, inForm, unlessAbsent, writeTemporary } from './files.js';
import {
  noSection,
  placesIn,
  readSection,
  rowIn,
  type Section,
  textIn,
  type WrittenSection,
  writtenSection,
} from './rows-on-disk.js';

/** A place in the audit log: how many lines there are up to it, and the signature of the last. */
export const anchor = z.strictObject({ n: z.int(), mac: z.string() });
export type Anchor = z.infer<typeof anchor>;
export const logStart: Anchor = { n: 0, mac: '' };

const header = z.looseObject({
  format: z.literal(1),
  organization: z.string(),
  epoch: z.int(),
  sequence: z.int(),
  audit: z.strictObject({ from: anchor, head: anchor, pending: z.array(auditRecord) }),
  /** Of the rows behind the signature. */
  digest: z.string(),
});

/** Everything that a data directory keeps of one organization but its audit log. */
export interface Document {
  readonly epoch: number;
  /** Counts up with every write. */
  readonly sequence: number;
  readonly audit: {
    /** The end of the records that were deleted by age. */
    readonly from: Anchor;
    readonly head: Anchor;
    /** Records that belong to this version and may not be in the log yet. */
    readonly pending: readonly AuditRecord[];
  };
  readonly rows: (table: TableName) => Iterable<Row>;
}

export const noDocument: Document = {
  epoch: 0,
  sequence: 0,
  audit: { from: logStart, head: logStart, pending: [] },
  rows: () => [],
};

export const allRows = ({ rows }: Document): Row[] => tableNames.flatMap((table) => [...rows(table)]);

export interface DocumentSurroundings {
  /** Of the documents. */
  readonly directory: string;
  readonly integrity: Integrity;
  readonly files: FileOperations;
  /** Where temporary files are made. */
  readonly staging: () => string;
  /** Makes a rename last. */
  readonly sync: () => Promise<void>;
}

export const documentFile = (id: OrganizationId, around: DocumentSurroundings): DocumentFile =>
  new DocumentFile(join(around.directory, `${id}.json`), id, around);

/** A document is read into memory at once, and a start reads all of them. */
const largestBytes = 256 * 1024 * 1024;
const pieceLength = 1 << 18;
const tablesInMemory = tableNames.filter((table) => !staysOnDisk(table));

/**
 * lowdb's adapter for one organization: a JSON document with a row a line. It is signed behind the tables that are held
 * in memory; those that stay on the disk follow, and the signature covers their digest. lowdb's own writer loses the
 * file's mode, follows a symlink at its temporary name and never calls fsync.
 */
export class DocumentFile implements Adapter<Document> {
  /** The next write destroys a secret: no copy of the version before stays. */
  dropsBackup = false;
  #onDisk: Section = noSection;

  constructor(
    readonly path: string,
    private readonly organizationId: OrganizationId,
    private readonly around: DocumentSurroundings,
  ) {}

  /** @throws Error with a message for the operator */
  async read(): Promise<Document | null> {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.path);
    } catch (error) {
      unlessAbsent(error);
      this.#onDisk = noSection;
      return null;
    }
    const { document, section } = readDocument(bytes, this.organizationId, this.around.integrity);
    this.#onDisk = section;
    return document;
  }

  /** The JSON of a row that stays on the disk. @throws Error when something else is in its place */
  textAt(place: Place): string {
    return textIn(this.path, this.#onDisk, place);
  }

  async write(document: Document): Promise<void> {
    const { files, staging, sync } = this.around;
    const written = await writtenSection(document.rows, this.path, this.#onDisk);
    const temporary = await writeTemporary(staging(), this.#pieces(document, written), files);
    try {
      await files.unlink(`${this.path}.bak`).catch(unlessAbsent);
      if (!this.dropsBackup) await files.link(this.path, `${this.path}.bak`).catch(unlessAbsent);
      await files.rename(temporary, this.path);
    } catch (error) {
      await files.unlink(temporary).catch(() => {});
      throw error;
    }
    await sync();
    this.dropsBackup = false;
    this.#onDisk = written.section;
    for (const [row, place] of written.moved) row.text = place;
  }

  *#pieces(document: Document, { section, bytes }: WrittenSection): Iterable<Buffer> {
    const { integrity } = this.around;
    // A renewed key signs the next document.
    const [mac, keyId] = [integrity.start(), integrity.keyId];
    let text = '';
    let sizeBytes = bytes.length;
    const take = () => {
      const piece = Buffer.from(text);
      text = '';
      mac.update(piece);
      sizeBytes += piece.length;
      if (sizeBytes > largestBytes)
        throw new RolebridgeError(
          'store_unavailable',
          `${this.organizationId} has grown too large for one document (${largestBytes >> 20} MiB).`,
          { remedy: 'Nothing was changed. Move to PostgreSQL: "rolebridge migrate".' },
        );
      return piece;
    };
    for (const line of linesOf(document, this.organizationId, section.digest)) {
      text += line;
      if (text.length >= pieceLength) yield take();
    }
    yield take();
    const signature = `,"key":${JSON.stringify(keyId)},"mac":"${mac.digest('base64url')}"`;
    yield Buffer.concat([Buffer.from(signature), bytes]);
  }
}

function* linesOf(
  { epoch, sequence, audit, rows }: Document,
  organization: OrganizationId,
  digest: string,
): Iterable<string> {
  const head = JSON.stringify({ format: 1, organization, epoch, sequence, audit, digest });
  yield `${head.slice(0, -1)},"tables":{\n`;
  let separator = '';
  for (const table of tablesInMemory) {
    yield `${separator}"${table}":[\n`;
    let between = '';
    for (const { text } of rows(table)) {
      yield `${between}${text}`;
      between = ',\n';
    }
    yield '\n]';
    separator = ',\n';
  }
  yield endOfSigned;
}

const endOfSigned = '\n}';
const signature = /^,"key":"([^"\\]{1,200})","mac":"([\w-]{43})"/;

function readDocument(bytes: Buffer, organizationId: OrganizationId, integrity: Integrity) {
  // No row begins so.
  const end = bytes.indexOf(`${endOfSigned},"key":"`) + endOfSigned.length;
  const [written = '', keyId = '', mac = ''] = signature.exec(bytes.toString('latin1', end, end + 300)) ?? [];
  if (mac === '') throw new Error('it has no signature');
  const signed = bytes.subarray(0, end);
  const fault = integrity.fault(keyId, mac, signed);
  if (fault) throw new Error(fault);
  const firstLine = signed.toString('utf8', 0, signed.indexOf(10));
  const { digest, ...found } = inForm(header, `${firstLine.slice(0, -',"tables":{'.length)}}`);
  if (found.organization !== organizationId)
    throw new Error(`it holds the organization ${found.organization}`);
  const inMemory = Array.from(placesIn(signed), ({ table, start, end }) =>
    rowIn(table, bytes.toString('utf8', start, end), organizationId),
  );
  const onDisk = readSection(bytes.subarray(end + written.length), digest, organizationId);
  const rows = [...inMemory, ...onDisk.rows];
  const { epoch, sequence, audit } = found;
  const ofTable = (name: TableName) => rows.filter(({ table }) => table === name);
  return { document: { epoch, sequence, audit, rows: ofTable }, section: onDisk.section };
}
