import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import { auditRecord } from '../audit-records.js';
import type { Integrity } from '../integrity.js';
import { type DiskRange, noColumns, type Row, rowOf } from '../row.js';
import { checkedValue, staysOnDisk, type TableName, tableNames, tables } from '../tables.js';
import { parseJson } from './files.js';

/*
 * A document is JSON, with a row a line. The signature covers what stands in front of it; a row of a table that stays on
 * the disk stands behind it, and its range and digest in front:
 *
 *     {"format":1,"organization":"org_…","epoch":2,"sequence":7,"audit":{…},"onDisk":4711,"tables":{
 *     "connections":[
 *     {"id":"con_…",…}
 *     ],
 *     "reports":[
 *     {"key":"con_…","offset":12,"bytes":4689,"digest":"…"}
 *     ]
 *     },"mac":"i1.…","onDisk":[
 *     {"connectionId":"con_…",…},
 *     null]}
 */

/** A place in the audit log: the number of lines up to it, and the signature of the last. */
export const anchor = z.strictObject({ n: z.int(), mac: z.string() });
export type Anchor = z.infer<typeof anchor>;
export const logStart: Anchor = { n: 0, mac: '' };

const header = z.looseObject({
  format: z.literal(1),
  organization: z.string(),
  epoch: z.int(),
  sequence: z.int(),
  audit: z.strictObject({ from: anchor, head: anchor, pending: z.array(auditRecord) }),
  /** The size of the section, in bytes. */
  onDisk: z.int(),
});

/** Everything that a data directory keeps of one organization but its audit log. */
export interface Document {
  readonly epoch: number;
  /** The number of writes so far. */
  readonly sequence: number;
  readonly audit: {
    /** The end of the records that were deleted by age. */
    readonly from: Anchor;
    readonly head: Anchor;
    /** Records that belong to this version and may not be in the log yet. */
    readonly pending: readonly AuditRecord[];
  };
  readonly rows: (table: TableName) => readonly Row[];
}

export const noDocument: Document = {
  epoch: 0,
  sequence: 0,
  audit: { from: logStart, head: logStart, pending: [] },
  rows: () => [],
};

export const allRows = ({ rows }: Document): Row[] => tableNames.flatMap((table) => rows(table));

/** The part of a document behind its signature: the rows that stay on the disk. */
export interface Section {
  readonly bytes: Buffer;
  /** The ranges of rows that are new or have moved. */
  readonly ranges: ReadonlyMap<Row, DiskRange>;
}

const opening = Buffer.from(',"onDisk":[\n');
const separator = Buffer.from(',\n');
const closing = Buffer.from('null]}\n');

export const rowsOnDisk = ({ rows }: Document): Row[] =>
  tableNames.filter(staysOnDisk).flatMap((table) => rows(table));

/**
 * A row that did not change keeps its digest, whatever its bytes are by now: a document that was edited while the
 * service ran is found at the next start.
 * @param before the section that the rows' ranges refer to
 */
export function sectionOf(rows: readonly Row[], before: Buffer): Section {
  const ranges = new Map<Row, DiskRange>();
  const pieces: Uint8Array[] = [opening];
  let offset = opening.length;
  for (const row of rows) {
    const { json } = row;
    const isNew = typeof json === 'string';
    const bytes = isNew ? Buffer.from(json) : bytesAt(before, json);
    ranges.set(row, { offset, bytes: bytes.length, digest: isNew ? digestOf(bytes) : json.digest });
    pieces.push(bytes, separator);
    offset += bytes.length + separator.length;
  }
  pieces.push(closing);
  return { bytes: Buffer.concat(pieces), ranges };
}

/** The signed part of a document. */
export function* linesOf(
  { epoch, sequence, audit, rows }: Document,
  organization: OrganizationId,
  { bytes, ranges }: Section,
): Iterable<string> {
  const head = JSON.stringify({ format: 1, organization, epoch, sequence, audit, onDisk: bytes.length });
  yield `${head.slice(0, -1)},"tables":{\n`;
  for (const [index, table] of tableNames.entries()) {
    yield `${index > 0 ? ',\n' : ''}"${table}":[\n`;
    let separator = '';
    for (const row of rows(table)) {
      const json = ranges.get(row) ?? row.json;
      yield `${separator}${typeof json === 'string' ? json : rangeLine(row.key, json)}`;
      separator = ',\n';
    }
    yield '\n]';
  }
  yield endOfSigned;
}

/** Written by hand: `JSON.stringify` takes twice as long, and there are up to ten thousand rows in each write. */
const rangeLine = (key: string, { offset, bytes, digest }: DiskRange): string =>
  `{"key":${JSON.stringify(key)},"offset":${offset},"bytes":${bytes},"digest":"${digest}"}`;

const storedRange = z.strictObject({
  key: z.string(),
  offset: z.int(),
  bytes: z.int(),
  digest: z.string(),
});

const endOfSigned = '\n}';
const signature = /^,"mac":"([\w.-]{40,300})"/;

/**
 * @returns the document without its damaged rows, the section, and its offset in the file
 * @throws Error with a message for the operator
 */
export function readDocument(bytes: Buffer, organizationId: OrganizationId, integrity: Integrity) {
  // No row begins so.
  const end = bytes.indexOf(`${endOfSigned},"mac":"`) + endOfSigned.length;
  const [written = '', mac = ''] = signature.exec(bytes.toString('latin1', end, end + 310)) ?? [];
  if (mac === '') throw new Error('it has no signature');
  const signed = bytes.subarray(0, end);
  const fault = integrity.fault(mac, signed);
  if (fault) throw new Error(fault);
  const firstLine = signed.toString('utf8', 0, signed.indexOf(10));
  const found = parseJson(header, `${firstLine.slice(0, -',"tables":{'.length)}}`);
  if (found.organization !== organizationId)
    throw new Error(`it holds the organization ${found.organization}`);
  const sectionStart = end + written.length;
  const section = bytes.subarray(sectionStart);
  const rows = Array.from(linesIn(signed), ([table, line]) => rowIn(table, line, organizationId));
  const whole = rows.filter(
    ({ json }) => typeof json === 'string' || digestOf(bytesAt(section, json)) === json.digest,
  );
  const { epoch, sequence, audit } = found;
  const rowsOf = (name: TableName) => whole.filter(({ table }) => table === name);
  return {
    document: { epoch, sequence, audit, rows: rowsOf },
    section,
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

/** @throws Error with a message for the operator */
function rowIn<Name extends TableName>(table: Name, line: string, organizationId: OrganizationId): Row {
  if (staysOnDisk(table)) {
    const { key, offset, bytes, digest } = parseJson(storedRange, line);
    return { table, organizationId, key, json: { offset, bytes, digest }, columns: noColumns };
  }
  const value = checkedValue(table, JSON.parse(line));
  if (tables[table].organizationId(value) !== organizationId)
    throw new Error('a row in it is of another organization');
  return rowOf(table, value, line, organizationId);
}

export const bytesAt = (section: Buffer, { offset, bytes }: DiskRange): Buffer =>
  section.subarray(offset, offset + bytes);

/** 128 bits of the SHA-256: there is one for each row in memory. */
export const digestOf = (bytes: Buffer): string =>
  createHash('sha256').update(bytes).digest().toString('base64url', 0, 16);
