import { createKmsKeyEncryptionKey } from '../../aws/kms.js';
import { accessKeyOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { Store } from '../../domain/ports.js';
import { storedFacts } from '../../records/stored-facts.js';
import { changedKeySentence, serviceKeysInUse } from '../../secrets/check-service-keys.js';
import { createEncryption } from '../../secrets/encryption.js';
import type { Settings } from '../../settings/index.js';
import { type Examination, type Finding, failed, ok, warning } from './finding.js';

export async function checkEncryptionKey({ config, store }: Examination): Promise<Finding> {
  const ids = [...(config.kms?.keyArns ?? []), ...(config.encryptionKeys ?? []).map(({ id }) => id)];
  const counts = store ? [...(await keysInUse(store))] : [];
  const lost = counts.filter(([id]) => !ids.includes(id));
  if (lost.length > 0)
    return failed(
      `${lost.map(([id, count]) => `${count} access keys are encrypted under the key "${id}"`).join(', ')}, which is not configured: they can't be decrypted.`,
      'Add it again to ROLEBRIDGE_ENCRYPTION_KEYS or ROLEBRIDGE_KMS_KEY_ARNS, behind the first one.',
    );
  if (ids.length === 0)
    return config.takesAccessKeys
      ? warning(
          'None is set: the service accepts no access keys; everything else works.',
          'Set ROLEBRIDGE_ENCRYPTION_KEYS or ROLEBRIDGE_KMS_KEY_ARNS; or ROLEBRIDGE_ACCESS_KEYS=off, if that is intended.',
        )
      : ok('None is needed: access keys are turned off.');
  const refusal = config.kms && (await kmsRefusal(config.kms));
  if (refusal) return refusal;
  const old = counts.filter(([id]) => id !== ids[0]);
  if (old.length > 0)
    return warning(
      `${old.map(([id, count]) => `${count} access keys are still under "${id}"`).join(', ')}.`,
      'Run "rolebridge reencrypt"; then you can remove the old key.',
    );
  return ok(`Access keys are encrypted under "${ids[0]}"${store ? '' : unread}.`);
}

const unread = '; no store was read to see which keys are in use';

export async function checkServiceKeys({ config, store }: Examination): Promise<Finding> {
  const encryption = createEncryption(config.serviceKeys);
  const ids = config.serviceKeys.map(({ id }) => id);
  const remembered = await storedFacts(config, 'service-key-checks')
    .read()
    .catch(() => ({}));
  const changed = changedKeySentence(config.serviceKeys, remembered);
  if (changed !== undefined) return failed(changed, 'The service does not start with this key.');
  const counts = store ? await serviceKeysInUse(config.serviceKeys, store) : new Map<string, number>();
  const signing = await storedFacts(config, 'integrity-keys')
    .read()
    .catch(() => ({}));
  for (const id of Object.values(signing).map(encryption.keyIdOf)) counts.set(id, (counts.get(id) ?? 0) + 1);
  const under = ([id, count]: [string, number]) => `${count} stored secrets are encrypted with key "${id}"`;
  const lost = [...counts].filter(([id]) => !ids.includes(id));
  if (lost.length > 0)
    return failed(
      `${lost.map(under).join(', ')}, which is not configured: those callbacks and registrations can't be checked.`,
      'Add it again to ROLEBRIDGE_SERVICE_KEYS, behind the first one; or rotate the callback secret of each of these connections.',
    );
  const old = [...counts].filter(([id]) => id !== encryption.keyId);
  if (old.length > 0)
    return warning(
      `${old.map(under).join(', ')}, an older one.`,
      'Run "rolebridge reencrypt"; then you can remove the old key.',
    );
  return ok(`Stored secrets are encrypted with key "${encryption.keyId}"${store ? '' : unread}.`);
}

/** The number of access keys under each key. */
async function keysInUse(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const connection of store.everyConnection()) {
    const keyId = accessKeyOf(connection)?.encrypted.keyId;
    if (keyId !== undefined) counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
  }
  return counts;
}

/** Encrypts and decrypts a throwaway data key. */
async function kmsRefusal(kms: NonNullable<Settings['kms']>): Promise<Finding | undefined> {
  const context = { purpose: 'rolebridge doctor' };
  try {
    const key = createKmsKeyEncryptionKey(kms);
    const wrappedDataKey = await key.wrap(new Uint8Array(32), context);
    await key.unwrap({ keyId: key.id, wrappedDataKey }, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    const { detail, remedy = 'Allow the service kms:Encrypt and kms:Decrypt with that key.' } = error;
    return failed(detail, remedy);
  }
}
