import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { RolebridgeError } from '../domain/errors.js';
import { RateLimitedError } from '../limits/index.js';
import { type ApiOptions, limitUnauthenticated, mount } from './mount.js';
import type { ApiDependencies } from './operation.js';
import { problemAnswer } from './problem.js';
import { exchangeOf, logFailure } from './request-log.js';
import { send } from './respond.js';

export interface AppOptions extends ApiOptions {
  /** The site; it answers the paths that are no operation's. */
  readonly pages?: RequestHandler | undefined;
}

/** The whole service as a request listener; it never listens itself. */
export function createRequestListener(
  deps: ApiDependencies,
  options: AppOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.set('trust proxy', options.trustedProxies);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  if (options.pages) app.use(options.pages);
  app.use(() => {
    throw new RolebridgeError('not_found', 'There is nothing at this path.', {
      remedy: 'See /openapi.json for all paths.',
    });
  });
  app.use(async (thrown: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(thrown);
    const exchange = exchangeOf(response);
    const error = await limitUnauthenticated(deps.limits, thrown, request.ip, exchange);
    const problem = problemAnswer(error, deps.publicUrl);
    if (error instanceof RateLimitedError) exchange.allowance = error.allowance;
    if (problem.status >= 500) logFailure(options.logger, request, response, error);
    send(response, problem);
  });
  return mount(deps.operations, deps, options, app);
}
