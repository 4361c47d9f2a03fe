import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { RolebridgeError } from '../domain/errors.js';
import { type ApiOptions, createErrorHandler, mount } from './mount.js';
import type { ApiDependencies } from './operation.js';

/** The whole service as a request listener; it never listens itself. The pages answer the paths that are no operation's. */
export function createRequestListener(
  deps: ApiDependencies,
  pages: RequestHandler,
  options: ApiOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.set('trust proxy', options.trustedProxies);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use(pages);
  app.use(() => {
    throw new RolebridgeError('not_found', 'There is nothing at this path.', {
      remedy: 'See /openapi.json for all paths.',
    });
  });
  const answerError = createErrorHandler(deps, options);
  // Express knows an error handler by its four parameters.
  app.use((thrown: unknown, request: Request, response: Response, _next: NextFunction) =>
    answerError(thrown, request, response),
  );
  return mount(deps, options, { next: app, answerError });
}
