import type { OrganizationId } from '../domain/ids.js';
import type { Backend, Query } from './backend.js';
import { type TableName, tables } from './tables.js';

/** Of the organization itself, what says that it is erased stays: nothing is stored for it any more. */
export async function eraseOrganization(
  backend: Backend,
  organizationId: OrganizationId,
  erasedAt: string,
): Promise<void> {
  await backend.transact(organizationId, async (transaction) => {
    const stored = await transaction.get('organizations', organizationId);
    if (stored === undefined) return;
    const { id, createdAt, suspendedAt } = stored;
    transaction.forgetVersionBefore();
    await transaction.put('organizations', { id, name: '', createdAt, suspendedAt, erasedAt });
  });
  // Connections were deleted one by one; their jobs confirm that access has ended, and their messages tell of it.
  const all = { organizationId, limit: 200 } as const;
  await eraseRows(backend, organizationId, 'apiKeys', { ...all, order: 'created' });
  await eraseRows(backend, organizationId, 'idempotency', { ...all, order: 'age' });
  await eraseRows(backend, organizationId, 'projects', { ...all, order: 'id' });
  await eraseRows(backend, organizationId, 'answeredRequests', { ...all, order: 'age' });
  await eraseRows(backend, organizationId, 'tokens', { ...all, order: 'expiry' });
  await eraseRows(backend, organizationId, 'webhookEndpoints', { ...all, order: 'created' });
  await eraseRows(backend, organizationId, 'messages', {
    ...all,
    order: 'created',
    where: { isFinished: 'yes' },
  });
}

async function eraseRows<Name extends TableName>(
  backend: Backend,
  organizationId: OrganizationId,
  table: Name,
  query: Query<Name>,
): Promise<void> {
  for (;;) {
    const rows = await backend.list(table, query);
    if (rows.length === 0) return;
    await backend.transact(organizationId, async (transaction) => {
      transaction.forgetVersionBefore();
      for (const row of rows) await transaction.delete(table, tables[table].key(row));
    });
  }
}
