import { isDeepStrictEqual } from 'node:util';
import type { AuditRecord } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AuditId, OrganizationId } from '../domain/ids.js';
import { forEachName } from '../domain/keys-of.js';
import { type Backend, UniqueConflict } from './backend.js';
import { placeOf } from './change-row.js';
import { allOf, rowsAtOnce, wholeList } from './pages.js';
import { type TableName, tableNames, type Values } from './tables.js';

/** The number of rows of each table, and of audit records, that both stores have. */
export type Copied = Record<TableName | 'auditRecords', number>;

/**
 * Copies all tables and the audit log from one backend to the other, and compares them. An organization is copied completely
 * or not at all. A copy can be repeated until the target is used.
 * @throws RolebridgeError `store_unavailable` when the target was used since an earlier copy, or differs from its source
 */
export async function copyStore(from: Backend, to: Backend): Promise<Copied> {
  const copied: Copied = { ...forEachName(tableNames, () => 0), auditRecords: 0 };
  let waiting = (await allRows(from, 'organizations')).map(({ id }) => id);
  await refuseUsed(from, to, new Set(waiting));
  while (waiting.length > 0) {
    const conflicting: OrganizationId[] = [];
    for (const id of waiting)
      try {
        await copyOrganization(from, to, id, copied);
      } catch (error) {
        // Another organization gave up a role since an earlier copy: it is copied first.
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
    // Deletions first, since one row can claim a value that another releases.
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
  const copied = notBefore(records, await allRecords(to, organizationId));
  if (!isDeepStrictEqual(copied, records)) throw notTheSame('the audit log', organizationId);
  return records.length;
}

/** Nothing is written to a target that was changed since: each change is in the audit log. */
async function refuseUsed(from: Backend, to: Backend, known: ReadonlySet<string>): Promise<void> {
  for (const { id } of await allRows(to, 'organizations'))
    if (!known.has(id)) throw usedSince(`The target has the organization ${id}, the source does not.`);
  for (const organization of await to.log.organizations()) {
    const records = await allRecords(from, organization);
    const ids = new Set(records.map(({ id }) => id));
    if (notBefore(records, await allRecords(to, organization)).some(({ id }) => !ids.has(id)))
      throw usedSince(
        `The audit log of ${organization} has records in the target that the source does not have.`,
      );
  }
}

/** Leaves out records that the source may have deleted because of their age. */
const notBefore = ([oldest]: readonly AuditRecord[], records: readonly AuditRecord[]): AuditRecord[] =>
  records.filter(({ id }) => id >= (oldest?.id ?? ''));

/** Refuses changes of the target that its audit log does not have. */
function refuseNewer(here: Values[TableName] | undefined, { table, key, value: there }: CopiedRow): void {
  const version = (value: object | undefined) => (value && 'version' in value ? Number(value.version) : -1);
  if (table === 'connections' && version(here) < version(there))
    throw usedSince(`The connection ${key} is newer in the target.`);
  if (table === 'apiKeys' && here && 'revokedAt' in there && !('revokedAt' in here))
    throw usedSince(`The API key ${key} was revoked in the target.`);
}

const allRows = <Name extends TableName>(backend: Backend, name: Name, organizationId?: OrganizationId) =>
  allOf(backend, name, { order: wholeList(name), organizationId });

/** Oldest first. */
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
  new RolebridgeError('store_unavailable', `The copy of ${what} of ${id} differs from its source.`, {
    remedy: 'Stop every service on either store, and copy again.',
  });
