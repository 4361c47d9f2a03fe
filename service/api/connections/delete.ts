import { deleteConnection as remove } from '../../actions/change-connection.js';
import { defineOperation } from '../operation.js';
import { changeErrors, changing, connectionIn, path } from './shared.js';

export const deleteConnection = defineOperation({
  method: 'delete',
  path: '/v1/connections/{id}',
  ...changing,
  summary: 'Deletes a connection, its access key first.',
  answer: { status: 204, description: 'The connection is deleted.' },
  errors: changeErrors,
  examples: { delete: { path, returns: 204 } },
  handler: async (input) => remove(input.deps, input.by, await connectionIn(input)),
});
