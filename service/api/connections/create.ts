import { createAccessKeyConnection } from '../../actions/create-access-key-connection.js';
import { createConnection as create } from '../../actions/create-connection.js';
import { type Authority, denied, requireScope } from '../../domain/permission.js';
import type { Scope } from '../../domain/scope.js';
import { accessKeyIn } from '../access-key-schema.js';
import { accessKey } from '../example-values.js';
import { defineOperation } from '../operation.js';
import { connectionView, createdConnectionView } from '../views.js';
import * as answers from './answers.js';
import { createConnectionRequest } from './requests.js';
import { accessKeyErrors, changing } from './shared.js';

export const createConnection = defineOperation({
  method: 'post',
  path: '/v1/connections',
  ...changing,
  summary: 'Creates a connection.',
  description:
    'With a role, the answer contains everything that the customer needs to create it, and shows the secrets once. With an access key, the service verifies the key before it stores anything.',
  body: createConnectionRequest,
  answer: {
    status: 201,
    description: 'The connection; Location has its path.',
    schema: answers.createdRoleConnection.or(answers.connection),
    location: '/v1/connections/{id}',
  },
  errors: [
    ...accessKeyErrors,
    'access_key_turned_off',
    'access_key_unreadable',
    'scope_taken',
    'target_unknown',
    'permission_set_unknown',
  ],
  examples: {
    role: { body: { name: 'shop', scope: { project: 'shop', environment: 'production' } }, returns: 201 },
    accessKey: { body: { name: 'archive', method: 'access_key', ...accessKey }, returns: 201 },
    unknownKey: {
      body: { name: 'archive', method: 'access_key', ...accessKey, accessKeyId: 'AKIAI44QH8DHBEXAMPLE' },
      returns: 'access_key_invalid',
    },
    emptyName: { body: { name: '', scope: { project: 'shop' } }, returns: 'request_invalid' },
    takenScope: { body: { name: 'second', scope: { project: 'taken' } }, returns: 'scope_taken' },
    otherPartition: { body: { name: 'beijing', partition: 'aws-cn' }, returns: 'partition_not_supported' },
  },
  async handler({ deps, by, caller: { organizationId, authority }, body }) {
    requireScopeOf(authority, body);
    if (body.method === 'access_key')
      return connectionView(
        await createAccessKeyConnection(deps, by, organizationId, { ...body, ...accessKeyIn(body) }),
      );
    const { scope, ...wanted } = body;
    const { connection, callbackSecret } = await create(deps, by, organizationId, {
      ...wanted,
      scopes: scope && [scope],
    });
    return createdConnectionView(deps, connection, callbackSecret);
  },
});

/** A key that is limited to a scope must name one: otherwise the callback could choose any. */
function requireScopeOf(
  authority: Authority,
  { scope, ...body }: { scope?: Scope | undefined; scopeFrom?: 'callback' | undefined },
): void {
  if (authority.scope === undefined) return;
  if (scope === undefined || body.scopeFrom !== undefined)
    throw denied(
      'This API key is limited to a scope, so its connections need one.',
      'Name a "scope" within it.',
    );
  requireScope(authority, scope);
}
