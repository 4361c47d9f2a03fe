import type { AuditId, OrganizationId } from '../../domain/ids.js';
import { readLines } from './append-file.js';
import { AuditIndex } from './audit-index.js';

/** A file of an organization's audit log that is not written to any more. */
export interface ClosedSegment {
  readonly path: string;
  /** Known once its index was read or made. */
  range?: Range | undefined;
}

/** The ids in it, in their own order. */
export interface Range {
  readonly firstId: AuditId;
  readonly lastId: AuditId;
}

/** Segments are counted from 0, which is also what a log was called before there were segments. */
export const segmentName = (id: OrganizationId, number: number): string =>
  number === 0 ? `${id}.jsonl` : `${id}.${number}.jsonl`;

/** Undefined when the name is not a segment's. */
export function readSegmentName(name: string): { id: OrganizationId; number: number } | undefined {
  const [, id, number = '0'] = /^([A-Za-z0-9_-]{1,100})(?:\.([1-9]\d{0,8}))?\.jsonl$/.exec(name) ?? [];
  return id === undefined ? undefined : { id: id as OrganizationId, number: Number(number) };
}

/** A gibibyte of closed segments, at about 600 bytes for 64 kB. */
const heldPartsAtMost = 16_384;

/** The indexes of closed segments that were asked for last; the others are read again when they are needed. */
export class SegmentIndexes {
  readonly #held = new Map<ClosedSegment, AuditIndex>();
  readonly #reading = new Map<ClosedSegment, Promise<AuditIndex>>();
  #heldParts = 0;

  hold(segment: ClosedSegment, index: AuditIndex): void {
    segment.range = index.range;
    this.forget(segment);
    this.#held.set(segment, index);
    this.#heldParts += index.partCount;
    for (const oldest of this.#held.keys()) {
      if (this.#heldParts <= heldPartsAtMost || oldest === segment) return;
      this.forget(oldest);
    }
  }

  forget(segment: ClosedSegment): void {
    this.#heldParts -= this.#held.get(segment)?.partCount ?? 0;
    this.#held.delete(segment);
  }

  /** @throws Error whose message says what is wrong with the file, for a person */
  async of(segment: ClosedSegment): Promise<AuditIndex> {
    const held = this.#held.get(segment);
    if (held !== undefined) {
      this.hold(segment, held);
      return held;
    }
    let reading = this.#reading.get(segment);
    if (reading === undefined) {
      reading = readIndex(segment.path).finally(() => this.#reading.delete(segment));
      this.#reading.set(segment, reading);
    }
    const index = await reading;
    this.hold(segment, index);
    return index;
  }
}

async function readIndex(path: string): Promise<AuditIndex> {
  const index = new AuditIndex();
  const { wholeBytes, sizeBytes } = await readLines(path, (records, offset, lengthBytes) =>
    index.add(records as Parameters<AuditIndex['add']>[0], offset, lengthBytes),
  );
  if (wholeBytes < sizeBytes) throw new Error(`it is damaged in the line that begins at byte ${wholeBytes}`);
  return index;
}
