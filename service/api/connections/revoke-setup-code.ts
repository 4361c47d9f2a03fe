import { revokeSetupCode as revoke } from '../../actions/setup-codes.js';
import { defineOperation } from '../operation.js';
import { connectionIn, findErrors, path, tag } from './shared.js';

export const revokeSetupCode = defineOperation({
  method: 'delete',
  path: '/v1/connections/{id}/setup-code',
  tag,
  summary: 'Revokes the set-up code of a connection, if it has one.',
  auth: 'organization',
  permission: 'connections:write',
  answer: { status: 204, description: 'Revoked.' },
  errors: findErrors,
  examples: { one: { path, returns: 204 } },
  async handler(input) {
    await revoke(input.deps, input.by, await connectionIn(input));
    return undefined;
  },
});
