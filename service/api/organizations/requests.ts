import { z } from 'zod';
import { organizationId } from '../../domain/ids.js';
import { metadata, reference, targetsMode } from '../../domain/organization.js';

import { limit, name } from '../schemas.js';

const organizationMembers = {
  reference: reference.meta({
    description: 'Your own unique name for the organization. You can use it in paths in place of the id.',
  }),
  metadata: metadata.meta({ description: 'Up to 20 texts for your own use.' }),
};

export const createOrganizationRequest = z
  .strictObject({ name, ...organizationMembers })
  .partial({ reference: true, metadata: true });

export const updateOrganizationRequest = z
  .strictObject({
    name,
    ...organizationMembers,
    reference: organizationMembers.reference.nullable(),
    targets: targetsMode,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must name what to change');

export const listOrganizationsQuery = z.strictObject({
  limit,
  after: organizationId.meta({ description: 'The `next` of the previous page.' }).optional(),
  search: z
    .string()
    .min(1)
    .max(100)
    .regex(/^\P{C}+$/u, 'must not hold control or invisible characters')
    .meta({ description: 'A part of the name; letter case does not count.' })
    .optional(),
});
