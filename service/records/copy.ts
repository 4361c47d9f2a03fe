import { isDeepStrictEqual } from 'node:util';
import type { AuditRecord } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AuditId, OrganizationId } from '../domain/ids.js';
import { forEachName } from '../domain/keys-of.js';
import { type Backend, type Transaction, UniqueConflict } from './backend.js';
import { allOf, rowsAtOnce } from './pages.js';
import { type TableName, tableNames, tables, type Values } from './tables.js';

/** How many rows of each table, and records of the audit log, both stores have. */
export type Copied = Record<TableName | 'auditRecords', number>;

/**
 * Copies all tables and the audit log from one backend to the other, and compares them. An organization is copied whole
 * or not at all. It can be run again until the target is used.
 * @throws RolebridgeError `store_unavailable` when the target was used since an earlier copy, or has something else
 */
export async function copyStore(from: Backend, to: Backend): Promise<Copied> {
  const copied: Copied = { ...forEachName(tableNames, () => 0), auditRecords: 0 };
  let waiting = (await allRows(from, 'organizations')).map(({ id }) => id);
  const known = new Set<string>(waiting);
  for (const { id } of await allRows(to, 'organizations'))
    if (!known.has(id)) throw usedSince(`The target has the organization ${id}, the source does not.`);
  while (waiting.length > 0) {
    const conflicting: OrganizationId[] = [];
    for (const id of waiting)
      try {
        await copyOrganization(from, to, id, copied);
      } catch (error) {
        // A role that another organization gave up since an earlier copy: that one comes first.
        if (!(error instanceof UniqueConflict) || waiting.length === 1) throw error;
        conflicting.push(id);
      }
    if (conflicting.length === waiting.length) throw new UniqueConflict('role');
    waiting = conflicting;
  }
  for (const id of await from.log.organizations()) copied.auditRecords += await copyLog(from, to, id);
  return copied;
}

interface TableCopy {
  readonly count: number;
  readonly clear: (transaction: Transaction) => Promise<void>;
  readonly fill: (transaction: Transaction) => Promise<void>;
  readonly compare: () => Promise<void>;
}

async function copyOrganization(
  from: Backend,
  to: Backend,
  id: OrganizationId,
  copied: Copied,
): Promise<void> {
  const copies: [TableName, TableCopy][] = [];
  for (const name of tableNames) copies.push([name, await tableCopy(from, to, name, id)]);
  await to.transact(id, async (transaction) => {
    // One row can claim a value that another releases.
    for (const [, copy] of copies) await copy.clear(transaction);
    for (const [, copy] of copies) await copy.fill(transaction);
  });
  for (const [name, copy] of copies) {
    await copy.compare();
    copied[name] += copy.count;
  }
}

async function tableCopy<Name extends TableName>(
  from: Backend,
  to: Backend,
  name: Name,
  organizationId: OrganizationId,
): Promise<TableCopy> {
  const { key } = tables[name];
  const rows = await allRows(from, name, organizationId);
  const wanted = new Map(rows.map((row) => [key(row), row]));
  const there = await allRows(to, name, organizationId);
  for (const row of there) refuseNewer(name, wanted.get(key(row)), row);
  const same = new Map(there.map((row) => [key(row), row]));
  const changed = rows.filter((row) => !isDeepStrictEqual(same.get(key(row)), row));
  return {
    count: rows.length,
    async clear(transaction) {
      if (name === 'organizations') return;
      for (const row of there)
        if (!isDeepStrictEqual(wanted.get(key(row)), row)) await transaction.delete(name, key(row));
    },
    async fill(transaction) {
      for (const row of changed) await transaction.put(name, row);
    },
    async compare() {
      const copy = await allRows(to, name, organizationId);
      if (copy.length !== rows.length || copy.some((row) => !isDeepStrictEqual(wanted.get(key(row)), row)))
        throw notTheSame(name, organizationId);
    },
  };
}

async function copyLog(from: Backend, to: Backend, organizationId: OrganizationId): Promise<number> {
  const records = await allRecords(from, organizationId);
  const there = new Set((await allRecords(to, organizationId)).map(({ id }) => id));
  const missing = records.filter(({ id }) => !there.has(id));
  for (let first = 0; first < missing.length; first += rowsAtOnce)
    await to.log.append(missing.slice(first, first + rowsAtOnce));
  const copied = await allRecords(to, organizationId);
  if (copied.length > records.length)
    throw usedSince(
      `The audit log of ${organizationId} has records in the target that the source does not have.`,
    );
  if (!isDeepStrictEqual(copied, records)) throw notTheSame('the audit log', organizationId);
  return records.length;
}

/** A copy brings the target up to date; it takes nothing back that was done there. */
function refuseNewer<Name extends TableName>(
  name: Name,
  here: Values[Name] | undefined,
  there: Values[Name],
): void {
  const version = (value: object | undefined) => (value && 'version' in value ? Number(value.version) : -1);
  const revoked = (value: object | undefined) => value !== undefined && 'revokedAt' in value;
  if (name === 'connections' && version(here) < version(there))
    throw usedSince(`The connection ${tables[name].key(there)} is newer in the target.`);
  if (name === 'apiKeys' && (here === undefined || revoked(there) !== revoked(here)))
    throw usedSince(`The API key ${tables[name].key(there)} was created or revoked in the target.`);
}

function allRows<Name extends TableName>(
  backend: Backend,
  name: Name,
  organizationId?: OrganizationId,
): Promise<Values[Name][]> {
  const [order] = Object.keys(tables[name].orders);
  return allOf(backend, name, { order: order as never, organizationId });
}

/** The oldest first. */
async function allRecords(backend: Backend, organizationId: OrganizationId): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (let before: AuditId | undefined; ; ) {
    const page = await backend.log.read(organizationId, { limit: rowsAtOnce, before });
    records.push(...page.records);
    if (!page.hasMore) return records.reverse();
    before = page.records.at(-1)?.id;
  }
}

const usedSince = (what: string): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The target was used since it was copied to. ${what}`, {
    remedy: 'Keep using the target, or copy into an empty one.',
  });

const notTheSame = (what: string, id: OrganizationId): RolebridgeError =>
  new RolebridgeError('store_unavailable', `The copy of ${what} of ${id} differs from the copied record.`, {
    remedy: 'Stop every service on either store, and copy again.',
  });
