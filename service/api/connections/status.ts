import { z } from 'zod';
import { createCallbackSecrets } from '../../actions/callback-secrets.js';
import { perService } from '../../actions/per-service.js';
import { type Connection, connectionStatus, roleRegistrationOf } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { isConnectionId } from '../../domain/ids.js';
import { errorCode, isoTime } from '../../domain/verification.js';
import { matchesStatusToken } from '../../secrets/status-token.js';
import { bearerToken } from '../auth.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { path } from './shared.js';

const secretsOf = perService<ApiDependencies, ReturnType<typeof createCallbackSecrets>>(
  createCallbackSecrets,
);

const connectionHealth = z.object({
  status: connectionStatus,
  code: errorCode.optional(),
  checkedAt: isoTime,
});

export const getConnectionStatus = defineOperation({
  method: 'get',
  path: '/v1/connections/{id}/status',
  tag: 'Callback',
  summary: "Returns a connection's health for its customer's plan. Reads the store and never calls AWS.",
  auth: 'status_token',
  answer: { status: 200, description: 'Its health.', schema: connectionHealth },
  examples: {
    one: { path, returns: 200 },
    another: { path: { id: 'con_aaaaaaaaaaaaaaaaaaaaaaaa' }, returns: 'unauthorized' },
  },
  async handler({ deps, params: { id }, request }) {
    const connection = isConnectionId(id) ? await deps.store.connectionForCallback(id) : undefined;
    const secrets = secretsOf(deps)(connection);
    const isHolder = isConnectionId(id) && matchesStatusToken(bearerToken(request), id, secrets);
    if (!isHolder || !connection || roleRegistrationOf(connection) === undefined)
      throw new RolebridgeError('unauthorized', 'The request has no valid status token of this connection.', {
        remedy: 'Send "Authorization: Bearer" with the status token shown when the connection was created.',
      });
    return statusView(connection);
  },
});

/** Health without account, role or principal. */
function statusView(connection: Connection) {
  const verification = 'verification' in connection ? connection.verification : undefined;
  return {
    status: connection.status,
    ...(verification?.result === 'failed' && { code: verification.code }),
    checkedAt: verification?.finishedAt ?? connection.updatedAt,
  };
}
