import { z } from 'zod';
import { findOrganization } from '../../actions/find-organization.js';
import { type Organization, organizationSchema, targetsMode } from '../../domain/organization.js';
import { organizationReference } from '../example-values.js';
import type { ApiDependencies } from '../operation.js';

export const tag = 'Organizations';
export const path = { id: organizationReference };
export const unknownPath = { id: 'tenant-none' };
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
