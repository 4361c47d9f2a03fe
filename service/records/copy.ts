import { isDeepStrictEqual } from 'node:util';
import type { AuditRecord } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AuditId, OrganizationId } from '../domain/ids.js';
import { forEachName } from '../domain/keys-of.js';
import { type Backend, UniqueConflict } from './backend.js';
import { placeOf } from './change-row.js';
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

interface CopiedRow<Name extends TableName = TableName> {
  readonly table: Name;
  readonly key: string;
  readonly value: Values[Name];
}

async function copyOrganization(
  from: Backend,
  to: Backend,
  id: OrganizationId,
  copied: Copied,
): Promise<void> {
  const wanted = await rowsIn(from, id);
  const there = await rowsIn(to, id);
  for (const [place, row] of there) refuseNewer(wanted.get(place)?.value, row);
  const differs = (place: string) => !isDeepStrictEqual(wanted.get(place), there.get(place));
  await to.transact(id, async (transaction) => {
    // First, since one row can claim a value that another releases.
    for (const [place, { table, key }] of there)
      if (table !== 'organizations' && differs(place)) await transaction.delete(table, key);
    for (const [place, { table, value }] of wanted) if (differs(place)) await transaction.put(table, value);
  });
  const copies = await rowsIn(to, id);
  for (const [place, { table }] of new Map([...wanted, ...copies])) {
    if (!isDeepStrictEqual(copies.get(place), wanted.get(place))) throw notTheSame(table, id);
    copied[table] += 1;
  }
}

/** All rows of an organization, by table and key. */
async function rowsIn(backend: Backend, id: OrganizationId): Promise<Map<string, CopiedRow>> {
  const rows = new Map<string, CopiedRow>();
  for (const table of tableNames)
    for (const value of await allRows(backend, table, id)) {
      const { key } = placeOf(table, value);
      rows.set(`${table} ${key}`, { table, key, value });
    }
  return rows;
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
function refuseNewer(here: Values[TableName] | undefined, { table, key, value: there }: CopiedRow): void {
  const version = (value: object | undefined) => (value && 'version' in value ? Number(value.version) : -1);
  const revoked = (value: object | undefined) => value !== undefined && 'revokedAt' in value;
  if (table === 'connections' && version(here) < version(there))
    throw usedSince(`The connection ${key} is newer in the target.`);
  if (table === 'apiKeys' && (here === undefined || revoked(there) !== revoked(here)))
    throw usedSince(`The API key ${key} was created or revoked in the target.`);
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
