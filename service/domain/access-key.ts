import type { AuditIntent } from './audit.js';
import type { StoredAccessKey } from './connection.js';
import type { ConnectionId, OrganizationId } from './ids.js';

/** A customer's access key in clear text: it exists for one request only, and is never stored. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The session token of a temporary key. */
  readonly sessionToken?: string | undefined;
}

/** An access key as it is stored: each field under a separate data key, that under a key-encryption key. */
export type EncryptedAccessKey = StoredAccessKey['encrypted'];

/** The connection that an encrypted key is bound to. */
export interface AccessKeyOwner {
  readonly organizationId: OrganizationId;
  readonly id: ConnectionId;
}

/** Encrypts data keys: local keys, or a service such as AWS KMS. The context must be the same for decryption. */
export interface KeyEncryptionKey {
  /** The id of the key that wraps; older keys only unwrap. */
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
  /** The id of the current key-encryption key. */
  readonly keyId: string;
  encrypt(owner: AccessKeyOwner, key: AccessKey): Promise<EncryptedAccessKey>;
  /** @throws RolebridgeError `access_key_unreadable`: its key is missing, it was changed, or it belongs elsewhere */
  open(owner: AccessKeyOwner, encrypted: EncryptedAccessKey, intent: AuditIntent): Promise<AccessKey>;
  /** Wraps the data key with the current key-encryption key. It decrypts the fields too, to detect damage. */
  rewrap(
    owner: AccessKeyOwner,
    encrypted: EncryptedAccessKey,
    intent: AuditIntent,
  ): Promise<EncryptedAccessKey>;
}
