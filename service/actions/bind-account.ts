import type { Requester } from '../domain/audit.js';
import { type Connection, isDeleted, type PendingConnection } from '../domain/connection.js';
import { expecting, released } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId } from '../domain/ids.js';
import { saveChange } from './change-connection.js';
import { newRoleTrust } from './create-connection.js';
import type { Dependencies } from './dependencies.js';

/**
 * Says which account a pending connection is for.
 * @throws RolebridgeError `account_mismatch` when it is bound to one already: only a release changes that
 */
export async function expectAccount(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  expectedAccountId: AccountId,
): Promise<Connection> {
  if (connection.expectedAccountId === expectedAccountId) return connection;
  if (connection.status !== 'pending')
    throw new RolebridgeError('account_mismatch', 'The connection has been used with an account already.', {
      remedy: 'Release it with POST …/release-account, which replaces its external ID and callback secret.',
    });
  const event = { action: 'connection.expect_account', details: { expectedAccountId } } as const;
  return saveChange(deps, by, event, connection, expecting(connection, expectedAccountId));
}

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
  const { trust: registration, callbackSecret } = newRoleTrust(deps, connection.id);
  const next = released(connection, { expectedAccountId, registration });
  const event = { action: 'connection.release_account', details: { expectedAccountId } } as const;
  return { connection: await saveChange(deps, by, event, connection, next), callbackSecret };
}
