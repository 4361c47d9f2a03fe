import { type Dependencies, forVerification } from '../actions/dependencies.js';
import type { AccessKey } from '../domain/access-key.js';
import type { AuditIntent, Requester } from '../domain/audit.js';
import type { Connection, KeyedConnection, RoleRegistration } from '../domain/connection.js';
import { keyConnected, keyFailed, migrating } from '../domain/connection-transitions.js';
import { RolebridgeError } from '../domain/errors.js';
import { acceptAccessKey, encryptionOf, requireKeyVerdict } from './accept-access-key.js';
import { audited } from './audited.js';
import { recordVerification, saveChange, storeChange, subjectOf } from './change-connection.js';
import { newRoleRegistration, requirePartition } from './create-connection.js';
import type { VerdictRequest } from './store-verdict.js';
import { verificationFailed } from './verification-failed.js';

/** The key that a connection holds, in clear, for one use. @throws RolebridgeError `access_key_unreadable` */
export async function openAccessKey(
  deps: Pick<Dependencies, 'accessKeyEncryption'>,
  connection: KeyedConnection,
  intent: AuditIntent,
): Promise<AccessKey & { sessionExpiresAt?: string | undefined }> {
  const stored = connection.accessKey;
  const key = await encryptionOf(deps).open(connection, stored.encrypted, intent);
  return { ...key, sessionExpiresAt: stored.sessionExpiresAt };
}

/**
 * Asks AWS again, and stores the outcome. A key that is refused now is kept: nothing is ever deleted by a failed check.
 * A failure that does not count yet is not stored.
 */
export async function verifyStoredAccessKey(
  deps: Dependencies,
  by: Requester,
  connection: KeyedConnection,
  {
    isScheduled = false,
    persistFailure = () => true,
  }: { isScheduled?: boolean } & Pick<VerdictRequest, 'persistFailure'> = {},
): Promise<Connection> {
  const asking = await forVerification(deps, by, connection);
  const details = isScheduled ? { askedBy: 'schedule' } : undefined;
  const event = { action: 'connection.verify', ...subjectOf(connection), details } as const;
  return audited(deps, by, event, async (intent) => {
    const stored = connection.accessKey;
    const key = await encryptionOf(deps).open(connection, stored.encrypted, intent);
    const { partition } = connection;
    requirePartition(deps, partition);
    const result = await requireKeyVerdict(asking, {
      key,
      partition,
      expectedAccountId: connection.accountId,
    });
    const { verification } = result;
    if (result.outcome === 'refused') {
      const error = verificationFailed(result.verification);
      if (await persistFailure(error.code)) {
        if (isScheduled && connection.status === 'failed')
          await recordVerification(deps, intent, connection, verification);
        else await storeChange(deps, intent, connection, keyFailed(connection, verification));
      }
      throw error;
    }
    if (isScheduled && connection.status === 'connected')
      return recordVerification(deps, intent, connection, verification);
    const accessKey = { ...stored, principalArn: result.principalArn };
    const { accountId } = connection;
    return storeChange(
      deps,
      intent,
      connection,
      keyConnected(connection, { accountId, verification, accessKey }),
    );
  });
}

/** Replaces the stored key by another one of the same account, and destroys the old one. */
export async function rotateAccessKey(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  request: { key: AccessKey; sessionExpiresAt?: string | undefined },
): Promise<Connection> {
  requireAccessKeyMethod(connection, 'A role has no keys to rotate.');
  const asking = await forVerification(deps, by, connection);
  const event = { action: 'connection.rotate_access_key', ...subjectOf(connection) } as const;
  return audited(deps, by, event, async (intent) => {
    const { partition, accountId: expectedAccountId } = connection;
    const accepted = await acceptAccessKey(asking, connection, { ...request, partition, expectedAccountId });
    return storeChange(deps, intent, connection, keyConnected(connection, accepted));
  });
}

/**
 * Starts the migration to a role: creates the values for the customer's role and stack. The key works until the
 * role has been verified (by the callback or `PUT …/role`), and is destroyed then. Started a second time, the external ID
 * stays, since a role may have it already; the callback's secret is a new one, and the old one is worth nothing.
 */
export async function migrateToRole(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
): Promise<{ connection: KeyedConnection; registration: RoleRegistration; callbackSecret: string }> {
  requireAccessKeyMethod(connection, 'It already uses a role.');
  requirePartition(deps, connection.partition);
  const { registration, callbackSecret } = newRoleRegistration(
    deps,
    connection.id,
    connection.migration?.externalId,
  );
  const next = migrating(connection, { ...connection.migration, ...registration });
  return {
    connection: await saveChange(deps, by, { action: 'connection.move_to_role' }, connection, next),
    registration,
    callbackSecret,
  };
}

function requireAccessKeyMethod(
  connection: Connection,
  reason: string,
): asserts connection is KeyedConnection {
  if (connection.method === 'access_key' && connection.status !== 'disconnected') return;
  throw new RolebridgeError('method_mismatch', `This connection has no access key. ${reason}`, {
    remedy: 'Use PUT …/role to give the connection another role, or create a connection with an access key.',
  });
}
