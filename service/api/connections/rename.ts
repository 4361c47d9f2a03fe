import { renameConnection as rename } from '../../actions/change-connection.js';
import { defineOperation } from '../operation.js';
import { renameRequest } from '../schemas.js';
import { connectionView } from '../views.js';
import { changeErrors, connectionAnswer, connectionIn, path, tag } from './shared.js';

export const renameConnection = defineOperation({
  method: 'patch',
  path: '/v1/connections/{id}',
  tag,
  summary: 'Renames a connection.',
  auth: 'organization',
  permission: 'connections:write',
  body: renameRequest,
  answer: connectionAnswer,
  errors: changeErrors,
  examples: {
    rename: { path, body: { name: 'shop, production' }, returns: 200 },
    empty: { path, body: { name: '' }, returns: 'request_invalid' },
  },
  handler: async (input) =>
    connectionView(await rename(input.deps, input.by, await connectionIn(input), input.body.name)),
});
