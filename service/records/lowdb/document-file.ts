import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { Place, Row } from '../row.js';
import { staysOnDisk, tableNames } from '../tables.js';
import {
  between,
  closing,
  type Document,
  digestOf,
  linesOf,
  opening,
  readDocument,
  type Section,
  sliceAt,
} from './document.js';
import { unlessAbsent, writeTemporary } from './files.js';
import type { Surroundings } from './surroundings.js';

export const documentFile = (id: OrganizationId, around: Surroundings): DocumentFile =>
  new DocumentFile(join(around.directory, `${id}.json`), id, around);

/** A document is read into memory at once, and a start reads all of them. */
const largestBytes = 256 * 1024 * 1024;
const pieceLength = 1 << 18;

/**
 * lowdb's adapter for one organization: a JSON document with a row a line. lowdb's own writer loses the file's mode,
 * follows a symlink at its temporary name and never calls fsync.
 */
export class DocumentFile implements Adapter<Document> {
  /** The next write destroys a secret: no copy of the version before stays. */
  dropsBackup = false;
  /** Rows behind the signature that were damaged when it was read. */
  damagedRows = 0;
  /** Where the section begins in the file, and how many rows it has. */
  #sectionStart = 0;
  #rowsInSection = 0;

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
    this.#rowsInSection = found.isWhole ? found.rowsInSection : Number.NaN;
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
    this.#rowsInSection = section.rows;
    for (const [row, place] of section.places) row.text = place;
  }

  /**
   * A row that did not change keeps its digest, whatever its bytes are by now: a document that was edited while the
   * service ran is found at the next start.
   */
  async #sectionOf({ rows }: Document): Promise<Section> {
    const all = tableNames.filter(staysOnDisk).flatMap((table) => [...rows(table)]);
    const old = all.some(({ text }) => typeof text !== 'string') ? await this.#oldSection() : Buffer.alloc(0);
    const isSame = all.length === this.#rowsInSection && all.every(({ text }) => typeof text !== 'string');
    if (isSame && old.length > 0) return { bytes: old, places: new Map(), rows: all.length };
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
    return { bytes: Buffer.concat(pieces), places, rows: all.length };
  }

  async #oldSection(): Promise<Buffer> {
    const handle = await open(this.path, 'r');
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.allocUnsafe(size - this.#sectionStart);
      await handle.read(bytes, 0, bytes.length, this.#sectionStart);
      return bytes;
    } finally {
      await handle.close();
    }
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
