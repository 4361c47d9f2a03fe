import { randomUUID } from 'node:crypto';
import type { AuditIntent } from '../domain/audit.js';
import { type Connection, claimedRole } from '../domain/connection.js';
import { failedAsShared, withForeignRole } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ExternalId } from '../domain/ids.js';
import type { RoleArn } from '../domain/role-arn.js';
import type { FailedVerification } from '../domain/verification.js';
import { aboutConnection, type ConnectionMessage } from '../domain/webhook-message.js';
import { saveAudited, saveNextVersion } from './change-connection.js';
import { type Dependencies, isoNow } from './dependencies.js';

/**
 * Handles a role that opened with this connection's external ID. If another connection has the role, its trust policy
 * accepts several customers of the vendor: the other connection fails, both are reported to the vendor, and this connection
 * gets the role only after AWS denied it. Neither organization learns about the other.
 * @returns the stored connection
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
  const next = await saveNextVersion(deps, intent, connection, foreign, { messagesOf });
  const { organizationId, id: connectionId } = connection;
  deps.reportSecurityEvent('external_id_not_enforced', { organizationId, connectionId });
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
    const next = failedAsShared(holder, externalId, openToAnother(deps, role));
    try {
      await saveAudited(
        deps,
        { actor: { kind: 'service' }, requestId: randomUUID() },
        { action: 'connection.verify', details: { roleArn: role, askedBy: 'schedule' } },
        holder,
        next,
      );
      return deps.reportSecurityEvent('external_id_not_enforced', { organizationId, connectionId });
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
