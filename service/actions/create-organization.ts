import type { ApiKey, Organization } from '../domain/connection.js';
import { newApiKeyId, newOrganizationId } from '../domain/ids.js';
import type { Clock, Store } from '../domain/ports.js';
import { hashApiKey, newApiKeyText } from '../secrets/api-key.js';

/** Makes an organization and its first API key; the key is in no later answer. */
export async function createOrganization(
  store: Store,
  clock: Clock,
  name: string,
): Promise<{ organization: Organization; apiKey: string }> {
  const createdAt = new Date(clock.now()).toISOString();
  const organization: Organization = { id: newOrganizationId(), name, createdAt };
  const id = newApiKeyId();
  const apiKey = newApiKeyText(id);
  const stored: ApiKey = {
    id,
    organizationId: organization.id,
    name: 'first key',
    hash: hashApiKey(apiKey),
    createdAt,
  };
  await store.createOrganization(organization);
  await store.createApiKey(stored);
  return { organization, apiKey };
}
