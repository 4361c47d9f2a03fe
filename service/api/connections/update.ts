import { changeConnection } from '../../actions/change-connection.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { updateConnectionRequest } from './requests.js';
import { changeErrors, changing, connectionAnswer, connectionIn, path } from './shared.js';

export const updateConnection = defineOperation({
  method: 'patch',
  path: '/v1/connections/{id}',
  ...changing,
  summary:
    'Changes the name, reference, metadata or default region; while pending, account and permission set too.',
  description:
    'Applies all changes or none. Metadata is replaced as a whole. Null removes a reference or default region.',
  body: updateConnectionRequest,
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
  handler: async (input) =>
    connectionView(await changeConnection(input.deps, input.by, await connectionIn(input), input.body)),
});
