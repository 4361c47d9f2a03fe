import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRecord } from '../../domain/audit.js';
import { isOrganizationId, type OrganizationId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import { claimsOfRow } from '../rows.js';
import { type AuditLine, linesBackward, readLine } from './audit-lines.js';
import { auditFileName, type FoundLog } from './audit-log.js';
import { allRows, type Document, documentFile, noDocument } from './document-file.js';
import { readHead } from './head.js';
import { largeOrganization, OrganizationStore, type Surroundings } from './organization.js';

/** Faults of an organization's files. */
export interface Damage {
  readonly organizationId: OrganizationId;
  /** Names the file, for a person. */
  readonly message: string;
}

/** A torn last line of an audit log, which was never acknowledged. */
export interface Torn {
  readonly path: string;
  readonly wholeBytes: number;
  readonly tornBytes: number;
}

export interface Found {
  readonly stores: OrganizationStore[];
  readonly damages: Damage[];
  readonly torn: Torn[];
  /** Records in each document that its log lacks. */
  readonly missing: Map<OrganizationStore, readonly AuditRecord[]>;
}

/** Reads and checks the files of all organizations. Nothing is changed on the disk. */
export async function load(around: Surroundings): Promise<Found> {
  const months = monthsOf(readdirSync(around.audit.directory));
  const ids = new Set<OrganizationId>(months.keys());
  for (const name of readdirSync(around.directory)) {
    const id = /^([\w-]{1,100})\.(json|json\.bak|head)$/.exec(name)?.[1];
    if (id !== undefined && isOrganizationId(id)) ids.add(id);
  }
  const found: Found = { stores: [], damages: [], torn: [], missing: new Map() };
  for (const id of ids)
    try {
      await loadOne(id, months.get(id) ?? [], around, found);
    } catch (error) {
      found.damages.push({ organizationId: id, message: messageOf(error) });
    }
  return found;
}

/** The files of each organization's audit log, the oldest month first. */
export function monthsOf(names: readonly string[]): Map<OrganizationId, string[]> {
  const months = new Map<OrganizationId, string[]>();
  for (const name of [...names].sort()) {
    const [, id, month] = /^([\w-]{1,100})\.(\d{4}-\d\d)\.jsonl$/.exec(name) ?? [];
    if (id === undefined || month === undefined || !isOrganizationId(id)) continue;
    months.set(id, [...(months.get(id) ?? []), month]);
  }
  return months;
}

async function loadOne(
  id: OrganizationId,
  months: readonly string[],
  around: Surroundings,
  found: Found,
): Promise<void> {
  const path = join(around.directory, `${id}.json`);
  const of = (reason: string) => new Error(`${path} can't be used: ${reason}`);
  const head = readHead(around.directory, id, around.integrity);
  const file = documentFile(id, around);
  let document: Document;
  try {
    document = (await file.read()) ?? noDocument;
  } catch (error) {
    throw of(messageOf(error));
  }
  if (head === undefined) {
    if (document.sequence > 0 || months.length > 0) throw new Error(`${path.slice(0, -5)}.head is missing`);
    throw of('it is missing, and its backup is there');
  }
  if (document.sequence < head.sequence)
    throw of(
      document.sequence === 0
        ? 'it is missing'
        : `it is version ${document.sequence}, and version ${head.sequence} was stored`,
    );
  const log = checkLog(id, months, document, around);
  if (log.head.n < head.audit.n)
    throw new Error(`${log.path} ends with line ${log.head.n}, and line ${head.audit.n} was stored`);
  if (log.document > document.sequence)
    throw of(`it is version ${document.sequence}, and the audit log names version ${log.document}`);
  const expected = log.signatures.get(head.audit.n);
  if (head.audit.n > 0 && expected && expected.mac !== head.audit.mac && expected.epoch <= head.epoch)
    throw new Error(`${log.path} is damaged: line ${head.audit.n} is not the stored one`);
  const rows = allRows(document);
  for (const row of rows)
    for (const { constraint, value } of claimsOfRow(row))
      if (around.rows.holder(constraint, id, value))
        throw of(`the ${constraint} ${value} in it is in the store twice`);
  around.rows.apply(rows.map((next) => ({ table: next.table, key: next.key, next })));
  const store = new OrganizationStore(id, around, file, {
    document,
    log,
  });
  found.stores.push(store);
  if (log.torn) found.torn.push(log.torn);
  const missing = document.audit.pending.filter((record) => !log.ids.has(record.id));
  if (missing.length > 0) found.missing.set(store, missing);
  const connections = rows.filter(({ table }) => table === 'connections').length;
  if (connections >= largeOrganization) around.onLarge(id, connections);
}

interface CheckedLog extends FoundLog {
  /** Of the newest file. */
  readonly path: string;
  readonly torn: Torn | undefined;
  /** Of the records behind the line that the document names. */
  readonly ids: ReadonlySet<string>;
  /** The highest version of the document that these lines name. */
  readonly document: number;
  readonly signatures: ReadonlyMap<number, { mac: string; epoch: number }>;
}

/**
 * The lines from the one that the document names to the end, each against the one before.
 * @param whole the whole log instead, from its beginning
 */
export function checkLog(
  id: OrganizationId,
  months: readonly string[],
  { audit }: Document,
  { audit: { directory }, integrity }: Pick<Surroundings, 'audit' | 'integrity'>,
  whole = false,
): CheckedLog {
  const pathOf = (month: string) => join(directory, auditFileName(id, month));
  const path = pathOf(months.at(-1) ?? 'audit');
  let torn: Torn | undefined;
  let newest: AuditLine | undefined;
  let sizeBytes = 0;
  let document = 0;
  let next: { n: number; prev: string; epoch: number } | undefined;
  const until = whole ? audit.from : audit.head;
  const ids = new Set<string>();
  const signatures = new Map<number, { mac: string; epoch: number }>();
  const damaged = (month: string, reason: string) => new Error(`${pathOf(month)} is damaged: ${reason}`);
  for (const month of months.toReversed()) {
    if (next && next.n - 1 <= until.n) break;
    let isEmpty = true;
    const lines = linesBackward(pathOf(month), (tornBytes, wholeBytes) => {
      if (month !== months.at(-1)) throw damaged(month, 'its last line is torn');
      torn = { path: pathOf(month), tornBytes, wholeBytes };
    });
    for (const { text, offset } of lines) {
      let line: AuditLine;
      try {
        line = readLine(text, integrity, audit.head.n);
      } catch (error) {
        throw damaged(month, messageOf(error));
      }
      isEmpty = false;
      if (month === months.at(-1)) sizeBytes = Math.max(sizeBytes, offset + Buffer.byteLength(text) + 1);
      // A fenced writer's line, which was never acknowledged.
      if (next && line.epoch < next.epoch && line.n >= next.n) continue;
      if (next && (line.n !== next.n - 1 || line.mac !== next.prev))
        throw damaged(month, `the line before ${next.n} is not the stored one`);
      newest ??= line;
      signatures.set(line.n, { mac: line.mac, epoch: line.epoch });
      if (line.n > audit.head.n) for (const record of line.records) ids.add(record.id);
      document = Math.max(document, line.document);
      next = { n: line.n, prev: line.prev, epoch: line.epoch };
      if (line.n <= until.n) break;
    }
    if (isEmpty && month !== months.at(-1)) throw damaged(month, 'it is empty');
  }
  const lastId = newest?.records.at(-1)?.id;
  const last = newest ? { n: newest.n, mac: newest.mac } : audit.from;
  if (last.n < audit.head.n)
    throw new Error(`${path} ends with line ${last.n}, and the document names line ${audit.head.n}`);
  const named = signatures.get(audit.head.n);
  if (named && named.mac !== audit.head.mac)
    throw new Error(`${path} is damaged: line ${audit.head.n} is not the one that the document names`);
  if (next && next.n > until.n + 1) throw new Error(`${path} is damaged: lines before ${next.n} are missing`);
  if (next && next.n === until.n + 1 && next.prev !== until.mac)
    throw new Error(`${path} is damaged: line ${next.n} does not follow the previous record`);
  return { months, head: last, newest: lastId, sizeBytes, path, torn, ids, document, signatures };
}

export function cutOff({ path, wholeBytes, tornBytes }: Torn): { message: string; path: string } {
  truncateSync(path, wholeBytes);
  return {
    path,
    message: `The last ${tornBytes} bytes of ${path} were cut off: a line that a crash interrupted, and that was never acknowledged.`,
  };
}
