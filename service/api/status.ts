import type { Express } from 'express';
import { createCallbackSecrets } from '../actions/callback-secrets.js';
import type { Dependencies } from '../actions/dependencies.js';
import { type Connection, roleRegistrationOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId } from '../domain/ids.js';
import { matchesStatusToken } from '../secrets/status-token.js';
import { bearerToken } from './authentication.js';
import { refuseMethod, send } from './respond.js';

/**
 * `GET /v1/connections/{id}/status`: what a customer's plan asks, with a token that reads this and nothing else. It
 * reads what is stored and never asks AWS.
 */
export function addStatusRoute(app: Express, deps: Dependencies): void {
  const secretsOf = createCallbackSecrets(deps);

  app
    .route('/v1/connections/:id/status')
    .get(async (request, response) => {
      const { id } = request.params;
      const connection = isConnectionId(id) ? await deps.store.connectionForCallback(id) : undefined;
      const secrets = secretsOf(connection);
      const isHolder = isConnectionId(id) && matchesStatusToken(bearerToken(request), id, secrets);
      if (!isHolder || !connection || roleRegistrationOf(connection) === undefined)
        throw new RolebridgeError(
          'unauthorized',
          'The request has no valid status token of this connection.',
          {
            remedy: 'Send "Authorization: Bearer" with the status token shown when the connection was made.',
          },
        );
      send(response, { status: 200, body: statusView(connection) });
    })
    .all(refuseMethod('GET'));
}

/** Whether it works, and since when that is known: nothing that names an account, a role or a principal. */
function statusView(connection: Connection) {
  const verification = 'verification' in connection ? connection.verification : undefined;
  return {
    status: connection.status,
    ...(verification?.result === 'failed' && { code: verification.code }),
    checkedAt: verification?.finishedAt ?? connection.updatedAt,
  };
}
