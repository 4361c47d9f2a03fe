import { eraseOrganization as erase } from '../../actions/erase-organization.js';
import { defineOperation } from '../operation.js';
import { changing, organizationIn, path, unknown } from './shared.js';

export const eraseOrganization = defineOperation({
  method: 'delete',
  path: '/v1/organizations/{id}',
  ...changing,
  summary: 'Deletes an organization and erases its data.',
  description:
    "Its connections, keys, links and targets are deleted, and the key that its persons' names are encrypted under is destroyed. The audit log keeps its chain. Export it first: this can't be undone. Repeat the call if it fails.",
  answer: { status: 204, description: 'The organization is erased.' },
  errors: ['organization_not_found'],
  examples: { one: { path, returns: 204 }, unknown },
  handler: async (input) => erase(input.deps, input.by, await organizationIn(input)),
});
