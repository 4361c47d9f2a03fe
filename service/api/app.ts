import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Logger } from 'pino';
import { createOrganization } from '../actions/create-organization.js';
import type { Dependencies } from '../actions/dependencies.js';
import { reencrypt } from '../actions/reencrypt.js';
import { resolveTarget } from '../actions/resolve-target.js';
import type { Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { RateLimitedError, type RateLimits } from '../limits/index.js';
import type { Metrics } from '../metrics/index.js';
import { addAccessKeyRoutes } from './access-keys.js';
import { addApiKeyRoutes } from './api-keys.js';
import { addAuditRoutes } from './audit.js';
import { authenticate, requireOperator } from './authentication.js';
import { createCallbackReceiver } from './callbacks.js';
import { addConnectionRoutes } from './connections.js';
import { answerCredentials } from './credentials.js';
import { addDownloadRoutes } from './downloads.js';
import { addEnrollmentRoutes, addRegistrationRoute } from './enrollments.js';
import { answerMetrics } from './metrics.js';
import { addOpenApiRoute } from './openapi/route.js';
import { problemAnswer } from './problem.js';
import { answerProblem } from './problem-pages.js';
import { createRequestLog, logFailure } from './request-log.js';
import { jsonBody, organizationOf, rawBody, refuseMethod, requesterOf, send } from './respond.js';
import { addRoleTemplateRoutes } from './role-templates.js';
import { rememberMount } from './route-of.js';
import * as schemas from './schemas.js';
import { addSignInLinkRoutes } from './sign-in-links.js';
import { readSmallBody } from './small-body.js';
import { addStatusRoute } from './status.js';
import { resolutionView } from './views.js';

export interface AppOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** False: nobody can read the metrics. */
  readonly isMeasured: boolean;
  readonly limits: RateLimits;
  /** SHA-256 (hexadecimal) of the token for `/metrics`; without one it is not there. */
  readonly metricsTokenHash?: string | undefined;
  /** How many proxies in front of the service write `X-Forwarded-For`. */
  readonly trustedProxies: number;
  readonly callbackToleranceMs: number;
  /** SHA-256 (hexadecimal) of the operator's token; without one, organizations are made on the command line only. */
  readonly operatorTokenHash?: string | undefined;
  /** The site for people; it answers the paths that are its own. */
  readonly pages?: RequestHandler | undefined;
}

/** The service as an Express app; it never listens. */
export function createApp(deps: Dependencies, options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('etag', false);

  app.set('trust proxy', options.trustedProxies);

  const { limits } = options;
  const begin = createRequestLog(options);
  const authenticated = async (request: Request, response: Response) => {
    const key = await authenticate(deps.store, request);
    response.locals.apiKey = key;
    response.locals.allowance = await limits.key(key.id);
  };

  // Before all middleware and routers: what is deployed asks these all day long, and each layer costs.
  app.get('/v1/resolve', async (request, response) => {
    begin(request, response);
    await authenticated(request, response);
    const target = schemas.parse(schemas.scope, request.query, 'query');
    const resolution = await resolveTarget(deps.store, organizationOf(response), target);
    send(response, { status: 200, body: resolutionView(resolution) });
  });
  app.post('/v1/credentials', async (request, response) => {
    begin(request, response);
    await authenticated(request, response);
    request.body = await readSmallBody(request);
    const by = requesterOf(response);
    send(response, await answerCredentials(deps, by, organizationOf(response), jsonBody(request)));
  });
  app.use((request, response, next) => {
    begin(request, response);
    next();
  });
  app.all('/v1/resolve', refuseMethod('GET'));
  app.all('/v1/credentials', refuseMethod('POST'));

  app.get('/healthz', (_request, response) => send(response, { status: 200, body: { status: 'ok' } }));
  // Anybody may ask, and it may cost a write: those who ask at once share one.
  let asking: Promise<void> | undefined;
  const ready = () => {
    asking ??= deps.store.ready().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  app.get('/readyz', async (_request, response) => {
    await ready();
    send(response, { status: 200, body: { status: 'ready' } });
  });
  addOpenApiRoute(app, deps.publicUrl);
  addDownloadRoutes(app, deps);

  app.get('/metrics', answerMetrics(options.metrics, options.metricsTokenHash));

  const readBody = express.raw({ type: () => true, limit: '64kb', inflate: false });
  const receiveCallback = createCallbackReceiver(deps, options.callbackToleranceMs, limits);
  app.post('/v1/callbacks', readBody, async (request, response) => {
    send(response, await receiveCallback(request.headers, rawBody(request), response.locals.requestId));
  });

  addRegistrationRoute(app, deps, { toleranceMs: options.callbackToleranceMs, limits, readBody });

  app.post('/v1/organizations', readBody, async (request, response) => {
    requireOperator(request, options.operatorTokenHash);
    const { name } = schemas.parse(schemas.createOrganizationRequest, jsonBody(request), 'body');
    const by: Requester = { actor: { kind: 'operator' }, requestId: response.locals.requestId };
    const { organization, apiKey } = await createOrganization(deps, by, name);
    send(response, { status: 201, body: { ...organization, apiKey } });
  });

  app.post('/v1/reencrypt', async (request, response) => {
    requireOperator(request, options.operatorTokenHash);
    const by: Requester = { actor: { kind: 'operator' }, requestId: response.locals.requestId };
    send(response, { status: 200, body: await reencrypt(deps, by) });
  });

  addStatusRoute(app, deps);

  const api = express.Router();
  app.use('/v1', api);
  api.use(async (request, response, next) => {
    rememberMount(request);
    await authenticated(request, response);
    next();
  });
  // The key is checked before a body is read.
  api.use(readBody);

  addConnectionRoutes(api, deps);
  addRoleTemplateRoutes(api, deps);
  addAccessKeyRoutes(api, deps);
  addEnrollmentRoutes(api, deps);
  addApiKeyRoutes(api, deps);
  addAuditRoutes(api, deps);
  addSignInLinkRoutes(api, deps);

  if (options.pages) app.use(options.pages);
  // After the site, which has a page of it.
  app.get('/problems/:code', answerProblem(deps.publicUrl));

  app.use(() => {
    throw new RolebridgeError('not_found', 'There is nothing at this path.', {
      remedy: 'See the API reference in the README.',
    });
  });
  app.use(async (thrown: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(thrown);
    const error = await stranger(thrown, request, response);
    const answer = problemAnswer(error, deps.publicUrl);
    const { requestId } = response.locals;
    if (error instanceof RateLimitedError) response.locals.allowance = error.allowance;
    if (answer.status >= 500) logFailure(options.logger, request, requestId, error);
    send(response, answer);
  });
  return app;

  /** Whoever has no valid key and goes on asking is told so at the cost of a look into a map. */
  async function stranger(error: unknown, request: Request, response: Response): Promise<unknown> {
    if (response.locals.apiKey || problemAnswer(error, '').status >= 500) return error;
    return limits.address(request.ip).then(
      () => error,
      (limited: unknown) => limited,
    );
  }
}
