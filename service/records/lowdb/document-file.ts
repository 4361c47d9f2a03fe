import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import { RolebridgeError } from '../../domain/errors.js';
import type { OrganizationId } from '../../domain/ids.js';
import type { DiskRange } from '../row.js';
import type { StoreContext } from './context.js';
import {
  type Document,
  digestOf,
  linesOf,
  readDocument,
  rowsOnDisk,
  type Section,
  sectionOf,
} from './document.js';
import { ignoreMissingFile, writeTemporary } from './files.js';

/** A document is read into memory at once, and a start reads all of them. */
const largestBytes = 256 * 1024 * 1024;
const pieceLength = 1 << 18;

/**
 * lowdb's adapter for one organization: a JSON document with a row a line. lowdb's own writer loses the file's mode,
 * follows a symlink at its temporary name and never calls fsync.
 */
export class DocumentFile implements Adapter<Document> {
  readonly path: string;
  /** The next write destroys a secret: no copy of the version before stays. */
  dropsFormerVersion = false;
  /** The offset of the section in the file, and the number of its rows. */
  #sectionStart = 0;
  #sectionRows = 0;

  constructor(
    private readonly organizationId: OrganizationId,
    private readonly context: StoreContext,
  ) {
    this.path = join(context.directory, `${organizationId}.json`);
  }

  /** @throws Error with a message for the operator */
  async read(): Promise<Document | null> {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.path);
    } catch (error) {
      ignoreMissingFile(error);
      return null;
    }
    const { document, sectionStart, isWhole } = readDocument(
      bytes,
      this.organizationId,
      this.context.integrity,
    );
    if (!isWhole) throw new Error('the rows behind its signature were damaged or edited');
    this.#sectionStart = sectionStart;
    this.#sectionRows = rowsOnDisk(document).length;
    return document;
  }

  /** The JSON of a row behind the signature. @throws Error when something else is in its place */
  jsonAt({ offset, bytes, digest }: DiskRange): string {
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
    const { files, lock, sync } = this.context;
    const rows = rowsOnDisk(document);
    const section = await this.#sectionOf(rows);
    const size = { signed: 0 };
    const temporary = await writeTemporary(lock.staging, this.#pieces(document, section, size), files);
    try {
      await files.unlink(`${this.path}.bak`).catch(ignoreMissingFile);
      if (!this.dropsFormerVersion) await files.link(this.path, `${this.path}.bak`).catch(ignoreMissingFile);
      await files.rename(temporary, this.path);
    } catch (error) {
      await files.unlink(temporary).catch(() => {});
      throw error;
    }
    await sync();
    this.dropsFormerVersion = false;
    this.#sectionStart = size.signed;
    this.#sectionRows = rows.length;
    for (const [row, range] of section.ranges) row.json = range;
  }

  async #sectionOf(rows: ReturnType<typeof rowsOnDisk>): Promise<Section> {
    const isNew = ({ json }: (typeof rows)[number]) => typeof json === 'string';
    const before = rows.every(isNew) ? Buffer.alloc(0) : await this.#section();
    const isSame = rows.length === this.#sectionRows && !rows.some(isNew);
    return isSame && before.length > 0 ? { bytes: before, ranges: new Map() } : sectionOf(rows, before);
  }

  async #section(): Promise<Buffer> {
    const handle = await open(this.path, 'r');
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.allocUnsafe(size - this.#sectionStart);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.#sectionStart);
      if (bytesRead < bytes.length) throw new Error(`${this.path} could not be read to its end`);
      return bytes;
    } finally {
      await handle.close();
    }
  }

  /** @param size receives the size of everything in front of the section */
  *#pieces(document: Document, section: Section, size: { signed: number }): Iterable<Buffer> {
    const mac = this.context.integrity.start();
    for (const text of joined(linesOf(document, this.organizationId, section))) {
      const piece = Buffer.from(text);
      mac.update(piece);
      size.signed += piece.length;
      if (size.signed + section.bytes.length > largestBytes)
        throw new RolebridgeError(
          'store_unavailable',
          `${this.organizationId} has grown too large for one document (${largestBytes >> 20} MiB).`,
          { remedy: 'Nothing was changed. Move to PostgreSQL: "rolebridge migrate".' },
        );
      yield piece;
    }
    const signature = Buffer.from(`,"mac":"${mac.signature()}"`);
    size.signed += signature.length;
    yield Buffer.concat([signature, section.bytes]);
  }
}

/** The same text in few pieces: each is one write to the disk. */
function* joined(lines: Iterable<string>): Iterable<string> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield text;
}
