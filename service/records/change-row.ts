import { groupBy } from '../domain/group-by.js';
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
  const { key, organizationId } = placeOf(table, own);
  await backend.transact(organizationId, async (transaction) => {
    await assertOrganization(transaction, organizationId);
    for (const each of former) await transaction.delete(table, each);
    if (quotas && !(await transaction.get(table, key))) await requireRoom(transaction, quotas);
    await transaction.put(table, own);
  });
}

interface RowPlace {
  readonly organizationId: OrganizationId;
  readonly key: string;
}

export const placeOf = <Name extends TableName>(table: Name, value: Values[Name]): RowPlace => ({
  organizationId: tables[table].organizationId(value),
  key: tables[table].key(value),
});

/**
 * Puts the next state of a row in its place.
 * @param change the next state; null deletes the row, and undefined leaves it as it is
 * @param erases no copy of the version before stays
 * @returns the next state, or the deleted row; undefined when nothing changed
 */
export function changeRow<Name extends TableName>(
  backend: Backend,
  table: Name,
  { organizationId, key }: RowPlace,
  change: (stored: Values[Name]) => Values[Name] | null | undefined,
  { erases = false, lasting = true }: { readonly erases?: boolean; readonly lasting?: boolean } = {},
): Promise<Values[Name] | undefined> {
  return backend.transact(organizationId, async (transaction) => {
    const stored = await transaction.get(table, key);
    if (stored === undefined || tables[table].organizationId(stored) !== organizationId) return undefined;
    const next = change(stored);
    if (next === undefined) return undefined;
    if (erases) transaction.forgetVersionBefore();
    if (next === null) {
      await transaction.delete(table, key);
      return stored;
    }
    const own = ownCopy(table, next);
    await transaction.put(table, own, { lasting });
    return own;
  });
}

/**
 * Deletes rows, in one transaction for each organization.
 * @param isOld whether a row is still to go when it is read again
 */
export async function deleteRows<Name extends TableName>(
  backend: Backend,
  table: Name,
  rows: readonly Values[Name][],
  {
    isOld = () => true,
    erases = false,
  }: { readonly isOld?: (stored: Values[Name]) => boolean; readonly erases?: boolean },
): Promise<void> {
  for (const [organizationId, own] of groupBy(rows, tables[table].organizationId))
    await backend.transact(organizationId, async (transaction) => {
      if (erases) transaction.forgetVersionBefore();
      for (const { key } of own.map((row) => placeOf(table, row))) {
        const stored = await transaction.get(table, key);
        if (stored && isOld(stored)) await transaction.delete(table, key);
      }
    });
}
