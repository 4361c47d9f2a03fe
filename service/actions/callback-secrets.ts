import { type Connection, callbackSecretContext, roleRegistrationOf } from '../domain/connection.js';
import { newSigningSecret } from './create-connection.js';
import type { Dependencies } from './dependencies.js';

/**
 * The valid secrets of a connection: the current one and, during a rotation, the previous one. An unknown connection gets
 * dummy secrets, so that timing reveals nothing.
 */
export function createCallbackSecrets(deps: Dependencies) {
  const dummySecret = deps.encryption.encrypt(newSigningSecret(), callbackSecretContext('unknown'));

  return (connection: Connection | undefined): [string, string] => {
    // A connection with an access key has secrets only during its migration to a role.
    const registration = connection && roleRegistrationOf(connection);
    const previous = registration?.previousCallbackSecret;
    const isStillValid = previous && deps.clock.now() < Date.parse(previous.validUntil);
    const open = (encrypted: string | undefined) =>
      encrypted && connection
        ? deps.encryption.open(encrypted, callbackSecretContext(connection.id))
        : deps.encryption.open(dummySecret, callbackSecretContext('unknown'));
    return [open(registration?.encryptedCallbackSecret), open(isStillValid ? previous.encrypted : undefined)];
  };
}
