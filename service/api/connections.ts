import type { Router } from 'express';
import { deleteConnection, renameConnection, setScopes } from '../actions/change-connection.js';
import { createAccessKeyConnection } from '../actions/create-access-key-connection.js';
import { createConnection } from '../actions/create-connection.js';
import type { Dependencies } from '../actions/dependencies.js';
import { rotateCallbackSecret } from '../actions/rotate-callback-secret.js';
import { cancelExternalIdRotation, rotateExternalId } from '../actions/rotate-external-id.js';
import { verifyAgain } from '../actions/verify-again.js';
import { verifyConnection } from '../actions/verify-connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId } from '../domain/ids.js';
import { parseRoleArn } from '../domain/role-arn.js';
import { statusToken } from '../secrets/status-token.js';
import { accessKeyIn } from './access-key-schema.js';
import {
  connectionOf,
  jsonBody,
  organizationOf,
  refuseMethod,
  requesterOf,
  send,
  sendConnection,
} from './respond.js';
import * as schemas from './schemas.js';
import { connectionView, createdConnectionView, rotatedExternalIdView } from './views.js';

/** The calls on connections, whatever their method. */
export function addConnectionRoutes(api: Router, deps: Dependencies): void {
  api
    .route('/connections')
    .post(async (request, response) => {
      const body = schemas.parse(schemas.createConnectionRequest, jsonBody(request), 'body');
      const organizationId = organizationOf(response);
      const by = requesterOf(response);
      if (body.method === 'access_key') {
        const wanted = { ...body, ...accessKeyIn(body) };
        const connection = await createAccessKeyConnection(deps, by, organizationId, wanted);
        response.setHeader('location', `/v1/connections/${connection.id}`);
        send(response, { status: 201, body: connectionView(connection) });
        return;
      }
      const { scope, ...wanted } = body;
      const { connection, callbackSecret } = await createConnection(deps, by, organizationId, {
        ...wanted,
        scopes: scope && [scope],
      });
      response.setHeader('location', `/v1/connections/${connection.id}`);
      send(response, {
        status: 201,
        body: createdConnectionView(deps, connection, connection, callbackSecret),
      });
    })
    .get(async (request, response) => {
      const query = schemas.parse(schemas.listQuery, request.query, 'query');
      const after = query.after;
      if (after !== undefined && !isConnectionId(after))
        throw new RolebridgeError('request_invalid', 'query.after: must be the id of a connection', {
          remedy: 'Use the "next" of the page before.',
        });
      const page = await deps.store.connections(organizationOf(response), { ...query, after });
      const last = page.connections.at(-1);
      send(response, {
        status: 200,
        body: {
          connections: page.connections.map(connectionView),
          ...(page.hasMore && last && { next: last.id }),
        },
      });
    })
    .all(refuseMethod('GET, POST'));

  api
    .route('/connections/:id')
    .get(async (request, response) => sendConnection(response, await connectionOf(deps, request, response)))
    .patch(async (request, response) => {
      const { name } = schemas.parse(schemas.renameRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      sendConnection(response, await renameConnection(deps, requesterOf(response), connection, name));
    })
    .delete(async (request, response) => {
      const connection = await connectionOf(deps, request, response);
      await deleteConnection(deps, requesterOf(response), connection);
      send(response, { status: 204, body: undefined });
    })
    .all(refuseMethod('GET, PATCH, DELETE'));

  api
    .route('/connections/:id/role')
    .put(async (request, response) => {
      const { roleArn } = schemas.parse(schemas.setRoleRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      parseRoleArn(roleArn);
      const verified = await verifyConnection(deps, requesterOf(response), connection, {
        roleArn,
        askedBy: 'manual',
      });
      sendConnection(response, verified);
    })
    .all(refuseMethod('PUT'));

  api
    .route('/connections/:id/verify')
    .post(async (request, response) => {
      const connection = await connectionOf(deps, request, response);
      sendConnection(response, await verifyAgain(deps, requesterOf(response), connection));
    })
    .all(refuseMethod('POST'));

  api
    .route('/connections/:id/rotate-callback-secret')
    .post(async (request, response) => {
      const wanted = schemas.parse(schemas.rotateCallbackSecretRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      const rotated = await rotateCallbackSecret(deps, requesterOf(response), connection, wanted);
      send(response, {
        status: 200,
        body: { ...rotated, statusToken: statusToken(connection.id, rotated.callbackSecret) },
      });
    })
    .all(refuseMethod('POST'));

  api
    .route('/connections/:id/rotate-external-id')
    .post(async (request, response) => {
      const wanted = schemas.parse(schemas.rotateExternalIdRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      const rotating = await rotateExternalId(deps, requesterOf(response), connection, {
        rotatesCallbackSecret: wanted.rotateCallbackSecret,
      });
      const body = rotatedExternalIdView(deps, rotating.connection, rotating.callbackSecret);
      send(response, { status: 200, body });
    })
    .delete(async (request, response) => {
      const connection = await connectionOf(deps, request, response);
      sendConnection(response, await cancelExternalIdRotation(deps, requesterOf(response), connection));
    })
    .all(refuseMethod('POST, DELETE'));

  api
    .route('/connections/:id/scopes')
    .put(async (request, response) => {
      const { scopes, replace } = schemas.parse(schemas.setScopesRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      sendConnection(response, await setScopes(deps, requesterOf(response), connection, scopes, replace));
    })
    .all(refuseMethod('PUT'));
}
