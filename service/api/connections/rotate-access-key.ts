import { rotateAccessKey as rotate } from '../../actions/change-access-key.js';
import { accessKeyIn, rotateAccessKeyRequest } from '../access-key-schema.js';
import { accessKey } from '../example-values.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { accessKeyErrors, changeErrors, changing, connectionAnswer, connectionIn, path } from './shared.js';

export const rotateAccessKey = defineOperation({
  method: 'put',
  path: '/v1/connections/{id}/access-key',
  ...changing,
  summary: 'Replaces the access key of a connection with another one of the same account.',
  body: rotateAccessKeyRequest,
  answer: connectionAnswer,
  errors: [
    ...changeErrors,
    'method_mismatch',
    'access_key_turned_off',
    'access_key_unreadable',
    ...accessKeyErrors,
  ],
  examples: {
    exchange: { path, body: accessKey, returns: 200 },
    ofARole: { path, body: accessKey, returns: 'method_mismatch' },
  },
  handler: async (input) =>
    connectionView(await rotate(input.deps, input.by, await connectionIn(input), accessKeyIn(input.body))),
});
