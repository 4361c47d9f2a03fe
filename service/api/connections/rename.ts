import { expectAccount } from '../../actions/bind-account.js';
import { renameConnection as rename } from '../../actions/change-connection.js';
import { defineOperation } from '../operation.js';
import { changeConnectionRequest } from '../schemas.js';
import { connectionView } from '../views.js';
import { changeErrors, connectionAnswer, connectionIn, path, tag } from './shared.js';

export const renameConnection = defineOperation({
  method: 'patch',
  path: '/v1/connections/{id}',
  tag,
  summary: 'Renames a connection, or says which account it is for while it is pending.',
  auth: 'organization',
  permission: 'connections:write',
  body: changeConnectionRequest,
  answer: connectionAnswer,
  errors: [...changeErrors, 'account_mismatch'],
  examples: {
    rename: { path, body: { name: 'shop, production' }, returns: 200 },
    empty: { path, body: { name: '' }, returns: 'request_invalid' },
  },
  async handler(input) {
    const { name, expectedAccountId } = input.body;
    let connection = await connectionIn(input);
    if (expectedAccountId !== undefined)
      connection = await expectAccount(input.deps, input.by, connection, expectedAccountId);
    if (name !== undefined) connection = await rename(input.deps, input.by, connection, name);
    return connectionView(connection);
  },
});
