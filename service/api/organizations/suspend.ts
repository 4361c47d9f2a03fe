import { suspendOrganization as suspend } from '../../actions/change-organization.js';
import { defineOperation } from '../operation.js';
import { changing, organizationAnswer, organizationIn, organizationView, path, unknown } from './shared.js';

export const suspendOrganization = defineOperation({
  method: 'post',
  path: '/v1/organizations/{id}/suspend',
  ...changing,
  summary: 'Suspends an organization: no credentials, no pages and no changes until it is resumed.',
  description: 'Deregistration and re-verification continue. Requests get 403 `organization_suspended`.',
  answer: organizationAnswer,
  errors: ['organization_not_found'],
  isIdempotent: true,
  examples: { one: { path, returns: 200 }, unknown },
  handler: async (input) =>
    organizationView(await suspend(input.deps, input.by, await organizationIn(input))),
});
