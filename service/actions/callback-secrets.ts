import { type Connection, roleTrustOf } from '../domain/connection.js';
import { callbackSecretContext, type Dependencies } from '../domain/service-dependencies.js';
import { newCallbackSecret } from './create-connection.js';

/**
 * The secrets that are a connection's now: two at most, as in a rotation. In the place of one that there is not comes
 * nobody's, so that an unknown connection takes as long as a known one.
 */
export function createCallbackSecrets(deps: Dependencies) {
  const nobody = deps.sealer.seal(newCallbackSecret(), callbackSecretContext('nobody'));

  return (connection: Connection | undefined): [string, string] => {
    // A connection with an access key has secrets only once its move to a role has begun.
    const trust = connection && roleTrustOf(connection);
    const previous = trust?.previousCallbackSecret;
    const isStillValid = previous && deps.clock.now() < Date.parse(previous.validUntil);
    const open = (sealed: string | undefined) =>
      sealed && connection
        ? deps.sealer.open(sealed, callbackSecretContext(connection.id))
        : deps.sealer.open(nobody, callbackSecretContext('nobody'));
    return [open(trust?.sealedCallbackSecret), open(isStillValid ? previous.sealed : undefined)];
  };
}
