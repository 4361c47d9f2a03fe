import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from './connection.js';
import { type ApiKeyId, isApiKeyId } from './ids.js';

/** `rbk_`, the key's id and 256 random bits: the id finds the key, its hash proves it. */
export const newApiKeyText = (id: ApiKeyId): string =>
  `rbk_${id.slice('key_'.length)}_${randomBytes(32).toString('hex')}`;

/** A plain hash is enough for 256 random bits: there is nothing to guess. */
export const hashApiKey = (text: string): string => hash('sha256', text);

export function apiKeyIdOf(text: string): ApiKeyId | undefined {
  const match = /^rbk_([a-z2-7]{16})_[0-9a-f]{64}$/.exec(text);
  const id = `key_${match?.[1]}`;
  return match && isApiKeyId(id) ? id : undefined;
}

const nobody = '0'.repeat(64);

/** In the same time whether or not the key exists. */
export function matchesApiKey(text: string, key: ApiKey | undefined): key is ApiKey {
  const same = timingSafeEqual(Buffer.from(hashApiKey(text)), Buffer.from(key?.hash ?? nobody));
  return same && key !== undefined;
}
