import type { OrganizationId } from '../domain/ids.js';
import type { Quota } from '../domain/quotas.js';
import type { Backend } from './backend.js';
import { assertOrganization } from './commit-change.js';
import { requireRoom } from './quotas.js';
import { ownCopy, type TableName, tables, type Values } from './tables.js';

/** Puts a row of an organization that exists, in the place of others. A new one needs room. @throws RolebridgeError `not_found`, `quota_exceeded` */
export async function saveRow<Name extends TableName>(
  backend: Backend,
  table: Name,
  value: Values[Name],
  quotas?: readonly Quota[],
  former: readonly string[] = [],
): Promise<void> {
  const own = ownCopy(table, value);
  const key = tables[table].key(own);
  const organizationId = tables[table].organizationId(own);
  await backend.transact(organizationId, async (transaction) => {
    await assertOrganization(transaction, organizationId);
    for (const each of former) await transaction.delete(table, each);
    if (quotas && !(await transaction.get(table, key))) await requireRoom(transaction, quotas);
    await transaction.put(table, own);
  });
}

/**
 * Puts the next state of a row in its place; undefined when the organization has none.
 * @param erases no copy of the version before stays
 */
export function changeRow<Name extends TableName>(
  backend: Backend,
  table: Name,
  { organizationId, key }: { readonly organizationId: OrganizationId; readonly key: string },
  change: (stored: Values[Name]) => Values[Name],
  { erases = false, lasting = true }: { readonly erases?: boolean; readonly lasting?: boolean } = {},
): Promise<Values[Name] | undefined> {
  return backend.transact(organizationId, async (transaction) => {
    const stored = await transaction.get(table, key);
    if (stored === undefined || tables[table].organizationId(stored) !== organizationId) return undefined;
    const next = ownCopy(table, change(stored));
    if (erases) transaction.forgetVersionBefore();
    await transaction.put(table, next, { lasting });
    return next;
  });
}
