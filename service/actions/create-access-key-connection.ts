import type { AccessKey } from '../domain/access-key.js';
import type { Requester } from '../domain/audit.js';
import { type KeyedConnection, labelsOf } from '../domain/connection.js';
import { withNewAccessKey } from '../domain/connection-transitions.js';
import { newConnectionId, type OrganizationId } from '../domain/ids.js';
import { checkScope, type Scope } from '../domain/scope.js';
import { acceptAccessKey, requireAccessKeys } from './accept-access-key.js';
import { audited } from './audited.js';
import { commitWithConsequences } from './commit-change.js';
import { connectionQuotas, requirePartition, type WantedConnection } from './create-connection.js';
import { requireDeclared } from './declared-targets.js';
import { type Dependencies, forVerification, isoNow } from './dependencies.js';
import { withinQuota } from './require-quota.js';

/**
 * Creates a connection with a customer's access key. The key is verified first: nothing is stored of a refused key.
 * @throws RolebridgeError the failed check's code, `access_key_turned_off`, `access_key_not_available`,
 *   `partition_not_supported`, `scope_taken`, `aws_unavailable`
 */
export async function createAccessKeyConnection(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  request: Omit<WantedConnection, 'scopes' | 'scopeFrom'> & {
    key: AccessKey;
    sessionExpiresAt?: string | undefined;
    scope?: Scope | undefined;
  },
): Promise<KeyedConnection> {
  requireAccessKeys(deps);
  requirePartition(deps, request.partition);
  const scopes = request.scope && [checkScope(request.scope)];
  await requireDeclared(deps.store, organizationId, scopes ?? []);
  const asking = await forVerification(deps, by, { organizationId });
  const id = newConnectionId();
  const details = { method: 'access_key', name: request.name };
  const event = { action: 'connection.create', organizationId, connectionId: id, details } as const;
  return withinQuota(deps, organizationId, connectionQuotas, (quotas) =>
    audited(deps, by, event, async (intent, takeOutcome) => {
      const accepted = await acceptAccessKey(asking, { organizationId, id }, request);
      const { name, partition, expectedAccountId } = request;
      const createdAt = isoNow(deps.clock);
      const connection = withNewAccessKey(
        { id, organizationId, name, partition, expectedAccountId, createdAt, scopes, ...labelsOf(request) },
        accepted,
      );
      await commitWithConsequences(deps, intent, undefined, connection, { quotas, takeOutcome });
      return connection;
    }),
  );
}
