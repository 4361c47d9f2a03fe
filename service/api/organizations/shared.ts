import { z } from 'zod';
import { findOrganization } from '../../actions/find-organization.js';
import { type Organization, organizationSchema, targetsMode } from '../../domain/organization.js';
import { organizationReference } from '../example-values.js';
import type { ApiDependencies } from '../operation.js';
import { shownBy } from '../schemas.js';

/** Common members of the operations in this folder. */
export const reading = {
  tag: 'Organizations',
  auth: 'operator',
  operatorPermission: 'organizations:read',
} as const;
export const changing = { ...reading, operatorPermission: 'organizations:write' } as const;
export const path = { id: organizationReference };
export const unknownPath = { id: 'tenant-none' };
export const unknown = { path: unknownPath, returns: 'organization_not_found' } as const;
export const organizationShown = organizationSchema
  .pick({ id: true, name: true, reference: true, metadata: true, createdAt: true, suspendedAt: true })
  .extend({ targets: targetsMode })
  .meta({ id: 'Organization' });
export const organizationWarnings = z
  .array(z.object({ code: z.literal('name_taken'), message: z.string() }))
  .optional()
  .meta({ description: 'Another organization has the same name.' });
export const organizationAnswer = {
  status: 200,
  description: 'The organization.',
  schema: organizationShown,
} as const;

/** The organization that the path names, by id or reference. @throws RolebridgeError `organization_not_found` */
export const organizationIn = ({
  deps,
  params,
}: {
  readonly deps: ApiDependencies;
  readonly params: { readonly id: string };
}): Promise<Organization> => findOrganization(deps.store, params.id);

export const organizationView = (organization: Organization) => ({
  ...shownBy(organizationShown, organization),
  targets: organization.targets ?? ('open' as const),
});
