import type { Connection, PendingConnection } from '../domain/connection.js';
import { awaiting } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId } from '../domain/ids.js';

/**
 * A pending connection that is for that account.
 * @throws RolebridgeError `account_mismatch` when it is bound to one already: only a release changes that
 */
export function expectingAccount(connection: Connection, expectedAccountId: AccountId): PendingConnection {
  if (connection.status === 'pending') return awaiting(connection, { expectedAccountId });
  throw new RolebridgeError('account_mismatch', 'The connection has already been used with an account.', {
    remedy: 'Release it with POST …/release-account, which replaces its external ID and callback secret.',
  });
}
