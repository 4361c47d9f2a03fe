import { readFileSync } from 'node:fs';
import type { Adapter } from 'lowdb';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { Integrity } from '../integrity.js';
import { auditRecord } from '../schemas.js';
import { type TableName, tableNames } from '../tables.js';
import { type FileOperations, inForm, unlessAbsent, writeTemporary } from './files.js';

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
  /** The rows' JSON texts. */
  readonly rows: (table: TableName) => Iterable<string>;
}

export const noDocument: Document = {
  epoch: 0,
  sequence: 0,
  audit: { from: logStart, head: logStart, pending: [] },
  rows: () => [],
};

/** A document is read into one string, which can't be much larger. */
const largestBytes = 256 * 1024 * 1024;
const pieceLength = 1 << 18;

/**
 * lowdb's adapter for one organization: a JSON document with a row a line, signed at its end. lowdb's own writer loses
 * the file's mode, follows a symlink at its temporary name and never calls fsync.
 */
export class DocumentFile implements Adapter<Document> {
  /** The next write destroys a secret: no copy of the version before stays. */
  dropsBackup = false;
  /** Of the last read or write. */
  sizeBytes = 0;

  constructor(
    readonly path: string,
    private readonly organizationId: OrganizationId,
    private readonly around: {
      readonly integrity: Integrity;
      readonly files: FileOperations;
      /** Where temporary files are made. */
      readonly staging: () => string;
      /** Makes a rename last. */
      readonly sync: () => Promise<void>;
    },
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
    this.sizeBytes = bytes.length;
    return readDocument(bytes, this.organizationId, this.around.integrity);
  }

  async write(document: Document): Promise<void> {
    const { files, staging, sync } = this.around;
    const temporary = await writeTemporary(staging(), this.#pieces(document), files);
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
  }

  *#pieces(document: Document): Iterable<Buffer> {
    const { integrity } = this.around;
    // A renewed key signs the next document.
    const [mac, keyId] = [integrity.start(), integrity.keyId];
    let text = '';
    let sizeBytes = 0;
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
    for (const line of linesOf(document, this.organizationId)) {
      text += line;
      if (text.length >= pieceLength) yield take();
    }
    yield take();
    yield Buffer.from(`${tail(keyId)}${mac.digest('base64url')}"}\n`);
    this.sizeBytes = sizeBytes;
  }
}

const tail = (keyId: string): string => `,"key":${JSON.stringify(keyId)},"mac":"`;

function* linesOf(
  { epoch, sequence, audit, rows }: Document,
  organization: OrganizationId,
): Iterable<string> {
  const head = JSON.stringify({ format: 1, organization, epoch, sequence, audit });
  yield `${head.slice(0, -1)},"tables":{\n`;
  let separator = '';
  for (const table of tableNames) {
    yield `${separator}"${table}":[\n`;
    let between = '';
    for (const row of rows(table)) {
      yield `${between}${row}`;
      between = ',\n';
    }
    yield '\n]';
    separator = ',\n';
  }
  yield '\n}';
}

const signature = /,"key":"([^"\\]{1,200})","mac":"([\w-]{43})"\}\n$/;

function readDocument(bytes: Buffer, organizationId: OrganizationId, integrity: Integrity): Document {
  const end = bytes.lastIndexOf(',"key":"');
  const [, keyId = '', mac = ''] = signature.exec(bytes.toString('utf8', Math.max(end, 0))) ?? [];
  if (end === -1 || mac === '') throw new Error('it has no signature at its end');
  const signed = bytes.subarray(0, end);
  const fault = integrity.fault(keyId, mac, signed);
  if (fault) throw new Error(fault);
  const lines = signed.toString().split('\n');
  const found = inForm(header, `${lines[0]?.slice(0, -',"tables":{'.length)}}`);
  if (found.organization !== organizationId)
    throw new Error(`it holds the organization ${found.organization}`);
  const rows = new Map<string, string[]>();
  let table: string[] = [];
  for (const line of lines.slice(1)) {
    const name = /^"(\w+)":\[$/.exec(line)?.[1];
    if (name !== undefined) {
      table = [];
      rows.set(name, table);
    } else if (line.startsWith('{')) table.push(line.endsWith(',') ? line.slice(0, -1) : line);
  }
  const { epoch, sequence, audit } = found;
  return {
    epoch,
    sequence,
    audit,
    rows: (name) => rows.get(name) ?? [],
  };
}
