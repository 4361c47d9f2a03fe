import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Sealer } from '../domain/ports.js';

/** A key by its id; the id is stored beside what the key sealed, so that keys can be rotated. */
export interface SealingKey {
  readonly id: string;
  /** At least 32 random bytes. */
  readonly key: Buffer;
}

/**
 * AES-256-GCM under a key of its own for every sealed text (HKDF over a random salt, so that a nonce never
 * repeats under one key), with the context as associated data: text moved to another row does not open.
 * The first key seals; all of them open.
 */
export function createSealer(keys: readonly [SealingKey, ...SealingKey[]]): Sealer {
  return {
    seal(plaintext, context) {
      const [{ id, key }] = keys;
      const salt = randomBytes(32);
      const { textKey, nonce } = derive(key, salt);
      const cipher = createCipheriv('aes-256-gcm', textKey, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return ['s1', id, salt.toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(text, context) {
      const [version, id, salt, sealed] = text.split('.');
      const found = keys.find((key) => key.id === id);
      if (version !== 's1' || salt === undefined || sealed === undefined)
        throw new Error('A sealed secret in the store has a form that this version does not know.');
      if (found === undefined)
        throw new Error(`A secret in the store was sealed with key "${id}", which is not configured.`);
      const { textKey, nonce } = derive(found.key, Buffer.from(salt, 'base64url'));
      const bytes = Buffer.from(sealed, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', textKey, nonce, { authTagLength: 16 })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
    },
  };
}

function derive(key: Buffer, salt: Buffer) {
  const bytes = Buffer.from(hkdfSync('sha256', key, salt, 'rolebridge sealed secret v1', 44));
  return { textKey: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
}
