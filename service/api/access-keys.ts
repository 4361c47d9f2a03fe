import type { Router } from 'express';
import { migrateToRole, rotateAccessKey } from '../actions/change-access-key.js';
import type { Dependencies } from '../actions/dependencies.js';
import { roleRegistrationOf } from '../domain/connection.js';
import { accessKeyIn, rotateAccessKeyRequest } from './access-key-schema.js';
import { connectionOf, jsonBody, refuseMethod, requesterOf, send, sendConnection } from './respond.js';
import { parse } from './schemas.js';
import { createdConnectionView } from './views.js';

/** The calls on a connection with an access key: exchange the key, move to a role. */
export function addAccessKeyRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/connections/:id/access-key')
    .put(async (request, response) => {
      const body = parse(rotateAccessKeyRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      sendConnection(
        response,
        await rotateAccessKey(deps, requesterOf(response), connection, accessKeyIn(body)),
      );
    })
    .all(refuseMethod('PUT'));

  api
    .route('/connections/:id/migrate-to-role')
    .post(async (request, response) => {
      const found = await connectionOf(deps, request, response);
      const { connection, callbackSecret } = await migrateToRole(deps, requesterOf(response), found);
      const trust = roleRegistrationOf(connection);
      if (trust === undefined) throw new Error('A move that has begun has an external ID.');
      send(response, {
        status: 200,
        body: createdConnectionView(deps, connection, trust, callbackSecret),
      });
    })
    .all(refuseMethod('POST'));
}
