import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { OrganizationId } from '../../domain/ids.js';
import type { Place, Row } from '../row.js';
import { rowOf } from '../rows.js';
import { checkedValue, staysOnDisk, type TableName, tableNames, tables } from '../tables.js';

/** The end of a document: the rows that are not held in memory. Each is read where it stands, when it is asked for. */
export interface Section {
  /** From its beginning to the end of the file. */
  readonly length: number;
  readonly rows: number;
  /** Of the rows' digests. It is signed. */
  readonly digest: string;
}
export const noSection: Section = { length: 0, rows: 0, digest: '' };

export interface WrittenSection {
  readonly section: Section;
  readonly bytes: Buffer;
  /** The position of rows after this replaces the previous section. */
  readonly moved: ReadonlyMap<Row, Place>;
}

const tablesOnDisk = tableNames.filter(staysOnDisk);

/**
 * What to write behind the signature. A row that did not change keeps its digest, whatever its bytes are by now: a
 * document that was edited while the service ran is found at the next start.
 * @param path the document before
 */
export async function writtenSection(
  rowsOf: (table: TableName) => Iterable<Row>,
  path: string,
  before: Section,
): Promise<WrittenSection> {
  const rows = tablesOnDisk.flatMap((table) => [...rowsOf(table)]);
  const old = before.length > 0 ? await wholeSection(path, before) : Buffer.alloc(0);
  if (old.length > 0 && rows.length === before.rows && rows.every(({ text }) => typeof text !== 'string'))
    return { section: before, bytes: old, moved: new Map() };
  const pieces: Buffer[] = [];
  let length = 0;
  const add = (bytes: Buffer) => {
    pieces.push(bytes);
    length += bytes.length;
  };
  const moved = new Map<Row, Place>();
  const digests = createHash('sha256');
  let table: TableName | undefined;
  add(Buffer.from(',"onDisk":{'));
  for (const row of rows) {
    add(Buffer.from(row.table === table ? ',\n' : `${table ? '\n],' : ''}\n"${row.table}":[\n`));
    table = row.table;
    const { text } = row;
    const bytes =
      typeof text === 'string' ? Buffer.from(text) : old.subarray(text.offset, text.offset + text.bytes);
    const digest = typeof text === 'string' ? digestOf(bytes) : text.digest;
    moved.set(row, { offset: length, bytes: bytes.length, digest });
    digests.update(`${table} ${digest}\n`);
    add(bytes);
  }
  add(Buffer.from(`${table ? '\n]' : ''}\n}}\n`));
  return {
    section: { length, rows: rows.length, digest: digests.digest('base64url') },
    bytes: Buffer.concat(pieces),
    moved,
  };
}

/** @throws Error whose message says what is wrong, for a person */
export function readSection(
  bytes: Buffer,
  signed: string,
  organizationId: OrganizationId,
): { section: Section; rows: Row[] } {
  const digests = createHash('sha256');
  const rows = Array.from(placesIn(bytes), ({ table, start, end }) => {
    const own = bytes.subarray(start, end);
    const place = { offset: start, bytes: own.length, digest: digestOf(own) };
    digests.update(`${table} ${place.digest}\n`);
    return { table, own, place };
  });
  const digest = digests.digest('base64url');
  if (digest !== signed || !bytes.toString('latin1').endsWith('\n}}\n'))
    throw new Error('the rows behind its signature were damaged or edited');
  return {
    section: { length: bytes.length, rows: rows.length, digest },
    rows: rows.map(({ table, own, place }) => rowIn(table, own.toString(), organizationId, place)),
  };
}

/** @throws Error when something else is in its place */
export function textIn(path: string, section: Section, { offset, bytes, digest }: Place): string {
  const found = endOf(path, section, offset, bytes);
  if (digestOf(found) !== digest) throw new Error(`${path} can't be used: it was damaged or edited`);
  return found.toString();
}

const [brace, comma] = [0x7b, 0x2c];

/** Where the rows of a document stand: each on its own line, below the name of its table. */
export function* placesIn(bytes: Buffer): Iterable<{ table: TableName; start: number; end: number }> {
  let table: TableName | undefined;
  let start = 0;
  for (let stop = bytes.indexOf(10); stop !== -1; stop = bytes.indexOf(10, start)) {
    if (bytes[start] !== brace) {
      const name = /^"(\w+)":\[$/.exec(bytes.toString('utf8', start, stop))?.[1];
      if (name !== undefined) table = tableNamed(name);
    } else if (table) yield { table, start, end: bytes[stop - 1] === comma ? stop - 1 : stop };
    start = stop + 1;
  }
}

function tableNamed(name: string): TableName {
  const table = tableNames.find((each) => each === name);
  if (table === undefined) throw new Error(`it has a table ${name}, which this version does not know`);
  return table;
}

/** @throws Error whose message says what is wrong, for a person */
export function rowIn<Name extends TableName>(
  table: Name,
  json: string,
  organizationId: OrganizationId,
  place?: Place,
): Row {
  const value = checkedValue(table, JSON.parse(json));
  if (tables[table].organizationId(value) !== organizationId)
    throw new Error('a row in it is of another organization');
  return rowOf(table, value, place ?? json, organizationId);
}

/** Each write of a document reads its section: a slow disk holds up nothing else. */
async function wholeSection(path: string, { length }: Section): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function endOf(path: string, { length }: Section, offset: number, bytes: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const found = Buffer.allocUnsafe(bytes);
    const read = readSync(fd, found, 0, bytes, fstatSync(fd).size - length + offset);
    return found.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}

/** 128 bits of the SHA-256, in as many characters: there is one for each row in memory. */
const digestOf = (bytes: Buffer): string =>
  createHash('sha256').update(bytes).digest().toString('latin1', 0, 16);
