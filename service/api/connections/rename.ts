import { expectAccount } from '../../actions/bind-account.js';
import { labelConnection, renameConnection as rename } from '../../actions/change-connection.js';
import { choosePermissionSet } from '../../actions/permission-set.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { changeConnectionRequest } from './requests.js';
import { changeErrors, connectionAnswer, connectionIn, path, tag } from './shared.js';

export const renameConnection = defineOperation({
  method: 'patch',
  path: '/v1/connections/{id}',
  tag,
  summary:
    'Changes the name, reference, metadata or default region; while pending, account and permission set too.',
  description: 'Metadata is replaced as a whole. Null removes a reference or default region.',
  auth: 'organization',
  permission: 'connections:write',
  body: changeConnectionRequest,
  answer: connectionAnswer,
  errors: [...changeErrors, 'account_mismatch', 'permission_set_unknown'],
  examples: {
    rename: { path, body: { name: 'shop, production' }, returns: 200 },
    labels: {
      path,
      body: { reference: 'account-1', metadata: { tier: 'gold' }, defaultRegion: 'eu-central-1' },
      returns: 200,
    },
    empty: { path, body: { name: '' }, returns: 'request_invalid' },
  },
  async handler(input) {
    const { name, expectedAccountId, permissionSet, without, ...labels } = input.body;
    let connection = await connectionIn(input);
    if (expectedAccountId !== undefined)
      connection = await expectAccount(input.deps, input.by, connection, expectedAccountId);
    if (permissionSet !== undefined || without !== undefined)
      connection = await choosePermissionSet(input.deps, input.by, connection, { permissionSet, without });
    if (Object.keys(labels).length > 0)
      connection = await labelConnection(input.deps, input.by, connection, labels);
    if (name !== undefined) connection = await rename(input.deps, input.by, connection, name);
    return connectionView(connection);
  },
});
