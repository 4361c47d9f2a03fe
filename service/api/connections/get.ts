import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { connectionAnswer, connectionIn, findErrors, path, reading } from './shared.js';

export const getConnection = defineOperation({
  method: 'get',
  path: '/v1/connections/{id}',
  ...reading,
  summary: 'Returns one connection with its last verification.',
  answer: connectionAnswer,
  errors: findErrors,
  examples: {
    one: { path, returns: 200 },
    unknown: { path: { id: 'con_aaaaaaaaaaaaaaaaaaaaaaaa' }, returns: 'connection_not_found' },
  },
  handler: async (input) => connectionView(await connectionIn(input)),
});
