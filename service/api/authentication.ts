import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { ApiKey } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';
import { apiKeyIdOf, matchesApiKey } from '../secrets/api-key.js';

/** The API key of a request. @throws RolebridgeError `unauthorized`, the same for an unknown and a revoked key */
export async function authenticate(store: Store, request: Request): Promise<ApiKey> {
  const key = await apiKeyOf(store, bearerToken(request));
  if (key === undefined)
    throw new RolebridgeError('unauthorized', 'The request has no valid API key.', {
      remedy: 'Send "Authorization: Bearer" with an API key of your organization.',
    });
  return key;
}

/** The key with this text, unless it is unknown or revoked. */
export async function apiKeyOf(store: Store, text: string): Promise<ApiKey | undefined> {
  const id = apiKeyIdOf(text);
  const key = id && (await store.apiKey(id));
  return matchesApiKey(text, key) && key.revokedAt === undefined ? key : undefined;
}

/** @throws RolebridgeError `unauthorized` */
export function requireOperator(request: Request, operatorTokenHash: string | undefined): void {
  const hash = createHash('sha256').update(bearerToken(request)).digest();
  if (operatorTokenHash === undefined || !timingSafeEqual(hash, Buffer.from(operatorTokenHash, 'hex')))
    throw new RolebridgeError('unauthorized', "This call takes the operator's token.", {
      remedy: 'Start the service with ROLEBRIDGE_OPERATOR_TOKEN and send that as "Authorization: Bearer".',
    });
}

/** What follows `Authorization: Bearer`, or nothing. */
export const bearerToken = (request: Request): string =>
  /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
