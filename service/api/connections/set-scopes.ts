import { setScopes as set } from '../../actions/change-connection.js';
import { requireScope } from '../../domain/permission.js';
import { defineOperation } from '../operation.js';
import { connectionView } from '../views.js';
import { setScopesRequest } from './requests.js';
import { changeErrors, changing, connectionAnswer, connectionIn, path } from './shared.js';

export const setScopes = defineOperation({
  method: 'put',
  path: '/v1/connections/{id}/scopes',
  ...changing,
  summary: 'Sets where a connection applies.',
  body: setScopesRequest,
  answer: connectionAnswer,
  errors: [...changeErrors, 'scope_taken', 'target_unknown'],
  examples: {
    two: { path, body: { scopes: [{ project: 'shop' }, { project: 'blog' }] }, returns: 200 },
    organization: { path, body: { scopes: [{}] }, returns: 200 },
    taken: { path, body: { scopes: [{ project: 'taken' }] }, returns: 'scope_taken' },
    gap: { path, body: { scopes: [{ environment: 'production' }] }, returns: 'request_invalid' },
  },
  async handler(input) {
    const { scopes, replace } = input.body;
    const { authority } = input.caller;
    for (const scope of scopes) requireScope(authority, scope);
    const connection = await connectionIn(input);
    return connectionView(await set(input.deps, input.by, connection, scopes, replace, authority));
  },
});
