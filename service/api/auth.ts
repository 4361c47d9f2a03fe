import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type ApiKey, apiKeyIdOf, isValid, matchesApiKey } from '../domain/api-key.js';
import { RolebridgeError } from '../domain/errors.js';
import { requirePermission, requireWholeOrganization } from '../domain/permission.js';
import type { Clock, Store } from '../domain/ports.js';
import type { ApiDependencies, Caller, Operation } from './operation.js';
import type { Exchange } from './request-log.js';

export interface AuthOptions {
  /** SHA-256 (hexadecimal) of the operator's token; without one, the operator's calls are refused. */
  readonly operatorTokenHash?: string | undefined;
  /** SHA-256 (hexadecimal) of the token for `/metrics`; without one the path does not exist. */
  readonly metricsTokenHash?: string | undefined;
}

/** Who calls an operation, and may. @throws RolebridgeError `unauthorized`, `rate_limited`, `permission_denied` */
export function createAuth({ store, clock, limits }: ApiDependencies, options: AuthOptions) {
  const markUsed = createUseMarks(store, clock);
  return async (
    { auth, permission, isOrganizationWide }: Operation,
    request: IncomingMessage,
    exchange: Exchange,
  ): Promise<Caller | undefined> => {
    switch (auth) {
      case 'organization': {
        const key = await apiKeyOf({ store, clock }, bearerToken(request));
        if (key === undefined)
          throw new RolebridgeError('unauthorized', 'The request has no valid API key.', {
            remedy: 'Send "Authorization: Bearer" with an API key of your organization.',
          });
        exchange.apiKey = key;
        exchange.isAuthenticated = true;
        exchange.actor = { kind: 'api_key', id: key.id };
        exchange.allowance = await limits.key(key.id);
        await limits.organization(key.organizationId);
        markUsed(key);
        requirePermission(key, permission);
        if (isOrganizationWide) requireWholeOrganization(key);
        return { organizationId: key.organizationId, authority: key, key };
      }
      case 'operator':
        requireToken(request, options.operatorTokenHash, {
          detail: "This call takes the operator's token.",
          remedy:
            'Start the service with ROLEBRIDGE_OPERATOR_TOKEN and send that as "Authorization: Bearer".',
        });
        exchange.isAuthenticated = true;
        exchange.actor = { kind: 'operator' };
        return undefined;
      case 'metrics_token':
        requireToken(request, options.metricsTokenHash, {
          detail: 'The metrics take their own token.',
          remedy: 'Send the value of ROLEBRIDGE_METRICS_TOKEN as "Authorization: Bearer".',
        });
        return undefined;
      // The operation checks its own signature or token; the others are open.
      case 'signature':
        exchange.actor = { kind: 'callback' };
        return undefined;
      case 'status_token':
      case 'setup_code':
      case 'none':
        return undefined;
    }
  };
}

/** The key with this text, unless it is unknown, expired or revoked. */
export async function apiKeyOf(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  text: string,
): Promise<ApiKey | undefined> {
  const id = apiKeyIdOf(text);
  const key = id && (await store.apiKey(id));
  return matchesApiKey(text, key) && isValid(key, clock.now()) ? key : undefined;
}

/** A write for each call would make reading as dear as changing. */
const useMarkMs = 5 * 60_000;

/** Stores when a key was last used, beside the call and not before its answer. */
function createUseMarks(store: Store, clock: Clock) {
  const writing = new Set<string>();
  return (key: ApiKey): void => {
    const now = clock.now();
    if (key.lastUsedAt !== undefined && now - Date.parse(key.lastUsedAt) < useMarkMs) return;
    if (writing.has(key.id)) return;
    writing.add(key.id);
    store
      .markApiKeyUsed(key, new Date(now).toISOString())
      // A store that can't be written to says so in the answers to the calls that have to write.
      .catch(() => {})
      .finally(() => writing.delete(key.id));
  };
}

function requireToken(
  request: IncomingMessage,
  expectedHash: string | undefined,
  { detail, remedy }: { detail: string; remedy: string },
): void {
  const hash = createHash('sha256').update(bearerToken(request)).digest();
  if (expectedHash === undefined || !timingSafeEqual(hash, Buffer.from(expectedHash, 'hex')))
    throw new RolebridgeError('unauthorized', detail, { remedy });
}

/** The text after `Authorization: Bearer`, or nothing. */
export const bearerToken = ({ headers }: Pick<IncomingMessage, 'headers'>): string =>
  /^Bearer ([\x21-\x7e]{1,200})$/i.exec(headers.authorization ?? '')?.[1] ?? '';
