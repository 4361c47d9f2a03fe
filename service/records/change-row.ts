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

interface ChangeOptions {
  /** No copy of the former version stays. @default false */
  readonly dropsFormerVersion?: boolean;
  /** Unless it is, a crash may lose the change. @default true */
  readonly lasting?: boolean;
}

/**
 * Changes a row of an organization.
 * @param change returns the next state, null to delete the row, or undefined to leave it as it is
 * @returns the next state, or the deleted row; undefined when nothing changed
 */
export async function changeRow<Name extends TableName>(
  backend: Backend,
  table: Name,
  { organizationId, key }: RowPlace,
  change: (stored: Values[Name]) => Values[Name] | null | undefined,
  options?: ChangeOptions,
): Promise<Values[Name] | undefined> {
  const [changed] = await changeTogether(backend, table, organizationId, [key], change, options);
  return changed;
}

/** Changes rows like `changeRow`, in one transaction for each organization. */
export async function changeRows<Name extends TableName>(
  backend: Backend,
  table: Name,
  rows: readonly Values[Name][],
  change: (stored: Values[Name]) => Values[Name] | null | undefined,
  options?: ChangeOptions,
): Promise<Values[Name][]> {
  const { key, organizationId } = tables[table];
  const changed: Values[Name][] = [];
  for (const [id, own] of groupBy(rows, organizationId))
    changed.push(...(await changeTogether(backend, table, id, own.map(key), change, options)));
  return changed;
}

function changeTogether<Name extends TableName>(
  backend: Backend,
  table: Name,
  organizationId: OrganizationId,
  keys: readonly string[],
  change: (stored: Values[Name]) => Values[Name] | null | undefined,
  { dropsFormerVersion = false, lasting = true }: ChangeOptions = {},
): Promise<Values[Name][]> {
  return backend.transact(organizationId, async (transaction) => {
    const changed: Values[Name][] = [];
    for (const key of keys) {
      const stored = await transaction.get(table, key);
      if (stored === undefined || tables[table].organizationId(stored) !== organizationId) continue;
      const next = change(stored);
      if (next === undefined) continue;
      if (dropsFormerVersion) transaction.dropFormerVersion();
      const own = next && validatedCopy(table, next);
      if (own === null) await transaction.delete(table, key);
      else await transaction.put(table, own, { lasting });
      changed.push(own ?? stored);
    }
    return changed;
  });
}
