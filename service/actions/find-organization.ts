import { RolebridgeError } from '../domain/errors.js';
import { isOrganizationId } from '../domain/ids.js';
import { isListed, type Organization, reference } from '../domain/organization.js';
import type { Store } from '../domain/ports.js';

/** Finds an organization by its id or reference. @throws RolebridgeError `organization_not_found` */
export async function findOrganization(
  store: Pick<Store, 'organization' | 'organizationByReference'>,
  idOrReference: string,
): Promise<Organization> {
  const isReference = reference.safeParse(idOrReference).success;
  const found = isOrganizationId(idOrReference)
    ? await store.organization(idOrReference)
    : isReference && (await store.organizationByReference(idOrReference));
  if (found && isListed(found)) return found;
  throw new RolebridgeError('organization_not_found', 'No organization has this id or reference.', {
    remedy: 'List the organizations with GET /v1/organizations and use one of their ids or references.',
  });
}
