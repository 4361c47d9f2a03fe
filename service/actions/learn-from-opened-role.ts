import { randomUUID } from 'node:crypto';
import { type Dependencies, isoNow } from '../actions/dependencies.js';
import type { AuditIntent } from '../domain/audit.js';
import { type Connection, claimedRole } from '../domain/connection.js';
import { openedByAnother, withForeignRole } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ExternalId } from '../domain/ids.js';
import type { RoleArn } from '../domain/role-arn.js';
import type { FailedVerification } from '../domain/verification.js';
import { aboutConnection, type ConnectionMessage } from '../domain/webhook-message.js';
import { saveChange, storeChange } from './change-connection.js';

/**
 * The role opened with this connection's external ID. When another connection has that role, its trust policy lets more
 * than one customer of the vendor in: the other connection fails, the vendor hears of both, and the role is not given to
 * this one before AWS denied it. Neither organization learns about the other.
 * @returns the connection as it is stored now
 */
export async function learnFromOpenedRole(
  deps: Dependencies,
  intent: AuditIntent,
  connection: Connection,
  role: RoleArn,
  externalId: ExternalId,
): Promise<Connection> {
  if (claimedRole(connection) === role) return connection;
  const holder = await deps.store.roleHolder(role);
  if (holder === undefined || holder.id === connection.id) return connection;
  await failHolder(deps, holder, role, externalId);
  if (isForeignRole(connection, role)) return connection;
  const messagesOf = (stored: Connection): ConnectionMessage[] => {
    const about = { code: 'external_id_not_enforced', security: true, refusedRoleArn: role } as const;
    return [{ type: 'connection.role_shared', data: { ...aboutConnection(stored), ...about } }];
  };
  const foreign = withForeignRole(connection, role, true);
  const next = await storeChange(deps, intent, connection, foreign, { messagesOf });
  const { organizationId, id: connectionId } = connection;
  deps.alarm('external_id_not_enforced', { organizationId, connectionId });
  return next;
}

export const isForeignRole = ({ foreignRoles = [] }: Connection, role: RoleArn): boolean =>
  foreignRoles.includes(role);

async function failHolder(
  deps: Dependencies,
  first: Connection,
  role: RoleArn,
  externalId: ExternalId,
): Promise<void> {
  let holder: Connection | undefined = first;
  for (let attempt = 0; holder !== undefined && attempt < 5; attempt++) {
    if (holder.method !== 'assume_role' || !('roleArn' in holder) || claimedRole(holder) !== role) return;
    if (holder.foreignExternalIds?.includes(externalId) && holder.status === 'failed') return;
    const { id: connectionId, organizationId } = holder;
    const next = openedByAnother(holder, externalId, openToAnother(deps, role));
    try {
      await saveChange(
        deps,
        { actor: { kind: 'service' }, requestId: randomUUID() },
        { action: 'connection.verify', details: { roleArn: role, askedBy: 'schedule' } },
        holder,
        next,
      );
      return deps.alarm('external_id_not_enforced', { organizationId, connectionId });
    } catch (error) {
      if (!(error instanceof RolebridgeError) || error.code !== 'connection_changed') throw error;
      holder = await deps.store.roleHolder(role);
    }
  }
}

function openToAnother(deps: Dependencies, role: RoleArn): FailedVerification {
  const at = isoNow(deps.clock);
  const verdict = {
    code: 'external_id_not_enforced',
    message: `${role} can be assumed with the external ID of another connection.`,
    remedy:
      'Require exactly one external ID, that of this connection, with StringEquals on sts:ExternalId in every statement of the trust policy.',
  } as const;
  const check = { name: 'external_id_exact', outcome: 'failed', ...verdict, at } as const;
  return { startedAt: at, finishedAt: at, probes: [], checks: [check], result: 'failed', ...verdict };
}
