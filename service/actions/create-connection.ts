import { randomBytes } from 'node:crypto';
import { callbackSecretContext, type Dependencies, isoNow } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import { labelsOf, type PendingConnection, type RoleRegistration } from '../domain/connection.js';
import { type NewConnection, pending } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import { type ConnectionId, newConnectionId, newExternalId, type OrganizationId } from '../domain/ids.js';
import type { Partition } from '../domain/role-arn.js';
import { checkScope } from '../domain/scope.js';
import { audited } from './audited.js';
import { commitChange } from './commit-change.js';
import { requireDeclared } from './declared-targets.js';
import { chosenPermissionSet, type PermissionSetChoice } from './permission-set.js';
import { withinQuota } from './require-quota.js';

/** Wishes of the vendor for a new connection. Scopes undefined: where its first callback says; empty: nowhere yet. */
export type WantedConnection = Omit<NewConnection, 'id' | 'organizationId' | 'createdAt'>;

/** Makes a pending connection with its external ID and callback secret; the secret is in no later answer. */
export async function createConnection(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  request: WantedConnection &
    PermissionSetChoice & {
      /** One that no connection has. @default a new one */
      id?: ConnectionId | undefined;
    },
): Promise<{ connection: PendingConnection; callbackSecret: string }> {
  requirePartition(deps, request.partition);
  const id = request.id ?? newConnectionId();
  const { registration, callbackSecret } = newRoleRegistration(deps, id);
  const { name, partition, expectedAccountId, scopes, scopeFrom } = request;
  const createdAt = isoNow(deps.clock);
  for (const scope of scopes ?? []) checkScope(scope);
  await requireDeclared(deps.store, organizationId, scopes ?? []);
  const permissionSet =
    request.permissionSet === undefined
      ? undefined
      : chosenPermissionSet(deps, request.permissionSet, request.without);
  const account = { partition, expectedAccountId, scopes, scopeFrom, ...labelsOf(request) };
  const connection = pending(
    { id, organizationId, name, ...account, permissionSet, createdAt },
    registration,
  );
  const details = { method: connection.method, name: connection.name };
  const event = { action: 'connection.create', organizationId, connectionId: id, details } as const;
  await withinQuota(deps, organizationId, connectionQuotas, (quotas) =>
    audited(deps, by, event, (intent, takeOutcome) =>
      commitChange(deps, intent, undefined, connection, { quotas, takeOutcome }),
    ),
  );
  return { connection, callbackSecret };
}

/** Deleted ones count as well: their rows stay. */
export const connectionQuotas = ['connections', 'deletedConnections'] as const;

/** @throws RolebridgeError `partition_not_supported` */
export function requirePartition(deps: Dependencies, partition: Partition): void {
  if (deps.principals.has(partition)) return;
  throw new RolebridgeError(
    'partition_not_supported',
    `There is no vendor principal in partition "${partition}".`,
    { remedy: `Use one of: ${[...deps.principals.keys()].join(', ')}.` },
  );
}

/** Values for the customer's role: a new external ID, or an imported one. */
export function newRoleRegistration(
  deps: Dependencies,
  id: ConnectionId,
  externalId = newExternalId(deps.vendor.externalIdPrefix),
): { registration: RoleRegistration; callbackSecret: string } {
  const callbackSecret = newSigningSecret();
  const encryptedCallbackSecret = deps.encryption.encrypt(callbackSecret, callbackSecretContext(id));
  return { registration: { externalId, encryptedCallbackSecret }, callbackSecret };
}

/** As Standard Webhooks writes them. */
export const newSigningSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
