import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import { auditRecord } from '../audit-records.js';
import type { Integrity } from '../integrity.js';
import { type Place, type Row, rowOf } from '../row.js';
import { checkedValue, staysOnDisk, type TableName, tableNames, tables } from '../tables.js';
import { inForm, unlessAbsent, writeTemporary } from './files.js';
import type { Surroundings } from './surroundings.js';

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
  /** Bytes behind the signature. */
  onDisk: z.int(),
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

export const documentFile = (id: OrganizationId, around: Surroundings): DocumentFile =>
  new DocumentFile(join(around.directory, `${id}.json`), id, around);

/** A document is read into memory at once, and a start reads all of them. */
const largestBytes = 256 * 1024 * 1024;
const pieceLength = 1 << 18;

/** The rows that are not held in memory stand behind the signature, each read where it stands when it is asked for. */
interface Section {
  readonly bytes: Buffer;
  /** The signed part says where each row stands and what it is. */
  readonly places: ReadonlyMap<Row, Place>;
}
const [opening, between, closing] = [
  Buffer.from(',"onDisk":[\n'),
  Buffer.from(',\n'),
  Buffer.from('null]}\n'),
];
const placedRow = z.strictObject({ key: z.string(), offset: z.int(), bytes: z.int(), digest: z.string() });

/**
 * lowdb's adapter for one organization: a JSON document with a row a line. lowdb's own writer loses the file's mode,
 * follows a symlink at its temporary name and never calls fsync.
 */
export class DocumentFile implements Adapter<Document> {
  /** The next write destroys a secret: no copy of the version before stays. */
  dropsBackup = false;
  /** Rows behind the signature that were damaged when it was read. */
  damagedRows = 0;
  /** Where the section begins in the file. */
  #sectionStart = 0;

  /** @param isRepair leaves damaged rows behind the signature out, instead of refusing the document */
  constructor(
    readonly path: string,
    private readonly organizationId: OrganizationId,
    private readonly around: Surroundings,
    private readonly isRepair = false,
  ) {}

  /** @throws Error with a message for the operator */
  async read(): Promise<Document | null> {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.path);
    } catch (error) {
      unlessAbsent(error);
      return null;
    }
    const found = readDocument(bytes, this.organizationId, this.around.integrity);
    if (!found.isWhole && !this.isRepair)
      throw new Error('the rows behind its signature were damaged or edited');
    this.damagedRows = found.damagedRows;
    this.#sectionStart = found.sectionStart;
    return found.document;
  }

  /** The JSON of a row behind the signature. @throws Error when something else is in its place */
  textAt({ offset, bytes, digest }: Place): string {
    const fd = openSync(this.path, 'r');
    try {
      const found = Buffer.alloc(bytes);
      readSync(fd, found, 0, bytes, this.#sectionStart + offset);
      if (digestOf(found) !== digest) throw new Error(`${this.path} can't be used: it was damaged or edited`);
      return found.toString();
    } finally {
      closeSync(fd);
    }
  }

  async write(document: Document): Promise<void> {
    const { files, lock, sync } = this.around;
    const section = await this.#sectionOf(document);
    let sectionStart = 0;
    const pieces = this.#pieces(document, section, (start) => {
      sectionStart = start;
    });
    const temporary = await writeTemporary(lock.staging, pieces, files);
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
    this.#sectionStart = sectionStart;
    for (const [row, place] of section.places) row.text = place;
  }

  /**
   * A row that did not change keeps its digest, whatever its bytes are by now: a document that was edited while the
   * service ran is found at the next start.
   */
  async #sectionOf({ rows }: Document): Promise<Section> {
    const all = tableNames.filter(staysOnDisk).flatMap((table) => [...rows(table)]);
    const isKept = all.some(({ text }) => typeof text !== 'string');
    const old = isKept ? (await readFile(this.path)).subarray(this.#sectionStart) : Buffer.alloc(0);
    const places = new Map<Row, Place>();
    const pieces: Uint8Array[] = [opening];
    let offset = opening.length;
    for (const row of all) {
      const { text } = row;
      const bytes = typeof text === 'string' ? Buffer.from(text) : sliceAt(old, text);
      const digest = typeof text === 'string' ? digestOf(bytes) : text.digest;
      places.set(row, { offset, bytes: bytes.length, digest });
      pieces.push(bytes, between);
      offset += bytes.length + between.length;
    }
    pieces.push(closing);
    return { bytes: Buffer.concat(pieces), places };
  }

  *#pieces(document: Document, section: Section, begins: (sectionStart: number) => void): Iterable<Buffer> {
    const { integrity } = this.around;
    const mac = integrity.start();
    let text = '';
    let sizeBytes = 0;
    const take = () => {
      const piece = Buffer.from(text);
      text = '';
      mac.update(piece);
      sizeBytes += piece.length;
      if (sizeBytes + section.bytes.length > largestBytes)
        throw new RolebridgeError(
          'store_unavailable',
          `${this.organizationId} has grown too large for one document (${largestBytes >> 20} MiB).`,
          { remedy: 'Nothing was changed. Move to PostgreSQL: "rolebridge migrate".' },
        );
      return piece;
    };
    for (const line of linesOf(document, this.organizationId, section)) {
      text += line;
      if (text.length >= pieceLength) yield take();
    }
    yield take();
    const signature = Buffer.from(`,"mac":"${mac.signature()}"`);
    begins(sizeBytes + signature.length);
    yield Buffer.concat([signature, section.bytes]);
  }
}

