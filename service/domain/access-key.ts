import type { AuditIntent } from './audit.js';
import type { StoredAccessKey } from './connection.js';
import type { ConnectionId, OrganizationId } from './ids.js';

/** A customer's access key, in clear: made from a request or opened for one call, and kept nowhere. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of a session: the key is temporary, and works with it alone. */
  readonly sessionToken?: string | undefined;
}

/** An access key as it is stored: each field under a separate data key, that under a key-encryption key. */
export type EncryptedAccessKey = StoredAccessKey['encrypted'];

/** Its owner: an encrypted key can't be decrypted for another connection. */
export interface AccessKeyOwner {
  readonly organizationId: OrganizationId;
  readonly id: ConnectionId;
}

/** Encrypts data keys: local keys, or a service such as AWS KMS. The context must be the same for decryption. */
export interface KeyEncryptionKey {
  /** Of the key that wraps now; older ones unwrap. */
  readonly id: string;
  wrap(dataKey: Uint8Array, context: Readonly<Record<string, string>>): Promise<string>;
  /** @throws RolebridgeError `access_key_unreadable` */
  unwrap(
    wrapped: { keyId: string; wrappedDataKey: string },
    context: Readonly<Record<string, string>>,
  ): Promise<Uint8Array>;
}

/** Keeps customers' access keys unreadable at rest. */
export interface AccessKeyEncryption {
  /** Of the key-encryption key that is used for new ones. */
  readonly keyId: string;
  encrypt(owner: AccessKeyOwner, key: AccessKey): Promise<EncryptedAccessKey>;
  /** @throws RolebridgeError `access_key_unreadable`: its key is missing, it was changed, or it belongs elsewhere */
  open(owner: AccessKeyOwner, encrypted: EncryptedAccessKey, intent: AuditIntent): Promise<AccessKey>;
  /** The same key under the key-encryption key of today. Its fields are opened too, so that damage is found now. */
  rewrap(
    owner: AccessKeyOwner,
    encrypted: EncryptedAccessKey,
    intent: AuditIntent,
  ): Promise<EncryptedAccessKey>;
}
