import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type {
  AccessKeyEncryption,
  AccessKeyOwner,
  EncryptedAccessKey,
  KeyEncryptionKey,
} from '../domain/access-key.js';
import { RolebridgeError } from '../domain/errors.js';
import { createKeyring, type ServiceKeys, serviceKeyIdOf } from './keyring.js';

type Field = 'accessKeyId' | 'secretAccessKey' | 'sessionToken';

/**
 * Envelope encryption: 32 random bytes for each encrypted access key encrypt its fields with AES-256-GCM, and are
 * themselves stored wrapped. Organization, connection and field are associated data: a ciphertext moved to another
 * row or field does not open.
 */
export function createAccessKeyEncryption(keyEncryptionKey: KeyEncryptionKey): AccessKeyEncryption {
  const unwrapped = async <Result>(
    owner: AccessKeyOwner,
    encrypted: EncryptedAccessKey,
    use: (dataKey: Uint8Array) => Result | Promise<Result>,
  ) => using(await keyEncryptionKey.unwrap(encrypted, wrappingContext(owner)), use);
  const wrapped = async (owner: AccessKeyOwner, dataKey: Uint8Array) => ({
    keyId: keyEncryptionKey.id,
    wrappedDataKey: await keyEncryptionKey.wrap(dataKey, wrappingContext(owner)),
  });
  return {
    keyId: keyEncryptionKey.id,

    encrypt: (owner, key) =>
      using(randomBytes(32), async (dataKey) => {
        const encryptField = (field: Field, text: string) =>
          encrypt(dataKey, text, fieldContext(owner, field));
        return {
          ...(await wrapped(owner, dataKey)),
          accessKeyId: encryptField('accessKeyId', key.accessKeyId),
          secretAccessKey: encryptField('secretAccessKey', key.secretAccessKey),
          ...(key.sessionToken !== undefined && {
            sessionToken: encryptField('sessionToken', key.sessionToken),
          }),
        };
      }),

    open: (owner, encrypted) =>
      unwrapped(owner, encrypted, (dataKey) => openFields(owner, encrypted, dataKey)),

    rewrap: (owner, encrypted) =>
      unwrapped(owner, encrypted, async (dataKey) => {
        openFields(owner, encrypted, dataKey);
        return { ...encrypted, ...(await wrapped(owner, dataKey)) };
      }),
  };
}

/** Erases the data key from memory after its use. */
async function using<Result>(dataKey: Uint8Array, use: (dataKey: Uint8Array) => Result | Promise<Result>) {
  try {
    return await use(dataKey);
  } finally {
    dataKey.fill(0);
  }
}

/** Key-encryption keys from the environment or a file: the first wraps, all of them unwrap. */
export function createLocalKeyEncryptionKey(keys: ServiceKeys): KeyEncryptionKey & {
  /** Whether one of the keys has this id. */
  has(keyId: string): boolean;
} {
  const keyring = createKeyring(keys, 'rolebridge key-encryption key v1');
  return {
    id: keys[0].id,
    has: (keyId) => keys.some(({ id }) => id === keyId),
    wrap: async (dataKey, context) => keyring.encrypt(dataKey, associatedText(context)),
    async unwrap({ keyId, wrappedDataKey }, context) {
      // Only the id inside the wrapped key counts: the stored id could have been changed.
      if (serviceKeyIdOf(wrappedDataKey) !== keyId) throw damaged();
      if (!keys.some(({ id }) => id === keyId))
        throw new RolebridgeError(
          'access_key_unreadable',
          `The stored access key was encrypted with key "${keyId}", which the service does not have.`,
          {
            remedy: `Add the key "${keyId}" to ROLEBRIDGE_ENCRYPTION_KEYS again, or replace the access key of the connection (PUT …/access-key).`,
          },
        );
      return orDamaged(() => keyring.open(wrappedDataKey, associatedText(context)));
    },
  };
}

function openFields(owner: AccessKeyOwner, encrypted: EncryptedAccessKey, dataKey: Uint8Array) {
  const openField = (field: Field, text: string) =>
    orDamaged(() => decrypt(dataKey, text, fieldContext(owner, field)));
  return {
    accessKeyId: openField('accessKeyId', encrypted.accessKeyId),
    secretAccessKey: openField('secretAccessKey', encrypted.secretAccessKey),
    ...(encrypted.sessionToken !== undefined && {
      sessionToken: openField('sessionToken', encrypted.sessionToken),
    }),
  };
}

const wrappingContext = ({ organizationId, id }: AccessKeyOwner) => ({
  organization: organizationId,
  connection: id,
});

const associatedText = (context: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1)));

const fieldContext = (owner: AccessKeyOwner, field: Field): string =>
  associatedText({ ...wrappingContext(owner), field });

/** Random nonces are safe here: a data key encrypts three texts only. */
function encrypt(dataKey: Uint8Array, text: string, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

function decrypt(dataKey: Uint8Array, text: string, context: string): string {
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', dataKey, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
}

function orDamaged<Opened>(open: () => Opened): Opened {
  try {
    return open();
  } catch {
    // The cause adds nothing, and may contain parts of a key.
    throw damaged();
  }
}

const damaged = () =>
  new RolebridgeError(
    'access_key_unreadable',
    'The stored access key was changed, or belongs to another connection: it can’t be decrypted.',
    {
      remedy:
        'Restore the store from a backup, or replace the access key of the connection (PUT …/access-key). Find out who wrote to the store.',
    },
  );
