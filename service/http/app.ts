import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import { verifyHeldAccessKey } from '../actions/change-access-key.js';
import { deleteConnection, renameConnection, setScopes } from '../actions/change-connection.js';
import { createAccessKeyConnection } from '../actions/create-access-key-connection.js';
import { createConnection } from '../actions/create-connection.js';
import { createOrganization } from '../actions/create-organization.js';
import { findConnection } from '../actions/find-connection.js';
import { resolveTarget } from '../actions/resolve-target.js';
import { verifyConnection } from '../actions/verify-connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId, type OrganizationId } from '../domain/ids.js';
import { parseRoleArn } from '../domain/role-arn.js';
import type { Dependencies } from '../domain/service-dependencies.js';
import { apiKeyIdOf, matchesApiKey } from '../secrets/api-key.js';
import { accessKeyIn } from './access-key-schema.js';
import { addAccessKeyRoutes } from './access-keys.js';
import { createCallbackReceiver } from './callbacks.js';
import { answerCredentials } from './credentials.js';
import { parseJsonBody } from './json-body.js';
import { type Answer, problemAnswer } from './problem.js';
import * as schemas from './schemas.js';
import { readSmallBody } from './small-body.js';
import { connectionView, createdConnectionView, resolutionView } from './views.js';

export interface AppOptions {
  readonly logger: Logger;
  readonly callbackToleranceMs: number;
  /** SHA-256 (hexadecimal) of the operator's token; without one, organizations are made on the command line only. */
  readonly operatorTokenHash?: string | undefined;
}

/** The service as an Express app; it never listens. */
export function createApp(deps: Dependencies, options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('etag', false);

  const begin = (response: Response) => {
    response.locals.requestId = randomUUID();
    response.locals.logger = options.logger;
  };

  // Before all middleware and routers: what is deployed asks these all day long, and each layer costs.
  app.get('/v1/resolve', async (request, response) => {
    begin(response);
    const organizationId = await authenticate(deps, request);
    const target = schemas.parse(schemas.scope, request.query, 'query');
    const resolution = await resolveTarget(deps.store, organizationId, target);
    send(response, { status: 200, body: resolutionView(resolution) });
  });
  app.post('/v1/credentials', async (request, response) => {
    begin(response);
    const organizationId = await authenticate(deps, request);
    request.body = await readSmallBody(request);
    send(response, await answerCredentials(deps, organizationId, jsonBody(request)));
  });
  app.use((_request, response, next) => {
    begin(response);
    next();
  });
  app.all('/v1/resolve', refuseMethod('GET'));
  app.all('/v1/credentials', refuseMethod('POST'));

  app.get('/healthz', (_request, response) => send(response, { status: 200, body: { status: 'ok' } }));
  app.get('/readyz', async (_request, response) => {
    await deps.store.ready();
    send(response, { status: 200, body: { status: 'ready' } });
  });

  const readBody = express.raw({ type: () => true, limit: '64kb', inflate: false });
  const receiveCallback = createCallbackReceiver(deps, options.callbackToleranceMs);
  app.post('/v1/callbacks', readBody, async (request, response) => {
    send(response, await receiveCallback(request.headers, rawBody(request)));
  });

  app.post('/v1/organizations', readBody, async (request, response) => {
    requireOperator(request, options.operatorTokenHash);
    const { name } = schemas.parse(schemas.createOrganizationRequest, jsonBody(request), 'body');
    const { organization, apiKey } = await createOrganization(deps.store, deps.clock, name);
    send(response, { status: 201, body: { ...organization, apiKey } });
  });

  const api = express.Router();
  app.use('/v1', api);
  api.use(async (request, response, next) => {
    response.locals.organizationId = await authenticate(deps, request);
    next();
  });
  // The key is checked before a body is read.
  api.use(readBody);

  api
    .route('/connections')
    .post(async (request, response) => {
      const body = schemas.parse(schemas.createConnectionRequest, jsonBody(request), 'body');
      if (body.method === 'access_key') {
        const request = { ...body, ...accessKeyIn(body) };
        const connection = await createAccessKeyConnection(deps, organizationOf(response), request);
        response.setHeader('location', `/v1/connections/${connection.id}`);
        send(response, { status: 201, body: connectionView(connection) });
        return;
      }
      const { connection, callbackSecret } = await createConnection(deps, organizationOf(response), body);
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
      sendConnection(
        response,
        await renameConnection(deps, await connectionOf(deps, request, response), name),
      );
    })
    .delete(async (request, response) => {
      await deleteConnection(deps, await connectionOf(deps, request, response));
      send(response, { status: 204, body: undefined });
    })
    .all(refuseMethod('GET, PATCH, DELETE'));

  api
    .route('/connections/:id/role')
    .put(async (request, response) => {
      const { roleArn } = schemas.parse(schemas.setRoleRequest, jsonBody(request), 'body');
      const connection = await connectionOf(deps, request, response);
      parseRoleArn(roleArn);
      sendConnection(response, await verifyConnection(deps, connection, { roleArn, askedBy: 'manual' }));
    })
    .all(refuseMethod('PUT'));

  api
    .route('/connections/:id/verify')
    .post(async (request, response) => {
      const connection = await connectionOf(deps, request, response);
      if (connection.method === 'access_key') {
        sendConnection(response, await verifyHeldAccessKey(deps, connection));
        return;
      }
      if (connection.status !== 'connected' && connection.status !== 'failed')
        throw new RolebridgeError(
          'role_missing',
          `The connection is ${connection.status}: it has no role to check.`,
          {
            remedy: 'Deploy the stack, or give the role ARN with PUT …/role.',
          },
        );
      sendConnection(
        response,
        await verifyConnection(deps, connection, { roleArn: connection.roleArn, askedBy: 'verify' }),
      );
    })
    .all(refuseMethod('POST'));

  addAccessKeyRoutes(api, deps, { jsonBody, connectionOf, send, refuseMethod });

  api
    .route('/connections/:id/scopes')
    .put(async (request, response) => {
      const { scopes, replace } = schemas.parse(schemas.setScopesRequest, jsonBody(request), 'body');
      sendConnection(
        response,
        await setScopes(deps, await connectionOf(deps, request, response), scopes, replace),
      );
    })
    .all(refuseMethod('PUT'));

  app.use(() => {
    throw new RolebridgeError('not_found', 'There is nothing at this path.', {
      remedy: 'See the API reference in the README.',
    });
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const answer = problemAnswer(error);
    const { requestId } = response.locals;
    if (answer.status >= 500) options.logger.error({ requestId, err: error }, 'request failed');
    send(response, answer);
  });
  return app;
}

