import type { Sealer } from '../domain/ports.js';
import { createKeyring, type SealingKeys, sealingKeyIdOf } from './keyring.js';

export type { SealingKey } from './keyring.js';

/** Seals the secrets that the service makes itself, each bound to its context. */
export function createSealer(keys: SealingKeys): Sealer {
  const keyring = createKeyring(keys, 'rolebridge sealed secret v1');
  return {
    keyId: keys[0].id,
    keyIdOf: (text) => sealingKeyIdOf(text) ?? '',
    seal: (plaintext, context) => keyring.seal(Buffer.from(plaintext, 'utf8'), context),
    open: (text, context) => keyring.open(text, context).toString('utf8'),
  };
}
