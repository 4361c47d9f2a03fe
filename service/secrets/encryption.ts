import type { Encryption } from '../domain/ports.js';
import { createKeyring, type ServiceKeys, serviceKeyIdOf } from './keyring.js';

export type { ServiceKey } from './keyring.js';

/** Encrypts the secrets that the service creates, each bound to its context. */
export function createEncryption(keys: ServiceKeys): Encryption {
  const keyring = createKeyring(keys, 'rolebridge encrypted secret v1');
  return {
    keyId: keys[0].id,
    keyIdOf: (text) => serviceKeyIdOf(text) ?? '',
    encrypt: (plaintext, context) => keyring.encrypt(Buffer.from(plaintext, 'utf8'), context),
    open: (text, context) => keyring.open(text, context).toString('utf8'),
    under: (key) => createEncryption([{ id: 'own', key: Buffer.from(key, 'base64') }]),
  };
}
