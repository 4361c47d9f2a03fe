import { randomBytes } from 'node:crypto';
import type { Requester } from '../domain/audit.js';
import {
  callbackSecretContext,
  labelsOf,
  type PendingConnection,
  type RoleRegistration,
} from '../domain/connection.js';
import { type NewConnection, pending } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import { type ConnectionId, newConnectionId, newExternalId, type OrganizationId } from '../domain/ids.js';
import type { Partition } from '../domain/role-arn.js';
import { checkScope } from '../domain/scope.js';
import { audited } from './audited.js';
import { commitWithConsequences } from './commit-change.js';
import { requireDeclared } from './declared-targets.js';
import { type Dependencies, isoNow } from './dependencies.js';
import { chosenPermissionSet, type PermissionSetChoice } from './permission-set.js';
import { withinQuota } from './require-quota.js';

/** The vendor's input for a new connection. Without scopes, its first callback decides; an empty list means nowhere. */
export type WantedConnection = Omit<NewConnection, 'id' | 'organizationId' | 'createdAt'>;

/** Creates a pending connection with its external ID and callback secret; no later answer contains the secret. */
export async function createConnection(
  deps: Dependencies,
  by: Requester,
  organizationId: OrganizationId,
  request: WantedConnection &
    PermissionSetChoice & {
      /** An unused id. @default a new one */
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
  const permissionSet = chosenPermissionSet(deps, request);
  const account = { partition, expectedAccountId, scopes, scopeFrom, ...labelsOf(request) };
  const connection = pending(
    { id, organizationId, name, ...account, permissionSet, createdAt },
    registration,
  );
  const details = { method: connection.method, name: connection.name };
  const event = { action: 'connection.create', organizationId, connectionId: id, details } as const;
  await withinQuota(deps, organizationId, connectionQuotas, (quotas) =>
    audited(deps, by, event, (intent, takeOutcome) =>
      commitWithConsequences(deps, intent, undefined, connection, { quotas, takeOutcome }),
    ),
  );
  return { connection, callbackSecret };
}

/** Deleted connections count too, because their rows stay. */
export const connectionQuotas = ['connections', 'deletedConnections'] as const;

/** @throws RolebridgeError `partition_not_supported` */
export function requirePartition(
  { principals }: Dependencies,
  partition: Partition,
  remedy = `Use one of these partitions: ${[...principals.keys()].join(', ')}.`,
): void {
  if (principals.has(partition)) return;
  const detail = `The vendor has no principal in partition "${partition}".`;
  throw new RolebridgeError('partition_not_supported', detail, { remedy });
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

/** A secret in the format of Standard Webhooks. */
export const newSigningSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
