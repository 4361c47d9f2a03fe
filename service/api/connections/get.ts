import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { connectionAnswer, connectionIn, findErrors, path, tag } from './shared.js';

export const getConnection = defineOperation({
  method: 'get',
  path: '/v1/connections/{id}',
  tag,
  summary: 'Returns one connection with its last verification.',
  auth: 'organization',
  permission: 'connections:read',
  answer: connectionAnswer,
  errors: findErrors,
  examples: {
    one: { path, returns: 200 },
    unknown: { path: { id: 'con_aaaaaaaaaaaaaaaaaaaaaaaa' }, returns: 'connection_not_found' },
  },
  handler: async (input) => connectionView(await connectionIn(input)),
});
