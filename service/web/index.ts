/**
 * The guided page: a server-rendered site on the same actions as the API. Views are pure functions over `hono/html`,
 * which escapes every value; routes read forms, call actions and redirect. No rule lives here.
 */
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import type { Logger } from 'pino';
import type { Dependencies } from '../actions/dependencies.js';
import { problemAnswer } from '../api/problem.js';
import { RolebridgeError } from '../domain/errors.js';
import type { RateLimits } from '../limits/index.js';
import { addAccessKeyPages } from './access-key-pages.js';
import { addApiReference } from './api-reference.js';
import { serveAssets } from './assets.js';
import { addCheckingPage } from './checking-pages.js';
import { addConnectionPages } from './connection-pages.js';
import { isSameOrigin } from './csrf.js';
import { addListPages } from './list-pages.js';
import { addProblemPages } from './problem-pages.js';
import { createSessions, isSame } from './session.js';
import { addSetupPages } from './setup-pages.js';
import { addSignInPages } from './sign-in-pages.js';
import { type Site, sendPage, sessionOf } from './site.js';
import { problemView } from './views/sign-in.js';

export interface WebOptions {
  readonly logger: Logger;
  readonly limits: Pick<RateLimits, 'address' | 'key'>;
}

/** The site as a router, for the app to mount at its root. */
export function createWeb(deps: Dependencies, { logger, limits }: WebOptions): Router {
  const router = Router();
  const site: Site = { deps, logger, assets: serveAssets(router), sessions: createSessions(deps) };

  addApiReference(router, site);
  addProblemPages(router, site);
  const pages = Router();
  // The paths in the routes are whole, as the log has them.
  router.use((request, response, next) =>
    /^\/(sign-in|sign-out|connections)(\/|$)/.test(request.path) ? pages(request, response, next) : next(),
  );
  router.get('/', (_request, response) => response.redirect(303, '/connections'));

  pages.use(express.urlencoded({ extended: false, limit: '64kb', inflate: false, parameterLimit: 50 }));
  // No other site can send a form here, signed in or not.
  pages.use((request, _response, next) => {
    if (request.method === 'POST' && !isSameOrigin(request, deps.publicUrl))
      throw foreignForm(deps.publicUrl);
    next();
  });
  addSignInPages(pages, site, limits);
  pages.use(async (request, response, next) => {
    const session = await site.sessions.find(request);
    if (session === undefined) {
      if (request.method !== 'GET') throw sessionEnded();
      return response.redirect(303, '/sign-in');
    }
    // As much as an API key may ask.
    await limits.key(session.id);
    if (request.method === 'POST' && !isSame(session.csrfToken, request.body?.csrf))
      throw foreignForm(deps.publicUrl);
    response.locals.session = session;
    response.locals.organization = await deps.store.organization(session.organizationId);
    next();
  });
  pages.post('/sign-out', async (request, response) => {
    await site.sessions.end(request, response, sessionOf(response));
    response.redirect(303, '/sign-in');
  });
  addListPages(pages, site);
  addAccessKeyPages(pages, site);
  addSetupPages(pages, site);
  addCheckingPage(pages, site);
  addConnectionPages(pages, site);
  pages.use(() => {
    throw new RolebridgeError('not_found', 'There is no page here.', {
      remedy: 'Go to the list of connections.',
    });
  });
  pages.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const { status, body, retryAfterSeconds } = problemAnswer(error, deps.publicUrl);
    const { title, detail, remedy } = body as { title: string; detail: string; remedy?: string };
    const { requestId } = response.locals;
    if (status >= 500) logger.error({ requestId, err: error }, 'request failed');
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
    return sendPage(site, response, title, problemView(title, detail, remedy, requestId), { status });
  });
  return router;
}

const foreignForm = (publicUrl: string) =>
  new RolebridgeError(
    'form_refused',
    'This form did not come from this site, or from a session that has ended.',
    {
      remedy: `Open ${publicUrl}/connections and send the form from there.`,
    },
  );

const sessionEnded = () =>
  new RolebridgeError('session_ended', 'You are not signed in any more. Nothing was changed.', {
    remedy: 'Sign in again, and repeat what you did.',
  });
