import { isoNow } from '../actions/dependencies.js';
import { hashApiKey, newApiKeyText } from '../domain/api-key.js';
import type { Requester } from '../domain/audit.js';
import type { ApiKey } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isApiKeyId, newApiKeyId, type OrganizationId } from '../domain/ids.js';
import type { Clock, Store } from '../domain/ports.js';
import { audited } from './audited.js';

type Keys = { readonly store: Store; readonly clock: Clock };

/** Makes an API key; its text is in no later answer. */
export async function createApiKey(
  deps: Keys,
  by: Requester,
  organizationId: OrganizationId,
  name: string,
): Promise<{ key: ApiKey; text: string }> {
  const made = newApiKey(deps.clock, organizationId, name);
  const details = { keyId: made.key.id, name };
  await audited(deps, by, { action: 'api_key.create', organizationId, details }, () =>
    deps.store.createApiKey(made.key),
  );
  return made;
}

/**
 * From now on the key opens nothing.
 * @throws RolebridgeError `api_key_not_found`, `api_key_in_use` for the key that asks: nobody locks themselves out
 */
export async function revokeApiKey(
  deps: Keys,
  by: Requester,
  organizationId: OrganizationId,
  id: string,
): Promise<void> {
  if (by.actor.kind === 'api_key' && by.actor.id === id)
    throw new RolebridgeError('api_key_in_use', 'This is the key that the request was made with.', {
      remedy: 'Make another key first, and revoke this one with that.',
    });
  await audited(deps, by, { action: 'api_key.revoke', organizationId, details: { keyId: id } }, async () => {
    const revoked = isApiKeyId(id) && (await deps.store.revokeApiKey(organizationId, id, isoNow(deps.clock)));
    if (!revoked)
      throw new RolebridgeError('api_key_not_found', 'This organization has no API key with that id.', {
        remedy: 'List the keys with GET /v1/api-keys and use one of their ids.',
      });
  });
}

export function newApiKey(
  clock: Clock,
  organizationId: OrganizationId,
  name: string,
): { key: ApiKey; text: string } {
  const id = newApiKeyId();
  const text = newApiKeyText(id);
  return { text, key: { id, organizationId, name, hash: hashApiKey(text), createdAt: isoNow(clock) } };
}
