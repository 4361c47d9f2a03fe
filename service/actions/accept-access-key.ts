import type { AccessKey, AccessKeyEncryption, AccessKeyOwner } from '../domain/access-key.js';
import type { StoredAccessKey } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { AccountId } from '../domain/ids.js';
import { noVerdictError } from '../domain/inconclusive.js';
import type { Partition } from '../domain/role-arn.js';
import { type AccessKeyVerification, verifyAccessKey } from '../domain/verification/verify-access-key.js';
import type { Verification } from '../domain/verification.js';
import type { Dependencies } from './dependencies.js';
import { verificationFailed } from './verification-failed.js';

/** Verifies a customer's key, and encrypts it for its connection. */
export async function acceptAccessKey(
  deps: Dependencies,
  owner: AccessKeyOwner,
  request: {
    key: AccessKey;
    sessionExpiresAt?: string | undefined;
    partition: Partition;
    expectedAccountId?: AccountId | undefined;
  },
): Promise<{ accountId: AccountId; accessKey: StoredAccessKey; verification: Verification }> {
  const encryption = requireAccessKeys(deps);
  const { key, sessionExpiresAt } = request;
  if (sessionExpiresAt !== undefined && Date.parse(sessionExpiresAt) <= deps.clock.now())
    throw new RolebridgeError('access_key_expired', `The session ended at ${sessionExpiresAt}.`, {
      remedy: 'Get new temporary credentials, and send them with their expiry.',
    });
  const result = await requireKeyVerdict(deps, request);
  if (result.outcome === 'refused') throw verificationFailed(result.verification);
  const { accountId, principalArn, verification } = result;
  return {
    accountId,
    verification,
    accessKey: {
      lastFour: key.accessKeyId.slice(-4),
      principalArn,
      sessionExpiresAt,
      encrypted: await encryption.encrypt(owner, key),
    },
  };
}

/** @throws RolebridgeError `access_key_turned_off`, `access_key_not_available` */
export function requireAccessKeys(deps: Dependencies): AccessKeyEncryption {
  const useRole = 'Connect with a role instead: POST /v1/connections with method "assume_role".';
  if (!deps.acceptsAccessKeys)
    throw new RolebridgeError('access_key_turned_off', 'This service accepts no access keys.', {
      remedy: useRole,
    });
  return encryptionOf(deps, useRole);
}

/** @throws RolebridgeError `access_key_not_available` */
export function encryptionOf(
  { accessKeyEncryption }: Pick<Dependencies, 'accessKeyEncryption'>,
  remedy = 'Have the operator set ROLEBRIDGE_ENCRYPTION_KEYS to the keys that were used before.',
): AccessKeyEncryption {
  if (accessKeyEncryption !== undefined) return accessKeyEncryption;
  throw new RolebridgeError(
    'access_key_not_available',
    'The service has no encryption key, so it stores no access keys.',
    { remedy },
  );
}

/** @throws RolebridgeError `aws_unavailable` when AWS gave no verdict */
export async function requireKeyVerdict(
  deps: Dependencies,
  request: { key: AccessKey; partition: Partition; expectedAccountId?: AccountId | undefined },
): Promise<Exclude<AccessKeyVerification, { outcome: 'inconclusive' }>> {
  const { key, partition, expectedAccountId } = request;
  const { principals: vendorPrincipals, deniedAccountIds } = deps;
  const result = await verifyAccessKey(
    { key, partition, expectedAccountId, vendorPrincipals, deniedAccountIds },
    deps,
  );
  if (result.outcome !== 'inconclusive') return result;
  throw noVerdictError(result, ' about the access key');
}
