import { callbackSecretContext, type Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import {
  type Connection,
  isDeleted,
  type RoleRegistration,
  roleRegistrationOf,
} from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { saveChange } from './change-connection.js';
import { newCallbackSecret } from './create-connection.js';

/** A customer's pipeline has a day to take the new secret up. */
const usualSeconds = 24 * 60 * 60;

/**
 * Makes another callback secret; the one before signs as well for a while, or (0 seconds) not any more. The new
 * secret is in no later answer.
 * @throws RolebridgeError `method_mismatch` for an access key that does not move to a role
 */
export async function rotateCallbackSecret(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { previousValidSeconds = usualSeconds }: { previousValidSeconds?: number | undefined },
): Promise<{ callbackSecret: string; previousValidUntil: string }> {
  const trust = roleRegistrationOf(connection);
  if (trust === undefined || isDeleted(connection))
    throw new RolebridgeError(
      'method_mismatch',
      'This connection uses an access key and is not called back.',
      {
        remedy: 'Begin its move to a role with POST …/migrate-to-role, which makes a secret.',
      },
    );
  const callbackSecret = newCallbackSecret();
  const previousValidUntil = new Date(deps.clock.now() + previousValidSeconds * 1000).toISOString();
  const secrets: Pick<RoleRegistration, 'encryptedCallbackSecret' | 'previousCallbackSecret'> = {
    encryptedCallbackSecret: deps.encryption.encrypt(callbackSecret, callbackSecretContext(connection.id)),
    previousCallbackSecret: { encrypted: trust.encryptedCallbackSecret, validUntil: previousValidUntil },
  };
  await saveChange(
    deps,
    by,
    { action: 'connection.rotate_callback_secret', details: { previousValidUntil } },
    connection,
    connection.method === 'assume_role' ? secrets : { migration: { ...connection.migration, ...secrets } },
  );
  return { callbackSecret, previousValidUntil };
}
