import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { type ApiKeyId, apiKeyId, isApiKeyId, organizationId } from './ids.js';
import { authority } from './permission.js';
import { isoTime } from './verification.js';

/** A secret that gives access to one organization, within its authority. */
export const apiKeySchema = z.strictObject({
  id: apiKeyId,
  organizationId,
  name: z.string(),
  /** SHA-256 of the whole key, hexadecimal. The key itself is shown once and kept nowhere. */
  hash: z.string().min(1),
  createdAt: isoTime,
  ...authority.shape,
  /** The key is revoked together with its parent. Absent for keys that the operator created. */
  parentId: apiKeyId.optional().meta({ description: 'The key that created it.' }),
  /** The keys created with this one, in the same row, so that a revocation conflicts with a concurrent creation. */
  childIds: z.array(apiKeyId).optional(),
  lastUsedAt: isoTime.optional().meta({ description: 'Within five minutes.' }),
  /** The time when the key was revoked. */
  revokedAt: isoTime.optional(),
});
export type ApiKey = DeepReadonly<z.infer<typeof apiKeySchema>>;

/** Whether the key is neither revoked nor expired at this time. */
export const isValid = ({ revokedAt, expiresAt }: ApiKey, nowMs: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > nowMs);

/** `rbk_`, the key's id and 256 random bits: the id finds the key, its hash proves it. */
export const newApiKeyText = (id: ApiKeyId): string =>
  `rbk_${id.slice('key_'.length)}_${randomBytes(32).toString('hex')}`;

/** A plain hash is enough, because 256 random bits can't be guessed. */
export const hashApiKey = (text: string): string => hash('sha256', text);

export function apiKeyIdOf(text: string): ApiKeyId | undefined {
  const match = /^rbk_([a-z2-7]{16})_[0-9a-f]{64}$/.exec(text);
  const id = `key_${match?.[1]}`;
  return match && isApiKeyId(id) ? id : undefined;
}

const dummyHash = '0'.repeat(64);

/** Takes the same time whether or not the key exists. */
export function matchesApiKey(text: string, key: ApiKey | undefined): key is ApiKey {
  const same = timingSafeEqual(Buffer.from(hashApiKey(text)), Buffer.from(key?.hash ?? dummyHash));
  return same && key !== undefined;
}
