import { randomBytes } from 'node:crypto';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { type AccountId, newConnectionId, newExternalId, type OrganizationId } from '../domain/ids.js';
import type { Partition } from '../domain/role-arn.js';
import { checkScope, type Scope } from '../domain/scope.js';
import { callbackSecretContext, type Dependencies, nowText } from '../domain/service-dependencies.js';

/** Makes a pending connection with its external ID and callback secret; the secret is in no later answer. */
export async function createConnection(
  deps: Dependencies,
  organizationId: OrganizationId,
  request: {
    name: string;
    scope?: Scope | undefined;
    partition: Partition;
    expectedAccountId?: AccountId | undefined;
  },
): Promise<{ connection: Connection; callbackSecret: string }> {
  if (!deps.principals.has(request.partition))
    throw new RolebridgeError(
      'partition_not_supported',
      `There is no vendor principal in partition "${request.partition}".`,
      {
        remedy: `Use one of: ${[...deps.principals.keys()].join(', ')}.`,
      },
    );
  const id = newConnectionId();
  const callbackSecret = `whsec_${randomBytes(32).toString('base64')}`;
  const now = nowText(deps.clock);
  const connection: Connection = {
    id,
    organizationId,
    name: request.name,
    method: 'assume_role',
    externalId: newExternalId(),
    sealedCallbackSecret: deps.sealer.seal(callbackSecret, callbackSecretContext(id)),
    expectedAccountId: request.expectedAccountId,
    partition: request.partition,
    scopes: request.scope ? [checkScope(request.scope)] : [],
    version: 1,
    createdAt: now,
    updatedAt: now,
    status: 'pending',
  };
  await deps.store.commit({ connection: { next: connection, ifVersion: null } });
  return { connection, callbackSecret };
}
