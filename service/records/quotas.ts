import { type Quota, type QuotaName, quotaExceeded } from '../domain/quotas.js';
import type { Transaction, Where } from './backend.js';
import type { TableName } from './tables.js';

type Counted = { [Name in TableName]: { readonly table: Name; readonly where: Where<Name> } }[TableName];

const counted: Record<QuotaName, Counted> = {
  connections: { table: 'connections', where: { deleted: 'no' } },
  deletedConnections: { table: 'connections', where: { deleted: 'yes' } },
  projects: { table: 'projects', where: {} },
  apiKeys: { table: 'apiKeys', where: {} },
  signInLinks: { table: 'tokens', where: { kind: 'sign_in_link' } },
  setupCodes: { table: 'tokens', where: { kind: 'setup_code' } },
  webSessions: { table: 'tokens', where: { kind: 'web_session' } },
  enrollments: { table: 'tokens', where: { kind: 'enrollment' } },
  webhookEndpoints: { table: 'webhookEndpoints', where: {} },
  idempotencyKeys: { table: 'answeredRequests', where: {} },
};

/** The used amount of a quota, in the transaction's organization. */
export const usedIn = (transaction: Transaction, name: QuotaName): Promise<number> =>
  transaction.count(counted[name].table, counted[name].where);

/** Refuses another row when a quota is used up. @throws RolebridgeError `quota_exceeded` */
export async function requireRoom(transaction: Transaction, quotas: readonly Quota[] = []): Promise<void> {
  for (const quota of quotas)
    if ((await usedIn(transaction, quota.name)) >= quota.limit) throw quotaExceeded(quota);
}
