import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { Integrity } from '../integrity.js';
import { auditRecord } from '../schemas.js';
import type { Anchor } from './document-file.js';

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
  key: z.string(),
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
  const text = `${signed},"key":${JSON.stringify(integrity.keyId)},"mac":"${mac}"}\n`;
  return { text, anchor: { n: line.n, mac } };
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
  const signed = text.slice(0, text.lastIndexOf(',"key":'));
  const fault = integrity.fault(line.key, line.mac, signed, line.n <= provenUpTo ? 0 : undefined);
  if (fault) throw new Error(`line ${line.n}: ${fault}`);
  return line;
}

export interface Piece {
  readonly text: string;
  readonly offset: number;
}

const chunkBytes = 1 << 16;

/** The whole lines of a file, the last one first; `torn` hears what stands behind them. */
export function* linesBackward(
  path: string,
  torn: (bytes: number, wholeBytes: number) => void,
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
