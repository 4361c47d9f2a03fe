import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import { auditRecord } from '../audit-records.js';
import type { Integrity } from '../integrity.js';
import type { Anchor } from './document.js';

/** The path of an audit log's file for one month, such as `2026-11`. */
export const auditPath = (directory: string, id: OrganizationId, month: string): string =>
  join(directory, `${id}.${month}.jsonl`);

/**
 * A line of the audit log: records that were written at once. Each names the signature of the line before and the
 * version of the document that was durable then, so that no line can be edited, left out, doubled or moved unnoticed.
 */
const auditLine = z.strictObject({
  n: z.int(),
  epoch: z.int(),
  document: z.int(),
  prev: z.string(),
  records: z.array(auditRecord),
  mac: z.string(),
});
export type AuditLine = z.infer<typeof auditLine>;

export function writeLine(
  { n, epoch, document, prev }: Pick<AuditLine, 'n' | 'epoch' | 'document' | 'prev'>,
  records: readonly AuditRecord[],
  integrity: Integrity,
): { text: string; anchor: Anchor } {
  const signed = JSON.stringify({ n, epoch, document, prev, records }).slice(0, -1);
  const mac = integrity.sign(signed);
  return { text: `${signed},"mac":"${mac}"}\n`, anchor: { n, mac } };
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
  let line: AuditLine;
  try {
    line = auditLine.parse(JSON.parse(text));
  } catch {
    throw new Error(notALine);
  }
  const signed = text.slice(0, text.lastIndexOf(',"mac":'));
  const fault = integrity.fault(line.mac, signed, line.n <= provenUpTo ? 0 : undefined);
  if (fault) throw new Error(`line ${line.n}: ${fault}`);
  return line;
}

const notALine = 'a line is not an audit record';

/** The members that chain a line, without its records: neither its JSON nor its signature costs anything. */
function uncheckedLine(text: string): AuditLine {
  const chained = /^\{"n":(\d+),"epoch":(\d+),"document":(\d+),"prev":"([\w.-]*)",/.exec(text);
  if (chained === null) throw new Error(notALine);
  const [, n, epoch, document, prev = ''] = chained;
  const mac = text.slice(text.lastIndexOf(',"mac":"') + ',"mac":"'.length, -'"}'.length);
  return { n: Number(n), epoch: Number(epoch), document: Number(document), prev, records: [], mac };
}

interface ChainOptions {
  /** The signature of the newest line, and the epoch in which it was named. */
  readonly newest?: { readonly epoch: number; readonly mac: string } | undefined;
  /** See `readLine`. */
  readonly provenUpTo?: number | undefined;
  /** Selects the lines whose records are read; the others are only compared. @default all lines */
  readonly isWanted?: (text: string) => boolean;
  /** Receives the number of bytes behind the last whole line of the newest file, if there are any. */
  readonly onTorn?: (bytes: number) => void;
}

/**
 * The lines of an organization's log, the newest first, each compared with the one behind it. A line of a lower epoch
 * that the chain does not name is left out: a fenced writer appended it after its successor had read the file.
 * @param paths of its files, the oldest first
 * @throws Error with a message for the operator that names the file
 */
export function* chainOf(
  paths: readonly string[],
  integrity: Integrity,
  { newest, provenUpTo, isWanted = () => true, onTorn }: ChainOptions = {},
): Iterable<{ text: string; line: AuditLine }> {
  let next: { n?: number; epoch: number; prev: string } | undefined = newest && {
    epoch: newest.epoch,
    prev: newest.mac,
  };
  let missing: Error | undefined;
  for (const path of paths.toReversed()) {
    const damaged = (reason: string) => new Error(`${path} is damaged: ${reason}`);
    const lines = linesBackward(path, (bytes) => {
      if (path !== paths.at(-1)) throw damaged('its last line is torn');
      onTorn?.(bytes);
    });
    for (const text of lines) {
      let line: AuditLine;
      try {
        line = isWanted(text) ? readLine(text, integrity, provenUpTo) : uncheckedLine(text);
      } catch (error) {
        throw damaged(messageOf(error));
      }
      if (next && line.mac !== next.prev) {
        if (next.n !== undefined) missing ??= damaged(`the line before ${next.n} is not the stored one`);
        if (line.epoch < next.epoch) continue;
        if (missing) throw missing;
      }
      missing = undefined;
      next = line;
      yield { text, line };
    }
  }
  // Lines were left out, and the one that the chain names did not follow.
  if (missing) throw missing;
}

const chunkBytes = 1 << 16;

/** The whole lines of a file, the last one first. `onTorn` receives the number of bytes behind them. */
export function* linesBackward(path: string, onTorn: (bytes: number) => void = () => {}): Iterable<string> {
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
        if (whole < bytes.length) onTorn(bytes.length - whole);
        bytes = bytes.subarray(0, whole);
        isFirst = false;
      }
      let stop = bytes.length - 1;
      for (let start = lastBreak(bytes, stop); start !== -1; start = lastBreak(bytes, stop)) {
        yield bytes.toString('utf8', start + 1, stop);
        stop = start;
      }
      // Its first line may begin in the chunk before.
      rest = Buffer.from(bytes.subarray(0, stop + 1));
      if (end === 0 && rest.length > 0) yield rest.toString('utf8', 0, stop);
    }
  } finally {
    closeSync(fd);
  }
}

/** The index of the line break before that one; -1 when there is none. */
const lastBreak = (bytes: Buffer, stop: number): number => (stop <= 0 ? -1 : bytes.lastIndexOf(10, stop - 1));
