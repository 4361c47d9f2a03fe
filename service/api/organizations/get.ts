import { defineOperation } from '../operation.js';
import { organizationAnswer, organizationIn, organizationView, path, tag, unknownPath } from './shared.js';

export const getOrganization = defineOperation({
  method: 'get',
  path: '/v1/organizations/{id}',
  tag,
  summary: 'Returns one organization, by its id or reference.',
  auth: 'operator',
  operatorPermission: 'organizations:read',
  answer: organizationAnswer,
  errors: ['organization_not_found'],
  examples: {
    one: { path, returns: 200 },
    unknown: { path: unknownPath, returns: 'organization_not_found' },
  },
  handler: async (input) => organizationView(await organizationIn(input)),
});
