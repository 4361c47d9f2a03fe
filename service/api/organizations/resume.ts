import { resumeOrganization as resume } from '../../actions/change-organization.js';
import { defineOperation } from '../operation.js';
import { organizationAnswer, organizationIn, organizationView, path, tag, unknownPath } from './shared.js';

export const resumeOrganization = defineOperation({
  method: 'post',
  path: '/v1/organizations/{id}/resume',
  tag,
  summary: 'Resumes a suspended organization.',
  description: 'Everything works as before.',
  auth: 'operator',
  operatorPermission: 'organizations:write',
  answer: organizationAnswer,
  errors: ['organization_not_found'],
  isRepeatable: true,
  examples: {
    one: { path, returns: 200 },
    unknown: { path: unknownPath, returns: 'organization_not_found' },
  },
  handler: async (input) => organizationView(await resume(input.deps, input.by, await organizationIn(input))),
});
