import type { Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import { type Connection, isDeleted, type RoleConnection } from '../domain/connection.js';
import { withPendingExternalId } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import { newExternalId } from '../domain/ids.js';
import { inconclusiveError } from '../domain/inconclusive.js';
import { parseRoleArn } from '../domain/role-arn.js';
import { audited } from './audited.js';
import { saveChange, storeChange, subjectOf } from './change-connection.js';
import { requirePartition } from './create-connection.js';
import { withNewCallbackSecret } from './rotate-callback-secret.js';

/**
 * Begins to change the external ID: makes the one that is to take its place, while the connection still uses the one
 * that it has. The next verification of a role that requires the new one, and refuses the one before, ends it. Started
 * again, the new external ID stays, since a role may have it already.
 * @throws RolebridgeError `method_mismatch` for an access key, `connection_changed`
 */
export async function rotateExternalId(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  { rotatesCallbackSecret = false }: { rotatesCallbackSecret?: boolean | undefined } = {},
): Promise<{ connection: RoleConnection; callbackSecret: string | undefined }> {
  requireRole(connection);
  requirePartition(deps, connection.partition);
  const rotated = rotatesCallbackSecret ? withNewCallbackSecret(deps, connection) : undefined;
  const withSecret = rotated?.next ?? connection;
  requireRole(withSecret);
  const isStarted = connection.pendingExternalId !== undefined;
  if (isStarted && rotated === undefined) return { connection, callbackSecret: undefined };
  const next = isStarted
    ? withSecret
    : withPendingExternalId(withSecret, newExternalId(deps.vendor.externalIdPrefix));
  const action = isStarted ? 'connection.rotate_callback_secret' : 'connection.rotate_external_id';
  const details = rotated && { previousValidUntil: rotated.previousValidUntil };
  const stored = await saveChange(deps, by, { action, details }, connection, next);
  return { connection: stored, callbackSecret: rotated?.callbackSecret };
}

/**
 * Leaves the external ID as it is. The one that was to take its place is never used again.
 * @throws RolebridgeError `external_id_not_changing`, `pending_external_id_in_use` when the role refuses the current one
 *   already, or one that says "not decided" (`retryAfterSeconds`)
 */
export async function cancelExternalIdRotation(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
): Promise<Connection> {
  requireRole(connection);
  if (connection.pendingExternalId === undefined)
    throw new RolebridgeError('external_id_not_changing', 'The external ID is not being rotated.', {
      remedy: 'Start with POST …/rotate-external-id.',
    });
  const details = { canceled: true };
  const event = { action: 'connection.rotate_external_id', ...subjectOf(connection), details } as const;
  return audited(deps, by, event, async (intent) => {
    await requireCurrentToWork(deps, connection);
    return storeChange(deps, intent, connection, withPendingExternalId(connection, undefined));
  });
}

/** A role that has the new external ID already would be lost with it. */
async function requireCurrentToWork(deps: Dependencies, connection: RoleConnection): Promise<void> {
  if (connection.status !== 'connected') return;
  const { arn: roleArn, partition } = parseRoleArn(connection.roleArn);
  const answer = await deps.sts.assumeRole({
    partition,
    roleArn,
    externalId: connection.externalId,
    sessionName: `rolebridge.verify.${connection.id}`,
  });
  if (answer.outcome === 'inconclusive') throw inconclusiveError(answer.reason);
  if (answer.outcome === 'denied')
    throw new RolebridgeError(
      'pending_external_id_in_use',
      `AWS denies ${roleArn} with the external ID that would stay: its trust policy has the new one.`,
      {
        remedy:
          'Complete the rotation with POST …/verify. To go back, put the previous external ID into the trust policy first.',
      },
    );
}

function requireRole(connection: Connection): asserts connection is RoleConnection {
  if (connection.method === 'assume_role' && !isDeleted(connection)) return;
  throw new RolebridgeError('method_mismatch', 'This connection has an access key, and no external ID.', {
    remedy: 'Start its migration to a role with POST …/migrate-to-role, which creates one.',
  });
}
