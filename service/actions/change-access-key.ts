import type { AccessKey } from '../domain/access-key.js';
import type { AuditIntent, Requester } from '../domain/audit.js';
import type { Connection, KeyedConnection, RoleRegistration } from '../domain/connection.js';
import { keyConnected, keyFailed, migrating } from '../domain/connection-transitions.js';
import { acceptAccessKey, encryptionOf, requireKeyVerdict } from './accept-access-key.js';
import { audited } from './audited.js';
import { recordVerification, saveAudited, saveNextVersion, subjectOf } from './change-connection.js';
import { newRoleRegistration, requirePartition } from './create-connection.js';
import { type Dependencies, forVerification } from './dependencies.js';
import { requireAccessKey } from './require-method.js';
import type { VerdictRequest } from './store-verdict.js';
import { verificationFailed } from './verification-failed.js';

/** Decrypts the key of a connection for one use. @throws RolebridgeError `access_key_unreadable` */
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
 * Verifies the stored key and stores the outcome. A failed check never deletes the key, and a failure that does not count
 * yet is not stored.
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
    const { partition, accountId } = connection;
    const result = await requireKeyVerdict(asking, { key, partition, expectedAccountId: accountId });
    const { verification } = result;
    if (result.outcome === 'refused') {
      const error = verificationFailed(result.verification);
      if (await persistFailure(error.code)) {
        if (isScheduled && connection.status === 'failed')
          await recordVerification(deps, intent, connection, verification);
        else await saveNextVersion(deps, intent, connection, keyFailed(connection, verification));
      }
      throw error;
    }
    if (isScheduled && connection.status === 'connected')
      return recordVerification(deps, intent, connection, verification);
    const accessKey = { ...stored, principalArn: result.principalArn };
    return saveNextVersion(
      deps,
      intent,
      connection,
      keyConnected(connection, { accountId, verification, accessKey }),
    );
  });
}

/** Replaces the stored key with another key of the same account, and destroys the old one. */
export async function rotateAccessKey(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
  request: { key: AccessKey; sessionExpiresAt?: string | undefined },
): Promise<Connection> {
  requireAccessKey(connection, 'A role has no keys to rotate.');
  const asking = await forVerification(deps, by, connection);
  const event = { action: 'connection.rotate_access_key', ...subjectOf(connection) } as const;
  return audited(deps, by, event, async (intent) => {
    const { partition, accountId: expectedAccountId } = connection;
    const accepted = await acceptAccessKey(asking, connection, { ...request, partition, expectedAccountId });
    return saveNextVersion(deps, intent, connection, keyConnected(connection, accepted));
  });
}

/**
 * Starts the migration to a role: creates the values for the customer's role and stack. The key works until the role has
 * been verified (by the callback or `PUT …/role`), and is then destroyed. A second start keeps the external ID, which a role
 * may already have, and replaces the callback secret.
 */
export async function migrateToRole(
  deps: Dependencies,
  by: Requester,
  connection: Connection,
): Promise<{ connection: KeyedConnection; registration: RoleRegistration; callbackSecret: string }> {
  requireAccessKey(connection, 'It already uses a role.');
  requirePartition(deps, connection.partition);
  const { registration, callbackSecret } = newRoleRegistration(
    deps,
    connection.id,
    connection.migration?.externalId,
  );
  const next = migrating(connection, { ...connection.migration, ...registration });
  return {
    connection: await saveAudited(deps, by, { action: 'connection.migrate_to_role' }, connection, next),
    registration,
    callbackSecret,
  };
}
