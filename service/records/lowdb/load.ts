import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { isOrganizationId, type OrganizationId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import { claimsOfRow } from '../row.js';
import { type AuditLine, auditPath, chainOf, monthsOf } from './audit-lines.js';
import type { FoundLog } from './audit-log.js';
import { allRows, type Document, noDocument } from './document.js';
import { documentFile } from './document-file.js';
import { readHead } from './head.js';
import { largeOrganization, OrganizationStore } from './organization.js';
import type { Surroundings } from './surroundings.js';

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
}

/**
 * Reads and checks the files of all organizations. Nothing is changed on the disk.
 * @param wholeLogs every line of the audit logs, and not only those behind the one that the document names
 */
export async function load(around: Surroundings, { wholeLogs = false } = {}): Promise<Found> {
  const found: Found = { stores: [], damages: [], torn: [] };
  for (const [id, months] of organizationsIn(around.directory, around.auditDirectory))
    try {
      await loadOne(id, months, around, found, wholeLogs);
    } catch (error) {
      found.damages.push({ organizationId: id, message: messageOf(error) });
    }
  return found;
}

/** Those with a file, and the months of their audit logs. */
export function organizationsIn(
  directory: string,
  auditDirectory: string,
): ReadonlyMap<OrganizationId, readonly string[]> {
  const found = monthsOf(readdirSync(auditDirectory));
  for (const name of readdirSync(directory)) {
    const id = /^([\w-]{1,100})\.(json|json\.bak|head)$/.exec(name)?.[1];
    if (id !== undefined && isOrganizationId(id) && !found.has(id)) found.set(id, []);
  }
  return found;
}

async function loadOne(
  id: OrganizationId,
  months: readonly string[],
  around: Surroundings,
  found: Found,
  wholeLogs: boolean,
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
  const log = checkLog(id, months, document, around, wholeLogs);
  if (log.head.n < head.audit.n)
    throw new Error(`${log.path} ends with line ${log.head.n}, and line ${head.audit.n} was stored`);
  if (log.document > document.sequence)
    throw of(`it is version ${document.sequence}, and the audit log names version ${log.document}`);
  const named = log.lines.get(head.audit.n);
  if (named && named.mac !== head.audit.mac && named.epoch <= head.epoch)
    throw new Error(`${log.path} is damaged: line ${head.audit.n} is not the stored one`);
  const rows = allRows(document);
  for (const row of rows)
    for (const { constraint, value } of claimsOfRow(row))
      if (around.rows.holder(constraint, id, value))
        throw of(`the ${constraint} ${value} in it is in the store twice`);
  around.rows.apply(rows.map((next) => ({ table: next.table, key: next.key, next })));
  const store = new OrganizationStore(id, around, file, { document, log });
  found.stores.push(store);
  if (log.torn) found.torn.push(log.torn);
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
  readonly lines: ReadonlyMap<number, Pick<AuditLine, 'mac' | 'epoch'>>;
}

/**
 * The lines from the one that the document names to the end, each against the one before.
 * @param isWhole the whole log instead, from its beginning
 */
function checkLog(
  id: OrganizationId,
  months: readonly string[],
  { audit }: Document,
  { auditDirectory, integrity }: Surroundings,
  isWhole: boolean,
): CheckedLog {
  const paths = months.map((month) => auditPath(auditDirectory, id, month));
  const path = paths.at(-1) ?? auditPath(auditDirectory, id, 'audit');
  let torn: Torn | undefined;
  let newest: AuditLine | undefined;
  let first: AuditLine | undefined;
  let document = 0;
  const until = isWhole ? audit.from : audit.head;
  const ids = new Set<string>();
  const lines = new Map<number, Pick<AuditLine, 'mac' | 'epoch'>>();
  const chain = chainOf(paths, integrity, {
    provenUpTo: audit.head.n,
    torn(tornBytes, wholeBytes) {
      torn = { path, tornBytes, wholeBytes };
    },
  });
  for (const { n, line } of chain) {
    if (line === undefined) continue;
    first = line;
    newest ??= line;
    lines.set(n, { mac: line.mac, epoch: line.epoch });
    if (n > audit.head.n) for (const record of line.records) ids.add(record.id);
    document = Math.max(document, line.document);
    if (n <= until.n) break;
  }
  const head = newest ? { n: newest.n, mac: newest.mac } : audit.from;
  const damaged = (reason: string) => new Error(`${path} is damaged: ${reason}`);
  if (head.n < audit.head.n)
    throw new Error(`${path} ends with line ${head.n}, and the document names line ${audit.head.n}`);
  if ((lines.get(audit.head.n)?.mac ?? audit.head.mac) !== audit.head.mac)
    throw damaged(`line ${audit.head.n} is not the one that the document names`);
  if (first && first.n > until.n + 1) throw damaged(`lines before ${first.n} are missing`);
  if (first && first.n === until.n + 1 && first.prev !== until.mac)
    throw damaged(`line ${first.n} does not follow the previous record`);
  const sizeBytes = torn?.wholeBytes ?? (months.length > 0 ? statSync(path).size : 0);
  const lastId = newest?.records.at(-1)?.id;
  return { months, head, newest: lastId, sizeBytes, path, torn, ids, document, lines };
}

export function cutOff({ path, wholeBytes, tornBytes }: Torn): { message: string; path: string } {
  truncateSync(path, wholeBytes);
  return {
    path,
    message: `The last ${tornBytes} bytes of ${path} were cut off: a line that a crash interrupted, and that was never acknowledged.`,
  };
}
