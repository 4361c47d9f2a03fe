import type { OrganizationId } from '../domain/ids.js';
import type { Backend, Selection } from './backend.js';
import { deleteRows } from './change-row.js';
import { allOf, rowsAtOnce } from './pages.js';
import type { TableName } from './tables.js';

/**
 * Of the organization itself, what says that it is erased stays: nothing is stored for it any more. That is written when
 * its rows are gone, so that an erase that was cut off can be repeated.
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
    transaction.forgetVersionBefore();
    await transaction.put('organizations', { id, name: '', createdAt, suspendedAt, erasedAt });
  });
  // Of a request that was under way when the organization was suspended.
  await eraseAllRows(backend, organizationId);
}

async function eraseAllRows(backend: Backend, organizationId: OrganizationId): Promise<void> {
  // Connections were deleted one by one; their jobs confirm that access has ended, and their messages tell the operator.
  const finished = { isFinished: 'yes' } as const;
  await eraseRows(backend, 'apiKeys', { organizationId, order: 'created' });
  await eraseRows(backend, 'idempotency', { organizationId, order: 'age' });
  await eraseRows(backend, 'runningChecks', { organizationId, order: 'id' });
  await eraseRows(backend, 'projects', { organizationId, order: 'id' });
  await eraseRows(backend, 'answeredRequests', { organizationId, order: 'age' });
  await eraseRows(backend, 'tokens', { organizationId, order: 'expiry' });
  const endpoints = await allOf(backend, 'webhookEndpoints', { organizationId, order: 'created' });
  for (const { id: endpoint } of endpoints)
    await eraseRows(backend, 'messages', { organizationId, order: 'created', where: { endpoint } });
  await eraseRows(backend, 'webhookEndpoints', { organizationId, order: 'created' });
  await eraseRows(backend, 'messages', { organizationId, order: 'created', where: finished });
}

async function eraseRows<Name extends TableName>(
  backend: Backend,
  table: Name,
  selection: Selection<Name> & { readonly organizationId: OrganizationId },
): Promise<void> {
  for (;;) {
    const rows = await backend.list(table, { ...selection, limit: rowsAtOnce });
    if (rows.length === 0) return;
    await deleteRows(backend, table, rows, { erases: true });
  }
}
