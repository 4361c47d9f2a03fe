import { resumeOrganization as resume } from '../../actions/change-organization.js';
import { defineOperation } from '../operation.js';
import { changing, organizationAnswer, organizationIn, organizationView, path, unknown } from './shared.js';

export const resumeOrganization = defineOperation({
  method: 'post',
  path: '/v1/organizations/{id}/resume',
  ...changing,
  summary: 'Resumes a suspended organization.',
  description: 'The API, pages and credentials work again.',
  answer: organizationAnswer,
  errors: ['organization_not_found'],
  isIdempotent: true,
  examples: { one: { path, returns: 200 }, unknown },
  handler: async (input) => organizationView(await resume(input.deps, input.by, await organizationIn(input))),
});
