import type { Requester } from '../domain/audit.js';
import { type Connection, callbackSecretContext } from '../domain/connection.js';
import { withCallbackSecrets } from '../domain/connection-transitions.js';
import { saveAudited } from './change-connection.js';
import { newSigningSecret } from './create-connection.js';
import type { Dependencies } from './dependencies.js';
import { requireRegistration } from './require-method.js';

/** A customer's pipeline has a day to adopt the new secret. */
const usualSeconds = 24 * 60 * 60;

/**
 * Creates another callback secret. The previous one is accepted for a while; with 0 seconds it ends at once. No later
 * answer contains the new secret.
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
  await saveAudited(deps, by, { action: 'connection.rotate_callback_secret', details }, connection, next);
  return rotated;
}

/** The connection with a new callback secret. @throws RolebridgeError `method_mismatch` */
export function withNewCallbackSecret(
  deps: Dependencies,
  connection: Connection,
  previousValidSeconds = usualSeconds,
): { next: Connection; callbackSecret: string; previousValidUntil: string } {
  const { encryptedCallbackSecret } = requireRegistration(connection);
  const callbackSecret = newSigningSecret();
  const previousValidUntil = new Date(deps.clock.now() + previousValidSeconds * 1000).toISOString();
  const next = withCallbackSecrets(connection, {
    encryptedCallbackSecret: deps.encryption.encrypt(callbackSecret, callbackSecretContext(connection.id)),
    previousCallbackSecret: { encrypted: encryptedCallbackSecret, validUntil: previousValidUntil },
  });
  return { next, callbackSecret, previousValidUntil };
}