function* linesOf(
  { epoch, sequence, audit, rows }: Document,
  organization: OrganizationId,
  { bytes, places }: Section,
): Iterable<string> {
  const head = JSON.stringify({ format: 1, organization, epoch, sequence, audit, onDisk: bytes.length });
  yield `${head.slice(0, -1)},"tables":{\n`;
  for (const [index, table] of tableNames.entries()) {
    yield `${index > 0 ? ',\n' : ''}"${table}":[\n`;
    let separator = '';
    for (const row of rows(table)) {
      const place = places.get(row);
      yield `${separator}${place ? JSON.stringify({ key: row.key, ...place }) : row.text}`;
      separator = ',\n';
    }
    yield '\n]';
  }
  yield endOfSigned;
}

const endOfSigned = '\n}';
const signature = /^,"mac":"([\w.-]{40,300})"/;

function readDocument(bytes: Buffer, organizationId: OrganizationId, integrity: Integrity) {
  // No row begins so.
  const end = bytes.indexOf(`${endOfSigned},"mac":"`) + endOfSigned.length;
  const [written = '', mac = ''] = signature.exec(bytes.toString('latin1', end, end + 310)) ?? [];
  if (mac === '') throw new Error('it has no signature');
  const signed = bytes.subarray(0, end);
  const fault = integrity.fault(mac, signed);
  if (fault) throw new Error(fault);
  const firstLine = signed.toString('utf8', 0, signed.indexOf(10));
  const found = inForm(header, `${firstLine.slice(0, -',"tables":{'.length)}}`);
  if (found.organization !== organizationId)
    throw new Error(`it holds the organization ${found.organization}`);
  const sectionStart = end + written.length;
  const section = bytes.subarray(sectionStart);
  const rows = Array.from(linesIn(signed), ([table, line]) => rowIn(table, line, organizationId));
  const whole = rows.filter(
    ({ text }) => typeof text === 'string' || digestOf(sliceAt(section, text)) === text.digest,
  );
  const { epoch, sequence, audit } = found;
  return {
    document: {
      ...{ epoch, sequence, audit },
      rows: (name: TableName) => whole.filter(({ table }) => table === name),
    },
    sectionStart,
    damagedRows: rows.length - whole.length,
    isWhole:
      whole.length === rows.length &&
      section.length === found.onDisk &&
      section.subarray(-closing.length).equals(closing),
  };
}

const [brace, comma] = [0x7b, 0x2c];

/** The rows of the signed part: each on its own line, below the name of its table. */
function* linesIn(bytes: Buffer): Iterable<[TableName, string]> {
  let table: TableName | undefined;
  let start = 0;
  for (let stop = bytes.indexOf(10); stop !== -1; stop = bytes.indexOf(10, start)) {
    if (bytes[start] !== brace) {
      const name = /^"(\w+)":\[$/.exec(bytes.toString('utf8', start, stop))?.[1];
      if (name !== undefined) table = tableNamed(name);
    } else if (table)
      yield [table, bytes.toString('utf8', start, bytes[stop - 1] === comma ? stop - 1 : stop)];
    start = stop + 1;
  }
}

function tableNamed(name: string): TableName {
  const table = tableNames.find((each) => each === name);
  if (table === undefined) throw new Error(`it has a table ${name}, which this version does not know`);
  return table;
}

/** @throws Error whose message says what is wrong, for a person */
function rowIn<Name extends TableName>(table: Name, json: string, organizationId: OrganizationId): Row {
  if (staysOnDisk(table)) {
    const { key, offset, bytes, digest } = inForm(placedRow, json);
    return { table, organizationId, key, text: { offset, bytes, digest }, columns: noColumns };
  }
  const value = checkedValue(table, JSON.parse(json));
  if (tables[table].organizationId(value) !== organizationId)
    throw new Error('a row in it is of another organization');
  return rowOf(table, value, json, organizationId);
}

const noColumns = {};

const sliceAt = (section: Buffer, { offset, bytes }: Place): Buffer =>
  section.subarray(offset, offset + bytes);

/** 128 bits of the SHA-256: there is one for each row in memory. */
const digestOf = (bytes: Buffer): string =>
  createHash('sha256').update(bytes).digest().toString('base64url', 0, 16);
