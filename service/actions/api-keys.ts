import { type ApiKey, hashApiKey, newApiKeyText } from '../domain/api-key.js';
import type { Requester } from '../domain/audit.js';
import { invalidRequest, RolebridgeError } from '../domain/errors.js';
import { type ApiKeyId, isApiKeyId, newApiKeyId, type OrganizationId } from '../domain/ids.js';
import { type Authority, narrowed } from '../domain/permission.js';
import type { Clock, Store } from '../domain/ports.js';
import type { Quotas } from '../domain/quotas.js';
import { describeScope } from '../domain/scope.js';
import { audited } from './audited.js';
import { isoNow } from './dependencies.js';
import { withinQuota } from './require-quota.js';

type Keys = { readonly store: Store; readonly clock: Clock };

/** The caller that creates or revokes keys. */
export interface KeyMaker {
  readonly organizationId: OrganizationId;
  readonly authority: Authority;
  /** The key in use. Absent: the operator. */
  readonly key?: ApiKey | undefined;
  /** The hash of the sign-in link of the session in which a person creates another link. */
  readonly linkHash?: string | undefined;
}

/**
 * Creates an API key within its creator's authority; no later answer contains its text.
 * @throws RolebridgeError `permission_denied`, `request_invalid` for an expiry in the past
 */
export async function createApiKey(
  deps: Keys & { readonly quotas: Quotas },
  by: Requester,
  maker: KeyMaker,
  { name, ...wanted }: Authority & { readonly name: string },
): Promise<{ key: ApiKey; text: string }> {
  const { organizationId } = maker;
  if (wanted.expiresAt !== undefined && Date.parse(wanted.expiresAt) <= deps.clock.now())
    throw invalidRequest(
      'body.expiresAt',
      'must be in the future',
      'Name a later time, or leave it out for a key without an expiry.',
    );
  const authority = narrowed(maker.authority, wanted);
  const made = newApiKey(deps.clock, organizationId, name, authority, maker.key?.id);
  const details = { keyId: made.key.id, name, ...authorityDetails(authority) };
  const event = { action: 'api_key.create', organizationId, details } as const;
  await withinQuota(deps, organizationId, ['apiKeys'], (quotas) =>
    audited(deps, by, event, () => deps.store.createApiKey(made.key, quotas)),
  );
  return made;
}

/** The authority as details of an audit record. */
export const authorityDetails = ({ permissions, scope, ceilings, expiresAt }: Partial<Authority>) => ({
  ...(permissions && { permissions: permissions.join(' ') }),
  ...(scope && { scope: describeScope(scope) }),
  ...(ceilings?.durationSeconds !== undefined && { durationSeconds: ceilings.durationSeconds }),
  ...(ceilings?.sessionPolicy !== undefined && { sessionPolicy: ceilings.sessionPolicy }),
  ...(expiresAt !== undefined && { expiresAt }),
});

/** The keys that a caller can see and revoke: all keys, or those created with its own key. */
export async function visibleKeys(store: Store, { organizationId, key }: KeyMaker): Promise<ApiKey[]> {
  const keys = await store.apiKeys(organizationId);
  if (key?.parentId === undefined) return keys;
  const parents = new Map(keys.map(({ id, parentId }) => [id, parentId]));
  const isOfCaller = (id: ApiKeyId): boolean => {
    const parent = parents.get(id);
    return id === key.id || (parent !== undefined && isOfCaller(parent));
  };
  return keys.filter(({ id }) => isOfCaller(id));
}

/**
 * Revokes a key with its children, links and sessions.
 * @throws RolebridgeError `api_key_not_found`, `api_key_in_use` for the key that asks: no caller locks itself out
 */
export async function revokeApiKey(deps: Keys, by: Requester, maker: KeyMaker, id: string): Promise<void> {
  if (maker.key?.id === id)
    throw new RolebridgeError('api_key_in_use', 'This is the key of the request.', {
      remedy: 'Revoke it with the key that created it, or ask the vendor.',
    });
  const { organizationId } = maker;
  const mayRevoke = (await visibleKeys(deps.store, maker)).some((key) => key.id === id);
  await audited(deps, by, { action: 'api_key.revoke', organizationId, details: { keyId: id } }, async () => {
    const revoked =
      mayRevoke && isApiKeyId(id) && (await deps.store.revokeApiKey(organizationId, id, isoNow(deps.clock)));
    if (!revoked)
      throw new RolebridgeError('api_key_not_found', 'You have no API key with that id.', {
        remedy: 'List the keys with GET /v1/api-keys and use one of their ids.',
      });
  });
}

export function newApiKey(
  clock: Clock,
  organizationId: OrganizationId,
  name: string,
  authority: Authority,
  parentId?: ApiKeyId,
): { key: ApiKey; text: string } {
  const id = newApiKeyId();
  const text = newApiKeyText(id);
  const key: ApiKey = {
    id,
    organizationId,
    name,
    hash: hashApiKey(text),
    createdAt: isoNow(clock),
    ...authority,
    ...(parentId !== undefined && { parentId }),
  };
  return { text, key };
}
