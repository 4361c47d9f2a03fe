import type { Requester } from '../domain/audit.js';
import { newOrganizationId } from '../domain/ids.js';
import type { Organization } from '../domain/organization.js';
import { fullAuthority } from '../domain/permission.js';
import type { Clock, Store } from '../domain/ports.js';
import { newApiKey } from './api-keys.js';
import { audited } from './audited.js';
import { isoNow } from './dependencies.js';

/** Input of a new organization. */
export type NewOrganization = Pick<Organization, 'name' | 'reference' | 'metadata'>;

export interface NameWarning {
  readonly code: 'name_taken';
  readonly message: string;
}

/**
 * Creates an organization and its first API key; no later answer contains the key.
 * @throws RolebridgeError `reference_taken`
 */
export async function createOrganization(
  deps: { readonly store: Store; readonly clock: Clock },
  by: Requester,
  { name, reference, metadata }: NewOrganization,
): Promise<{ organization: Organization; apiKey: string; warnings: NameWarning[] }> {
  const organization: Organization = {
    id: newOrganizationId(),
    name,
    ...(reference !== undefined && { reference }),
    ...(metadata !== undefined && { metadata }),
    createdAt: isoNow(deps.clock),
  };
  const { key, text } = newApiKey(deps.clock, organization.id, 'first key', fullAuthority);
  const warnings = await nameWarnings(deps.store, organization);
  const event = {
    action: 'organization.create',
    organizationId: organization.id,
    details: { name, ...(reference !== undefined && { reference }) },
  } as const;
  await audited(deps, by, event, () => deps.store.createOrganization(organization, key));
  return { organization, apiKey: text, warnings };
}

/** Two organizations can have the same name, but that is often a mistake. */
export async function nameWarnings(
  store: Pick<Store, 'organizations'>,
  { id, name }: Pick<Organization, 'id' | 'name'>,
): Promise<NameWarning[]> {
  const { organizations } = await store.organizations({ name, limit: 2 });
  const other = organizations.find((organization) => organization.id !== id);
  if (other === undefined) return [];
  return [{ code: 'name_taken', message: `The organization ${other.id} has the name ${name}, too.` }];
}
