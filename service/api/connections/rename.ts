import { expectAccount } from '../../actions/bind-account.js';
import { renameConnection as rename } from '../../actions/change-connection.js';
import { choosePermissionSet } from '../../actions/permission-set.js';
import { defineOperation } from '../operation.js';
import { changeConnectionRequest } from '../schemas.js';
import { connectionView } from '../views.js';
import { changeErrors, connectionAnswer, connectionIn, path, tag } from './shared.js';

export const renameConnection = defineOperation({
  method: 'patch',
  path: '/v1/connections/{id}',
  tag,
  summary: 'Renames a connection; while it is pending, sets its account and permission set.',
  auth: 'organization',
  permission: 'connections:write',
  body: changeConnectionRequest,
  answer: connectionAnswer,
  errors: [...changeErrors, 'account_mismatch', 'permission_set_unknown'],
  examples: {
    rename: { path, body: { name: 'shop, production' }, returns: 200 },
    empty: { path, body: { name: '' }, returns: 'request_invalid' },
  },
  async handler(input) {
    const { name, expectedAccountId, permissionSet, without } = input.body;
    let connection = await connectionIn(input);
    if (expectedAccountId !== undefined)
      connection = await expectAccount(input.deps, input.by, connection, expectedAccountId);
    if (permissionSet !== undefined || without !== undefined)
      connection = await choosePermissionSet(input.deps, input.by, connection, { permissionSet, without });
    if (name !== undefined) connection = await rename(input.deps, input.by, connection, name);
    return connectionView(connection);
  },
});
