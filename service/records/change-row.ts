import { RolebridgeError } from '../domain/errors.js';
import { groupBy } from '../domain/group-by.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Quota } from '../domain/quotas.js';
import type { Backend, Transaction } from './backend.js';
import { requireRoom } from './quotas.js';
import { type TableName, tables, type Values, validatedCopy } from './tables.js';

/** @throws RolebridgeError `not_found` when the organization doesn't exist or is erased */
export async function assertOrganization(transaction: Transaction, id: OrganizationId): Promise<void> {
  const organization = await transaction.get('organizations', id);
  if (organization === undefined || organization.erasedAt !== undefined)
    throw new RolebridgeError('not_found', 'There is no such organization.');
}

/**
 * Inserts a row of an organization or replaces it, and deletes `former` rows. A new row counts against the quotas.
 * @throws RolebridgeError `not_found`, `quota_exceeded`
 */
export async function saveRow<Name extends TableName>(
  backend: Backend,
  table: Name,
  value: Values[Name],
  quotas?: readonly Quota[],
  former: readonly string[] = [],
): Promise<void> {
  const own = validatedCopy(table, value);
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
 * Changes a row of an organization.
 * @param change returns the next state, null to delete the row, or undefined to leave it as it is
 * @param options `dropsFormerVersion`: no copy of the former version stays; `lasting: false`: a crash may lose the change
 * @returns the next state, or the deleted row; undefined when nothing changed
 */
export function changeRow<Name extends TableName>(
  backend: Backend,
  table: Name,
  { organizationId, key }: RowPlace,
  change: (stored: Values[Name]) => Values[Name] | null | undefined,
  {
    dropsFormerVersion = false,
    lasting = true,
  }: { readonly dropsFormerVersion?: boolean; readonly lasting?: boolean } = {},
): Promise<Values[Name] | undefined> {
  return backend.transact(organizationId, async (transaction) => {
    const stored = await transaction.get(table, key);
    if (stored === undefined || tables[table].organizationId(stored) !== organizationId) return undefined;
    const next = change(stored);
    if (next === undefined) return undefined;
    if (dropsFormerVersion) transaction.dropFormerVersion();
    if (next === null) {
      await transaction.delete(table, key);
      return stored;
    }
    const own = validatedCopy(table, next);
    await transaction.put(table, own, { lasting });
    return own;
  });
}

/**
 * Deletes rows, in one transaction for each organization.
 * @param isOld whether a row is still to be deleted when it is read again
 */
export async function deleteRows<Name extends TableName>(
  backend: Backend,
  table: Name,
  rows: readonly Values[Name][],
  {
    isOld = () => true,
    dropsFormerVersion = false,
  }: { readonly isOld?: (stored: Values[Name]) => boolean; readonly dropsFormerVersion?: boolean },
): Promise<void> {
  const { key, organizationId } = tables[table];
  for (const [id, own] of groupBy(rows, organizationId))
    await backend.transact(id, async (transaction) => {
      if (dropsFormerVersion) transaction.dropFormerVersion();
      for (const row of own) {
        const stored = await transaction.get(table, key(row));
        if (stored && isOld(stored)) await transaction.delete(table, key(row));
      }
    });
}
