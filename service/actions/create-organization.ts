import { isoNow } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import type { Organization } from '../domain/connection.js';
import { newOrganizationId } from '../domain/ids.js';
import { fullAuthority } from '../domain/permission.js';
import type { Clock, Store } from '../domain/ports.js';
import { newApiKey } from './api-keys.js';
import { audited } from './audited.js';

/** Makes an organization and its first API key; the key is in no later answer. */
export async function createOrganization(
  deps: { readonly store: Store; readonly clock: Clock },
  by: Requester,
  name: string,
): Promise<{ organization: Organization; apiKey: string }> {
  const organization: Organization = { id: newOrganizationId(), name, createdAt: isoNow(deps.clock) };
  const { key, text } = newApiKey(deps.clock, organization.id, 'first key', fullAuthority);
  const event = {
    action: 'organization.create',
    organizationId: organization.id,
    details: { name },
  } as const;
  await audited(deps, by, event, async () => {
    await deps.store.createOrganization(organization);
    await deps.store.createApiKey(key);
  });
  return { organization, apiKey: text };
}
