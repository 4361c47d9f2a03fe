import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isOrganizationId, type OrganizationId } from '../../domain/ids.js';
import type { ServiceKey } from '../../secrets/keyring.js';
import { messageOf } from '../../unknown-value.js';
import { Integrity } from '../integrity.js';
import { IntegrityKeys } from '../integrity-keys.js';
import { claimsOfRow } from '../row.js';
import { Rows } from '../rows.js';
import { type AuditLine, auditPath, chainOf } from './audit-lines.js';
import type { StoreContext } from './context.js';
import { allRows, type Document, noDocument } from './document.js';
import { DocumentFile } from './document-file.js';
import { factsInDirectory } from './facts.js';
import { type FileOperations, fileOperations, namesIn, sharedSync } from './files.js';
import { type Head, readHead } from './head.js';
import { type FoundOrganization, OrganizationStore } from './organization.js';

/** Faults of an organization's files. */
export interface Damage {
  readonly organizationId: OrganizationId;
  /** Names the file, for a person. */
  readonly message: string;
}

export interface LoadedDirectory {
  readonly context: StoreContext;
  readonly keys: IntegrityKeys | undefined;
  readonly stores: readonly OrganizationStore[];
  readonly damages: readonly Damage[];
}

/**
 * Reads and checks the files of all organizations. Nothing is changed on the disk.
 * @param options.isInspection the whole audit logs are read, and not only the lines behind the one that the document
 * names; an empty directory gets no key
 */
export async function loadDirectory(
  root: string,
  options: Pick<StoreContext, 'lock' | 'warn'> & {
    readonly serviceKeys: readonly ServiceKey[] | undefined;
    readonly isInspection?: boolean;
    readonly files?: FileOperations;
  },
): Promise<LoadedDirectory> {
  const { lock, warn, serviceKeys, isInspection = false, files = fileOperations } = options;
  const [directory, auditDirectory] = [join(root, 'organizations'), join(root, 'audit')];
  const keys = await IntegrityKeys.open(factsInDirectory(root, 'integrity-keys'), serviceKeys, {
    readOnly: isInspection,
    isEmpty: () => [directory, auditDirectory].every((path) => namesIn(path).length === 0),
  });
  const context: StoreContext = {
    directory,
    auditDirectory,
    files,
    lock,
    warn,
    rows: new Rows(),
    integrity: keys ?? new Integrity(),
    sync: sharedSync(directory, files),
  };
  const stores: OrganizationStore[] = [];
  const damages: Damage[] = [];
  for (const [id, months] of organizationsIn(root))
    try {
      stores.push(new OrganizationStore(id, context, await load(id, months, context, isInspection)));
    } catch (error) {
      damages.push({ organizationId: id, message: messageOf(error) });
    }
  return { context, keys, stores, damages };
}

const fileNames = {
  organizations: /^([\w-]{1,100})\.(?:json|json\.bak|head)$/,
  audit: /^([\w-]{1,100})\.(\d{4}-\d\d)\.jsonl$/,
};

/** The organizations that have a file, and the months of their audit logs, the oldest first. */
export function organizationsIn(root: string): ReadonlyMap<OrganizationId, readonly string[]> {
  const found = new Map<OrganizationId, string[]>();
  for (const [folder, form] of Object.entries(fileNames))
    for (const name of namesIn(join(root, folder)).sort()) {
      const [, id = '', month] = form.exec(name) ?? [];
      if (isOrganizationId(id)) found.set(id, [...(found.get(id) ?? []), ...(month ? [month] : [])]);
    }
  return found;
}

/** Reads an organization, and adds its rows to those in memory. @throws Error with a message for the operator */
async function load(
  id: OrganizationId,
  months: readonly string[],
  context: StoreContext,
  isWhole: boolean,
): Promise<FoundOrganization> {
  const file = new DocumentFile(id, context);
  const unusable = (reason: string) => new Error(`${file.path} can't be used: ${reason}`);
  const head = readHead(context, id);
  const document = await file.read().then(
    (found) => found ?? noDocument,
    (error) => {
      throw unusable(messageOf(error));
    },
  );
  const { sequence } = document;
  if (head === undefined) {
    if (sequence > 0 || months.length > 0) throw new Error(`${file.path.slice(0, -5)}.head is missing`);
    throw unusable('it is missing, and its backup is there');
  }
  if (sequence < head.sequence)
    throw unusable(
      sequence === 0
        ? 'it is missing'
        : `it is version ${sequence}, and version ${head.sequence} was stored: an older copy was put back`,
    );
  const log = checkLog(id, months, { document, head, context, isWhole });
  if (log.document > sequence)
    throw unusable(`it is version ${sequence}, and the audit log names version ${log.document}`);
  const rows = allRows(document);
  for (const row of rows)
    for (const { constraint, value } of claimsOfRow(row))
      if (context.rows.holder(constraint, value, id))
        throw unusable(`the ${constraint} ${value} in it is in the store twice`);
  context.rows.apply(rows.map((next) => ({ table: next.table, key: next.key, next })));
  return { file, document, log, loggedIds: log.ids };
}

/**
 * Checks the lines from the one that the document names to the end, each against the one before.
 * @param files.isWhole the whole log instead, from its beginning
 */
function checkLog(
  id: OrganizationId,
  months: readonly string[],
  files: { document: Document; head: Head; context: StoreContext; isWhole: boolean },
) {
  const { head, context, isWhole } = files;
  const { audit } = files.document;
  const paths = months.map((month) => auditPath(context.auditDirectory, id, month));
  const path = paths.at(-1) ?? auditPath(context.auditDirectory, id, '*');
  const damaged = (reason: string) => new Error(`${path} is damaged: ${reason}`);
  const until = isWhole ? audit.from : audit.head;
  /** The ids of the records behind the line that the document names. */
  const ids = new Set<string>();
  let tornBytes = 0;
  /** The highest version of the document that these lines name. */
  let document = 0;
  let newest: AuditLine | undefined;
  let first: AuditLine | undefined;
  const chain = chainOf(paths, context.integrity, {
    newest: { epoch: head.epoch, mac: head.audit.mac },
    provenUpTo: audit.head.n,
    onTorn: (bytes) => {
      tornBytes = bytes;
    },
  });
  for (const { line } of chain) {
    const { n, mac, epoch } = line;
    if (n === audit.head.n && mac !== audit.head.mac)
      throw damaged(`line ${n} is not the one that the document names`);
    if (n === head.audit.n && mac !== head.audit.mac && epoch <= head.epoch)
      throw damaged(`line ${n} was replaced`);
    newest ??= line;
    first = line;
    document = Math.max(document, line.document);
    if (n > audit.head.n) for (const record of line.records) ids.add(record.id);
    if (n <= until.n) break;
  }
  const end = newest ? { n: newest.n, mac: newest.mac } : audit.from;
  const stored = Math.max(head.audit.n, audit.head.n);
  if (end.n < stored) throw new Error(`${path} ends with line ${end.n}, and line ${stored} was stored`);
  if (first && first.n > until.n + 1) throw damaged(`lines before ${first.n} are missing`);
  if (first && first.n === until.n + 1 && first.prev !== until.mac)
    throw damaged(`line ${first.n} does not follow the previous record`);
  const sizeBytes = paths.length > 0 ? statSync(path).size - tornBytes : 0;
  return { months, head: end, newest: newest?.records.at(-1)?.id, sizeBytes, tornBytes, ids, document };
}
