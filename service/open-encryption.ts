import { createKmsKeyEncryptionKey, type KmsOptions } from './aws/kms.js';
import type { AccessKeyEncryption, KeyEncryptionKey } from './domain/access-key.js';
import { createAccessKeyEncryption, createLocalKeyEncryptionKey } from './secrets/access-key-encryption.js';
import type { ServiceKeys } from './secrets/keyring.js';

/**
 * The encryption of access keys by the settings. AWS KMS wraps new data keys if it is configured; local keys still unwrap
 * older ones. Undefined without any key.
 */
export function openEncryption({
  kms,
  encryptionKeys,
}: {
  readonly kms?: KmsOptions | undefined;
  readonly encryptionKeys?: ServiceKeys | undefined;
}): AccessKeyEncryption | undefined {
  const local = encryptionKeys && createLocalKeyEncryptionKey(encryptionKeys);
  const remote = kms && createKmsKeyEncryptionKey(kms);
  const key = remote && local ? kmsWithLocalFallback(remote, local) : (remote ?? local);
  return key && createAccessKeyEncryption(key);
}

const kmsWithLocalFallback = (
  to: KeyEncryptionKey,
  from: KeyEncryptionKey & { has(keyId: string): boolean },
): KeyEncryptionKey => ({
  id: to.id,
  wrap: (dataKey, context) => to.wrap(dataKey, context),
  unwrap: (wrapped, context) => (from.has(wrapped.keyId) ? from : to).unwrap(wrapped, context),
});
