import type { Requester } from '../domain/audit.js';
import type { Connection, RoleConnection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { withPendingExternalId } from '../domain/external-id-rotation.js';
import { newExternalId } from '../domain/ids.js';
import { inconclusiveError } from '../domain/inconclusive.js';
import { parseRoleArn } from '../domain/role-arn.js';
import { audited } from './audited.js';
import { saveAudited, saveNextVersion, subjectOf } from './change-connection.js';
import { requirePartition } from './create-connection.js';
import { type Dependencies, forVerification } from './dependencies.js';
import { requireRole } from './require-method.js';
import { withNewCallbackSecret } from './rotate-callback-secret.js';

/**
 * Starts a rotation of the external ID: creates the pending one, while the connection keeps using the current one. The
 * rotation completes with the next verification of a role that requires the pending one and denies the current one. A second
 * start keeps the pending external ID, which a role may already have.
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
  const stored = await saveAudited(deps, by, { action, details }, connection, next);
  return { connection: stored, callbackSecret: rotated?.callbackSecret };
}

/**
 * Cancels a rotation of the external ID. The pending one is never used again.
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
  const asking = await forVerification(deps, by, connection);
  const details = { canceled: true };
  const event = { action: 'connection.rotate_external_id', ...subjectOf(connection), details } as const;
  return audited(deps, by, event, async (intent) => {
    await requireCurrentToWork(asking, connection);
    return saveNextVersion(deps, intent, connection, withPendingExternalId(connection, undefined));
  });
}

/** Canceling would break a role that already requires the pending external ID. */
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
