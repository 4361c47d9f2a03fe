import type { AuditRecord } from '../../domain/audit.js';
import type { AuditId, ConnectionId } from '../../domain/ids.js';

/** A part of the log, and what may be in it. */
interface Part {
  readonly offset: number;
  lengthBytes: number;
  firstId: AuditId;
  lastId: AuditId;
  /** A Bloom filter of the connections: no for sure, or perhaps. */
  readonly connections: Uint32Array;
}

const partBytes = 64 * 1024;
/** 12 bits for each of the 170 or so records of a part, three of them set: about one in a hundred is read in vain. */
const filterBits = 2048;

/** Where in an organization's audit log to look, at 256 bytes for 64 kB of it. */
export class AuditIndex {
  readonly #parts: Part[] = [];
  #firstId: AuditId | undefined;
  #lastId: AuditId | undefined;
  recordCount = 0;

  get partCount(): number {
    return this.#parts.length;
  }

  /** The lowest and the highest id; undefined when there is none. */
  get range(): { firstId: AuditId; lastId: AuditId } | undefined {
    return this.#firstId && this.#lastId && { firstId: this.#firstId, lastId: this.#lastId };
  }

  add(records: readonly AuditRecord[], offset: number, lengthBytes: number): void {
    let part = this.#parts.at(-1);
    if (part === undefined || part.lengthBytes >= partBytes) {
      const id = (records[0] as AuditRecord).id;
      part = {
        offset,
        lengthBytes: 0,
        firstId: id,
        lastId: id,
        connections: new Uint32Array(filterBits / 32),
      };
      this.#parts.push(part);
    }
    part.lengthBytes += lengthBytes;
    this.recordCount += records.length;
    for (const { id, connectionId } of records) {
      // In the order of their making nearly, not wholly: those that are made at once are written as they come.
      if (id < part.firstId) part.firstId = id;
      if (id > part.lastId) part.lastId = id;
      if (this.#firstId === undefined || id < this.#firstId) this.#firstId = id;
      if (this.#lastId === undefined || id > this.#lastId) this.#lastId = id;
      if (connectionId === undefined) continue;
      for (const bit of bitsOf(connectionId))
        part.connections[bit >>> 5] = (part.connections[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  /** Those that have to be read, the newest first. The first of them may hold `before`. */
  *parts(wanted: {
    before?: AuditId | undefined;
    connectionId?: ConnectionId | undefined;
  }): Generator<{ offset: number; lengthBytes: number }> {
    const { before, connectionId } = wanted;
    const bits = connectionId === undefined ? [] : bitsOf(connectionId);
    let isFound = before === undefined;
    // A copy of the numbers: the last part grows while earlier ones are read.
    for (const { offset, lengthBytes, firstId, lastId, connections } of this.#parts.slice().reverse()) {
      const mayHoldBefore = before !== undefined && firstId <= before && before <= lastId;
      if (mayHoldBefore) isFound = true;
      const mayHoldConnection = bits.every(
        (bit) => ((connections[bit >>> 5] as number) & (1 << (bit & 31))) !== 0,
      );
      if (mayHoldBefore || (isFound && mayHoldConnection)) yield { offset, lengthBytes };
    }
  }
}

/** FNV-1a, three numbers out of one: ids are random, so they need no better one. */
function bitsOf(text: string): number[] {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place++)
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  return [hash & (filterBits - 1), (hash >>> 11) & (filterBits - 1), Math.imul(hash, 0x9e3779b1) >>> 21];
}
