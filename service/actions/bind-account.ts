import type { Requester } from '../domain/audit.js';
import { type Connection, isDeleted, type PendingConnection } from '../domain/connection.js';
import { released } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId } from '../domain/ids.js';
import { saveChange } from './change-connection.js';
import { newRoleRegistration } from './create-connection.js';
import type { Dependencies } from './dependencies.js';

/**
 * Binds the connection to another account. External ID and callback secret are replaced, because the account before
 * knows them; sessions held in memory end with the version. Scopes stay: their targets resolve to `pending`.
 * @throws RolebridgeError `method_mismatch`
 */
export async function releaseAccount(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  expectedAccountId: AccountId,
): Promise<{ connection: PendingConnection; callbackSecret: string }> {
  if (connection.method !== 'assume_role' || isDeleted(connection))
    throw new RolebridgeError(
      'method_mismatch',
      'Only a connection with a role can be released from its account.',
      {
        remedy: 'Delete this connection and create one for the other account.',
      },
    );
  const { registration, callbackSecret } = newRoleRegistration(deps, connection.id);
  const next = released(connection, { expectedAccountId, registration });
  const event = { action: 'connection.release_account', details: { expectedAccountId } } as const;
  return { connection: await saveChange(deps, by, event, connection, next), callbackSecret };
}
