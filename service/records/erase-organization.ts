import type { OrganizationId } from '../domain/ids.js';
import type { Backend, Where } from './backend.js';
import { changeRows } from './change-row.js';
import { allOf, rowsAtOnce, wholeList } from './pages.js';
import { type TableName, tableNames } from './tables.js';

/**
 * Tables whose rows outlive their organization. Deleted connections and their external IDs stay; jobs confirm that access has
 * ended, and pending messages report it to the operator.
 */
const kept: readonly TableName[] = [
  'organizations',
  'connections',
  'reports',
  'retiredExternalIds',
  'jobs',
  'messages',
];

/**
 * Deletes the organization's rows, and reduces its own row to what says that it is erased: nothing is stored for it any more.
 * The row is written last, so that an interrupted erase can be repeated.
 */
export async function eraseOrganization(
  backend: Backend,
  organizationId: OrganizationId,
  erasedAt: string,
): Promise<void> {
  await eraseAllRows(backend, organizationId);
  await backend.transact(organizationId, async (transaction) => {
    const stored = await transaction.get('organizations', organizationId);
    if (stored === undefined) return;
    const { id, createdAt, suspendedAt } = stored;
    transaction.dropFormerVersion();
    await transaction.put('organizations', { id, name: '', createdAt, suspendedAt, erasedAt });
  });
  // A request that began before the organization was suspended may have stored rows meanwhile.
  await eraseAllRows(backend, organizationId);
}

async function eraseAllRows(backend: Backend, organizationId: OrganizationId): Promise<void> {
  const endpoints = await allOf(backend, 'webhookEndpoints', { organizationId, order: 'created' });
  for (const { id: endpoint } of endpoints)
    await eraseRows(backend, 'messages', organizationId, { endpoint });
  await eraseRows(backend, 'messages', organizationId, { isFinished: 'yes' });
  for (const table of tableNames) if (!kept.includes(table)) await eraseRows(backend, table, organizationId);
}

async function eraseRows<Name extends TableName>(
  backend: Backend,
  table: Name,
  organizationId: OrganizationId,
  where?: Where<Name>,
): Promise<void> {
  const query = { organizationId, order: wholeList(table), where, limit: rowsAtOnce };
  for (;;) {
    const rows = await backend.list(table, query);
    if (rows.length === 0) return;
    await changeRows(backend, table, rows, () => null, { dropsFormerVersion: true });
  }
}
