import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import { isOrganizationId, type OrganizationId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import { auditRecord } from '../audit-records.js';
import type { Integrity } from '../integrity.js';
import type { Anchor } from './document.js';

/** The files of an organization's audit log, one a month, such as `2026-11`. */
export const auditPath = (directory: string, id: OrganizationId, month: string): string =>
  join(directory, `${id}.${month}.jsonl`);

/** The months of each organization's log, the oldest first. */
export function monthsOf(names: readonly string[]): Map<OrganizationId, string[]> {
  const months = new Map<OrganizationId, string[]>();
  for (const name of [...names].sort()) {
    const [, id, month] = /^([\w-]{1,100})\.(\d{4}-\d\d)\.jsonl$/.exec(name) ?? [];
    if (id === undefined || month === undefined || !isOrganizationId(id)) continue;
    months.set(id, [...(months.get(id) ?? []), month]);
  }
  return months;
}

/**
 * A line of the audit log: records that were written at once. Each names the signature of the line before and the
 * version of the document that was durable then, so that no line can be edited, left out, doubled or moved unnoticed.
 */
const auditLine = z.strictObject({
  n: z.int(),
  epoch: z.int(),
  document: z.int(),
  records: z.array(auditRecord),
  prev: z.string(),
  mac: z.string(),
});
export type AuditLine = Omit<z.infer<typeof auditLine>, 'records'> & { readonly records: AuditRecord[] };

export function writeLine(
  line: { readonly n: number; readonly epoch: number; readonly document: number; readonly prev: string },
  records: readonly AuditRecord[],
  integrity: Integrity,
): { text: string; anchor: Anchor } {
  const signed = JSON.stringify({ ...line, records }).slice(0, -1);
  const mac = integrity.sign(signed);
  return { text: `${signed},"mac":"${mac}"}\n`, anchor: { n: line.n, mac } };
}

/**
 * @param provenUpTo the number of a line that a document or a newer line names: a retired key counts up to there
 * @throws Error with a message for the operator
 */
export function readLine(
  text: string,
  integrity: Integrity,
  provenUpTo = Number.POSITIVE_INFINITY,
): AuditLine {
  let line: z.infer<typeof auditLine>;
  try {
    line = auditLine.parse(JSON.parse(text));
  } catch {
    throw new Error('a line is not an audit record');
  }
  const signed = text.slice(0, text.lastIndexOf(',"mac":'));
  const fault = integrity.fault(line.mac, signed, line.n <= provenUpTo ? 0 : undefined);
  if (fault) throw new Error(`line ${line.n}: ${fault}`);
  return line;
}

interface ChainOptions {
  /** Of `readLine`. */
  readonly provenUpTo?: number | undefined;
  /** Lines that are not wanted have no `line`; of them only the number is compared. @default all */
  readonly isWanted?: (text: string) => boolean;
  /** Hears of bytes behind the last whole line of the newest file. */
  readonly torn?: (bytes: number, wholeBytes: number) => void;
}

/**
 * The lines of an organization's log, the newest first, each compared with the one behind it.
 * @param paths of its files, the oldest first
 * @throws Error with a message for the operator that names the file
 */
export function* chainOf(
  paths: readonly string[],
  integrity: Integrity,
  { provenUpTo, isWanted = () => true, torn }: ChainOptions = {},
): Iterable<{ n: number; text: string; line: AuditLine | undefined }> {
  let next: { n: number; epoch: number; prev?: string | undefined } | undefined;
  for (const path of paths.toReversed()) {
    const damaged = (reason: string) => new Error(`${path} is damaged: ${reason}`);
    const isNewest = path === paths.at(-1);
    const lines = linesBackward(path, (bytes, wholeBytes) => {
      if (!isNewest) throw damaged('its last line is torn');
      torn?.(bytes, wholeBytes);
    });
    for (const { text } of lines) {
      let line: AuditLine | undefined;
      try {
        line = isWanted(text) ? readLine(text, integrity, provenUpTo) : undefined;
      } catch (error) {
        throw damaged(messageOf(error));
      }
      const n = line?.n ?? Number(/^\{"n":(\d+),/.exec(text)?.[1]);
      // A fenced writer's line, which was never acknowledged.
      if (next && n >= next.n && (line?.epoch ?? -1) < next.epoch) continue;
      if (next && (n !== next.n - 1 || (line && line.mac !== (next.prev ?? line.mac))))
        throw damaged(`the line before ${next.n} is not the stored one`);
      next = { n, epoch: line?.epoch ?? next?.epoch ?? Number.POSITIVE_INFINITY, prev: line?.prev };
      yield { n, text, line };
    }
  }
}

export interface Piece {
  readonly text: string;
  readonly offset: number;
}

const chunkBytes = 1 << 16;

/** The whole lines of a file, the last one first; `torn` hears what stands behind them. */
export function* linesBackward(
  path: string,
  torn: (bytes: number, wholeBytes: number) => void = () => {},
): Iterable<Piece> {
  const fd = openSync(path, 'r');
  try {
    let end = fstatSync(fd).size;
    let rest = Buffer.alloc(0);
    let isFirst = true;
    while (end > 0) {
      const chunk = Buffer.alloc(Math.min(chunkBytes, end));
      end -= chunk.length;
      readSync(fd, chunk, 0, chunk.length, end);
      let bytes = Buffer.concat([chunk, rest]);
      if (isFirst) {
        const whole = bytes.lastIndexOf(10) + 1;
        rest = bytes;
        if (whole === 0 && end > 0) continue;
        if (whole < bytes.length) torn(bytes.length - whole, end + whole);
        bytes = bytes.subarray(0, whole);
        isFirst = false;
      }
      let stop = bytes.length - 1;
      for (let start = lastBreak(bytes, stop); start !== -1; start = lastBreak(bytes, stop)) {
        yield { text: bytes.toString('utf8', start + 1, stop), offset: end + start + 1 };
        stop = start;
      }
      // Its first line may begin in the chunk before.
      rest = Buffer.from(bytes.subarray(0, stop + 1));
      if (end === 0 && rest.length > 0) yield { text: rest.toString('utf8', 0, stop), offset: 0 };
    }
  } finally {
    closeSync(fd);
  }
}

/** The line break before that one; -1 when there is none. */
const lastBreak = (bytes: Buffer, stop: number): number => (stop <= 0 ? -1 : bytes.lastIndexOf(10, stop - 1));
