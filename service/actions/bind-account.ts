import type { Requester } from '../domain/audit.js';
import type { Connection, PendingConnection } from '../domain/connection.js';
import { released } from '../domain/connection-transitions.js';
import type { AccountId } from '../domain/ids.js';
import { saveAudited } from './change-connection.js';
import { newRoleRegistration } from './create-connection.js';
import type { Dependencies } from './dependencies.js';
import { requireRole } from './require-method.js';

/**
 * Binds the connection to another account. The external ID and the callback secret are replaced, because the previous
 * account knows them; cached sessions end with the version. The scopes stay, and their targets resolve to `pending`.
 * @throws RolebridgeError `method_mismatch`
 */
export async function releaseAccount(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  expectedAccountId: AccountId,
): Promise<{ connection: PendingConnection; callbackSecret: string }> {
  requireRole(connection, 'Delete this connection and create one for the other account.');
  const { registration, callbackSecret } = newRoleRegistration(deps, connection.id);
  const next = released(connection, { expectedAccountId, registration });
  const event = { action: 'connection.release_account', details: { expectedAccountId } } as const;
  return { connection: await saveAudited(deps, by, event, connection, next), callbackSecret };
}
