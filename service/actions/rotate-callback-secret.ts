import { callbackSecretContext, type Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import {
  type Connection,
  isDeleted,
  type RoleRegistration,
  roleRegistrationOf,
} from '../domain/connection.js';
import { withCallbackSecrets } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import { saveChange } from './change-connection.js';
import { newSigningSecret } from './create-connection.js';

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
  { previousValidSeconds }: { previousValidSeconds?: number | undefined },
): Promise<{ callbackSecret: string; previousValidUntil: string }> {
  const { next, ...rotated } = withNewCallbackSecret(deps, connection, previousValidSeconds);
  const details = { previousValidUntil: rotated.previousValidUntil };
  await saveChange(deps, by, { action: 'connection.rotate_callback_secret', details }, connection, next);
  return rotated;
}

/** The connection with another callback secret. @throws RolebridgeError `method_mismatch` */
export function withNewCallbackSecret(
  deps: Dependencies,
  connection: Connection,
  previousValidSeconds = usualSeconds,
): { next: Connection; callbackSecret: string; previousValidUntil: string } {
  const trust = roleRegistrationOf(connection);
  if (trust === undefined || isDeleted(connection)) throw expectsNoCallback();
  const callbackSecret = newSigningSecret();
  const previousValidUntil = new Date(deps.clock.now() + previousValidSeconds * 1000).toISOString();
  const secrets: Pick<RoleRegistration, 'encryptedCallbackSecret' | 'previousCallbackSecret'> = {
    encryptedCallbackSecret: deps.encryption.encrypt(callbackSecret, callbackSecretContext(connection.id)),
    previousCallbackSecret: { encrypted: trust.encryptedCallbackSecret, validUntil: previousValidUntil },
  };
  const next = withCallbackSecrets(connection, secrets);
  if (next === undefined) throw expectsNoCallback();
  return { next, callbackSecret, previousValidUntil };
}

const expectsNoCallback = () =>
  new RolebridgeError('method_mismatch', 'This connection uses an access key and expects no callback.', {
    remedy: 'Start its migration to a role with POST …/migrate-to-role, which creates a secret.',
  });
