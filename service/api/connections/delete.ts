import { deleteConnection as remove } from '../../actions/change-connection.js';
import { defineOperation } from '../operation.js';
import { changeErrors, connectionIn, path, tag } from './shared.js';

export const deleteConnection = defineOperation({
  method: 'delete',
  path: '/v1/connections/{id}',
  tag,
  summary: 'Deletes a connection, its access key first.',
  auth: 'organization',
  permission: 'connections:write',
  answer: { status: 204, description: 'The connection is deleted.' },
  errors: changeErrors,
  examples: { delete: { path, returns: 204 } },
  async handler(input) {
    await remove(input.deps, input.by, await connectionIn(input));
    return undefined;
  },
});
