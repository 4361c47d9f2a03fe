import { revokeSetupCode as revoke } from '../../actions/setup-codes.js';
import { defineOperation } from '../operation.js';
import { changing, connectionIn, findErrors, path } from './shared.js';

export const revokeSetupCode = defineOperation({
  method: 'delete',
  path: '/v1/connections/{id}/setup-code',
  ...changing,
  summary: 'Revokes the set-up code of a connection, if it has one.',
  answer: { status: 204, description: 'Revoked.' },
  errors: findErrors,
  examples: { one: { path, returns: 204 } },
  handler: async (input) => revoke(input.deps, input.by, await connectionIn(input)),
});
