import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AuditRecord } from '../../domain/audit.js';
import type { OrganizationId } from '../../domain/ids.js';
import { auditRecord } from '../audit-records.js';
import type { Integrity } from '../integrity.js';
import { type Place, type Row, rowOf } from '../row.js';
import { checkedValue, staysOnDisk, type TableName, tableNames, tables } from '../tables.js';
import { inForm } from './files.js';

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

/** The rows that are not held in memory stand behind the signature, each read where it stands when it is asked for. */
export interface Section {
  readonly bytes: Buffer;
  /** The signed part says where each row stands and what it is. */
  readonly places: ReadonlyMap<Row, Place>;
  readonly rows: number;
}
export const [opening, between, closing] = [
  Buffer.from(',"onDisk":[\n'),
  Buffer.from(',\n'),
  Buffer.from('null]}\n'),
];
const placedRow = z.strictObject({ key: z.string(), offset: z.int(), bytes: z.int(), digest: z.string() });

export function* linesOf(
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
      const text = places.get(row) ?? row.text;
      yield `${separator}${typeof text === 'string' ? text : placeLine(row.key, text)}`;
      separator = ',\n';
    }
    yield '\n]';
  }
  yield endOfSigned;
}

/** Of ten thousand rows in each write: `JSON.stringify` takes twice as long. */
const placeLine = (key: string, { offset, bytes, digest }: Place): string =>
  `{"key":${JSON.stringify(key)},"offset":${offset},"bytes":${bytes},"digest":"${digest}"}`;

const endOfSigned = '\n}';
const signature = /^,"mac":"([\w.-]{40,300})"/;

export function readDocument(bytes: Buffer, organizationId: OrganizationId, integrity: Integrity) {
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
    rowsInSection: rows.filter(({ text }) => typeof text !== 'string').length,
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

export const sliceAt = (section: Buffer, { offset, bytes }: Place): Buffer =>
  section.subarray(offset, offset + bytes);

/** 128 bits of the SHA-256: there is one for each row in memory. */
export const digestOf = (bytes: Buffer): string =>
  createHash('sha256').update(bytes).digest().toString('base64url', 0, 16);
