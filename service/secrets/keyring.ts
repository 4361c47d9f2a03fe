import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** A key by its id; the id is stored with the ciphertext, so that keys can be rotated. */
export interface ServiceKey {
  readonly id: string;
  /** The key: at least 32 random bytes. */
  readonly key: Buffer;
}

/** The first key encrypts; all keys decrypt. */
export type ServiceKeys = readonly [ServiceKey, ...ServiceKey[]];

/** The id of the key that encrypted the text. */
export const serviceKeyIdOf = (text: string): string | undefined => text.split('.')[1];

/**
 * AES-256-GCM under a separate key for every encrypted value (HKDF over a random salt, so that a nonce never
 * repeats under one key), with the context as associated data: a value moved to another row isn't decrypted.
 * The purpose keeps the keys of two kinds of values apart, should both have been given the same key.
 */
export function createKeyring(keys: ServiceKeys, purpose: string) {
  const derive = (key: Buffer, salt: Buffer) => {
    const bytes = Buffer.from(hkdfSync('sha256', key, salt, purpose, 44));
    return { textKey: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
  };
  return {
    encrypt(plaintext: Uint8Array, context: string): string {
      const [{ id, key }] = keys;
      const salt = randomBytes(32);
      const { textKey, nonce } = derive(key, salt);
      const cipher = createCipheriv('aes-256-gcm', textKey, nonce).setAAD(Buffer.from(context));
      const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      return ['s1', id, salt.toString('base64url'), encrypted.toString('base64url')].join('.');
    },
    /** @throws when the key is missing, the text was changed, or it was encrypted for another context */
    open(text: string, context: string): Buffer {
      const [version, id, salt, encrypted] = text.split('.');
      const found = keys.find((key) => key.id === id);
      if (version !== 's1' || salt === undefined || encrypted === undefined)
        throw new Error('An encrypted secret in the store has a form that this version does not know.');
      if (found === undefined)
        throw new Error(`A secret in the store was encrypted with key "${id}", which is not configured.`);
      const { textKey, nonce } = derive(found.key, Buffer.from(salt, 'base64url'));
      const bytes = Buffer.from(encrypted, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', textKey, nonce, { authTagLength: 16 })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
    },
  };
}

/** Reads `ID:BASE64[,ID:BASE64]`, or one a line. Undefined when it is not that: the text is a secret and is not repeated. */
export function parseServiceKeys(text: string): [ServiceKey, ...ServiceKey[]] | undefined {
  const keys = text
    .split(/[,\r\n]/)
    .filter((part) => part !== '')
    .map((part) => {
      const [, id = '', encoded = ''] =
        /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43,}={0,2})$/.exec(part.trim()) ?? [];
      return { id, key: Buffer.from(encoded, 'base64') };
    });
  const [first, ...rest] = keys;
  const areKeys = keys.every(({ id, key }) => id !== '' && key.length >= 32);
  if (first === undefined || !areKeys || new Set(keys.map(({ id }) => id)).size !== keys.length)
    return undefined;
  return [first, ...rest];
}
