import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Organization } from '../domain/organization.js';
import type { Store } from '../domain/ports.js';

/** @throws RolebridgeError `organization_suspended`; `unauthorized` once it is erased */
export async function requireActive(
  store: Pick<Store, 'organization'>,
  id: OrganizationId,
  { allowsSuspended = false }: { readonly allowsSuspended?: boolean } = {},
): Promise<Organization> {
  const organization = await store.organization(id);
  if (organization === undefined || organization.erasedAt !== undefined)
    throw new RolebridgeError('unauthorized', 'This organization was deleted.');
  if (organization.suspendedAt === undefined || allowsSuspended) return organization;
  throw new RolebridgeError(
    'organization_suspended',
    `This organization has been suspended since ${organization.suspendedAt}.`,
    { remedy: 'Ask the vendor to resume it. Nothing was deleted.' },
  );
}
