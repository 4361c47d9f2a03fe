import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { z } from 'zod';
import type { KeyEncryptionKey } from '../domain/access-key.js';
import { RolebridgeError } from '../domain/errors.js';
import { textIn } from '../unknown-value.js';
import { requestHandlerFor } from './outbound.js';

export interface KmsOptions {
  /** ARNs of symmetric keys: the first encrypts, all of them decrypt. */
  readonly keyArns: readonly [string, ...string[]];
  /** @default AWS's */
  readonly endpoint?: string | undefined;
  /** The time limit of a call. @default 5,000 */
  readonly timeoutMs?: number;
  /** @default the SDK's own chain: environment, profile, container, instance */
  readonly credentials?: () => Promise<{ accessKeyId: string; secretAccessKey: string }>;
}

const encrypted = z.object({ CiphertextBlob: z.instanceof(Uint8Array) });
const decrypted = z.object({ Plaintext: z.instanceof(Uint8Array) });

/**
 * Key-encryption keys in AWS KMS: data keys are wrapped there, and no key leaves it. Organization and connection are
 * the encryption context, so CloudTrail shows the connection of the decrypted key.
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
export function createKmsKeyEncryptionKey(options: KmsOptions): KeyEncryptionKey {
  const { keyArns, timeoutMs = 5_000 } = options;
  const [firstArn] = keyArns;
  const clients = new Map(keyArns.map((arn) => [arn, clientFor(arn, { ...options, timeoutMs })]));
  const ask = async <Answer>(arn: string, send: (client: KMSClient, limit: Limit) => Promise<Answer>) => {
    const client = clients.get(arn);
    if (client === undefined)
      throw new RolebridgeError(
        'access_key_unreadable',
        `The stored access key was encrypted with the KMS key ${arn}, which is not configured.`,
        { remedy: 'Add it to ROLEBRIDGE_KMS_KEY_ARNS again, or replace the access key of the connection.' },
      );
    return send(client, { abortSignal: AbortSignal.timeout(timeoutMs * 2) }).catch((error: unknown) => {
      throw kmsError(error, arn);
    });
  };
  return {
    id: firstArn,
    async wrap(dataKey, context) {
      const command = new EncryptCommand({
        KeyId: firstArn,
        Plaintext: dataKey,
        EncryptionContext: { ...context },
      });
      const answer = await ask(firstArn, (client, limit) => client.send(command, limit));
      return Buffer.from(encrypted.parse(answer).CiphertextBlob).toString('base64');
    },
    async unwrap({ keyId, wrappedDataKey }, context) {
      // The key is pinned: a ciphertext under a different key isn't decrypted.
      const command = new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: Buffer.from(wrappedDataKey, 'base64'),
        EncryptionContext: { ...context },
      });
      return decrypted.parse(await ask(keyId, (client, limit) => client.send(command, limit))).Plaintext;
    },
  };
}

type Limit = { readonly abortSignal: AbortSignal };

function clientFor(
  arn: string,
  { endpoint, credentials, timeoutMs }: KmsOptions & { readonly timeoutMs: number },
): KMSClient {
  const region = arn.split(':')[3] ?? '';
  return new KMSClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
    maxAttempts: 2,
    requestHandler: requestHandlerFor(endpoint ?? `https://kms.${region}.amazonaws.com`, timeoutMs),
  });
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors */
function kmsError(thrown: unknown, arn: string): RolebridgeError {
  const name = textIn(thrown, 'name') ?? 'unknown error';
  if (/^(InvalidCiphertext|IncorrectKey)/.test(name))
    return new RolebridgeError(
      'access_key_unreadable',
      'The stored access key was changed, or belongs to another connection: KMS does not decrypt it.',
      {
        remedy:
          'Restore the store from a backup, or replace the access key of the connection. Find out who wrote to the store.',
      },
    );
  if (/^(AccessDenied|NotFound|Disabled|KMSInvalidState|InvalidKeyUsage)/.test(name))
    return new RolebridgeError('access_key_unreadable', `KMS denies the service the key ${arn} (${name}).`, {
      remedy: 'Have the operator enable the key, and allow the service kms:Encrypt and kms:Decrypt on it.',
    });
  return new RolebridgeError('aws_unavailable', `KMS did not answer for the key ${arn} (${name}).`, {
    remedy: 'Nothing was changed. Send the same request again after the time in Retry-After.',
    retryAfterSeconds: 5,
  });
}
