import type { Request, RequestHandler, Response, Router } from 'express';
import { moveToRole, rotateAccessKey } from '../actions/change-access-key.js';
import { type Connection, roleTrustOf } from '../domain/connection.js';
import type { Dependencies } from '../domain/service-dependencies.js';
import { accessKeyIn, rotateAccessKeyRequest } from './access-key-schema.js';
import type { Answer } from './problem.js';
import { parse } from './schemas.js';
import { connectionView, createdConnectionView } from './views.js';

/** The calls on a connection with an access key: exchange the key, move to a role. */
export function addAccessKeyRoutes(
  api: Router,
  deps: Dependencies,
  { jsonBody, connectionOf, send, refuseMethod }: RouteTools,
): void {
  api
    .route('/connections/:id/access-key')
    .put(async (request, response) => {
      const body = parse(rotateAccessKeyRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      const next = await rotateAccessKey(deps, connection, accessKeyIn(body));
      send(response, { status: 200, body: connectionView(next) });
    })
    .all(refuseMethod('PUT'));

  api
    .route('/connections/:id/move-to-role')
    .post(async (request, response) => {
      const found = await connectionOf(deps, request, response);
      const { connection, callbackSecret } = await moveToRole(deps, found);
      const trust = roleTrustOf(connection);
      if (trust === undefined) throw new Error('A move that has begun has an external ID.');
      send(response, {
        status: 200,
        body: createdConnectionView(deps, connection, trust, callbackSecret),
      });
    })
    .all(refuseMethod('POST'));
}

/** What every route of the app does alike. */
interface RouteTools {
  jsonBody(request: Request): unknown;
  connectionOf(deps: Dependencies, request: Request<{ id: string }>, response: Response): Promise<Connection>;
  send(response: Response, answer: Answer): void;
  refuseMethod(allowed: string): RequestHandler;
}
