import type { Encryption } from '../domain/ports.js';
import { createKeyring, type SealingKeys, sealingKeyIdOf } from './keyring.js';

export type { SealingKey } from './keyring.js';

/** Seals the secrets that the service makes itself, each bound to its context. */
export function createEncryption(keys: SealingKeys): Encryption {
  const keyring = createKeyring(keys, 'rolebridge encrypted secret v1');
  return {
    keyId: keys[0].id,
    keyIdOf: (text) => sealingKeyIdOf(text) ?? '',
    encrypt: (plaintext, context) => keyring.encrypt(Buffer.from(plaintext, 'utf8'), context),
    open: (text, context) => keyring.open(text, context).toString('utf8'),
    under: (key) => createEncryption([{ id: 'own', key: Buffer.from(key, 'base64') }]),
  };
}