function send(response: Response, { status, body, retryAfterSeconds }: Answer): void {
  const { requestId, logger } = response.locals as { requestId: string; logger: Logger };
  const { method, path } = response.req;
  if ((method !== 'GET' || status >= 400) && logger.isLevelEnabled('info'))
    logger.info({ requestId, method, path, status }, 'request');
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(status !== 204 && { 'content-length': Buffer.byteLength(text) }),
    'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  });
  response.end(text);
}

const sendConnection = (response: Response, connection: Parameters<typeof connectionView>[0]) =>
  send(response, { status: 200, body: connectionView(connection) });

const organizationOf = (response: Response) => response.locals.organizationId as OrganizationId;

const connectionOf = (deps: Dependencies, request: Request<{ id: string }>, response: Response) =>
  findConnection(deps.store, organizationOf(response), request.params.id);

const rawBody = (request: Request): Buffer =>
  Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);

function jsonBody(request: Request): unknown {
  const type = request.headers['content-type'];
  if (type === undefined || !/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type))
    throw new RolebridgeError('media_type_not_supported', 'The body must be JSON.', {
      remedy: 'Send "content-type: application/json".',
    });
  return parseJsonBody(rawBody(request));
}

function bearerToken(request: Request): string {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

async function authenticate(deps: Dependencies, request: Request): Promise<OrganizationId> {
  const text = bearerToken(request);
  const id = apiKeyIdOf(text);
  const key = id && (await deps.store.apiKey(id));
  if (!matchesApiKey(text, key))
    throw new RolebridgeError('unauthorized', 'The request has no valid API key.', {
      remedy: 'Send "Authorization: Bearer" with an API key of your organization.',
    });
  return key.organizationId;
}

function requireOperator(request: Request, operatorTokenHash: string | undefined): void {
  const hash = createHash('sha256').update(bearerToken(request)).digest();
  if (operatorTokenHash === undefined || !timingSafeEqual(hash, Buffer.from(operatorTokenHash, 'hex')))
    throw new RolebridgeError('unauthorized', "This call takes the operator's token.", {
      remedy: 'Start the service with ROLEBRIDGE_OPERATOR_TOKEN and send that as "Authorization: Bearer".',
    });
}

const refuseMethod = (allowed: string) => (_request: Request, response: Response) => {
  response.setHeader('allow', allowed);
  throw new RolebridgeError('method_not_allowed', `This path takes ${allowed}.`, {
    remedy: 'Use one of these methods.',
  });
};
