import { findOrganization } from '../../actions/find-organization.js';
import type { Organization } from '../../domain/organization.js';
import * as answers from '../answers.js';
import { organizationReference } from '../example-values.js';
import type { ApiDependencies } from '../operation.js';

export const tag = 'Organizations';
export const path = { id: organizationReference };
export const unknownPath = { id: 'tenant-none' };
export const organizationAnswer = {
  status: 200,
  description: 'The organization.',
  schema: answers.organization,
} as const;

/** The organization that the path names, by id or reference. @throws RolebridgeError `organization_not_found` */
export const organizationIn = ({
  deps,
  params,
}: {
  readonly deps: ApiDependencies;
  readonly params: { readonly id: string };
}): Promise<Organization> => findOrganization(deps.store, params.id);

export const organizationView = ({
  id,
  name,
  reference,
  metadata,
  targets = 'open',
  createdAt,
  suspendedAt,
}: Organization) => ({
  id,
  name,
  ...(reference !== undefined && { reference }),
  ...(metadata !== undefined && { metadata }),
  targets,
  createdAt,
  ...(suspendedAt !== undefined && { suspendedAt }),
});
