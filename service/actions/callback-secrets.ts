import { callbackSecretContext, type Dependencies } from '../actions/dependencies.js';
import { type Connection, roleRegistrationOf } from '../domain/connection.js';
import { newSigningSecret } from './create-connection.js';

/**
 * The current secrets of a connection: two at most, as in a rotation. An unknown connection gets
 * a dummy secret, so that timing reveals nothing.
 */
export function createCallbackSecrets(deps: Dependencies) {
  const nobody = deps.encryption.encrypt(newSigningSecret(), callbackSecretContext('nobody'));

  return (connection: Connection | undefined): [string, string] => {
    // A connection with an access key has secrets only once its move to a role has started.
    const trust = connection && roleRegistrationOf(connection);
    const previous = trust?.previousCallbackSecret;
    const isStillValid = previous && deps.clock.now() < Date.parse(previous.validUntil);
    const open = (encrypted: string | undefined) =>
      encrypted && connection
        ? deps.encryption.open(encrypted, callbackSecretContext(connection.id))
        : deps.encryption.open(nobody, callbackSecretContext('nobody'));
    return [open(trust?.encryptedCallbackSecret), open(isStillValid ? previous.encrypted : undefined)];
  };
}
