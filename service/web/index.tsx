/**
 * The guided page: a server-rendered site on the same actions as the API. Views are components in JSX, which escapes
 * every value; routes read forms, call actions and redirect. No rule lives here.
 */
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import type { Logger } from 'pino';
import type { Dependencies } from '../actions/dependencies.js';
import { requireActive } from '../actions/require-active.js';
import { problemAnswer } from '../api/problem.js';
import { logFailure } from '../api/request-log.js';
import { RolebridgeError } from '../domain/errors.js';
import type { RateLimits } from '../limits/index.js';
import { requireAccess } from './access.js';
import { addApiReference } from './api-reference.js';
import { serveAssets } from './assets.js';
import { type Brand, defaultBrand } from './brand.js';
import { formRefused, isSameOrigin } from './csrf.js';
import { createOperatorPages } from './operator/index.js';
import { addAccessKeyPages } from './pages/access-key.js';
import { addAdministratorLinkPage } from './pages/administrator-link.js';
import { addCheckPages } from './pages/check.js';
import { addConnectionPages } from './pages/connection.js';
import { addDeletePages } from './pages/delete.js';
import { addKeyPages } from './pages/keys.js';
import { addListPage } from './pages/list.js';
import { addNewConnectionPage } from './pages/new-connection.js';
import { addProblemPages, ProblemPage } from './pages/problem.js';
import { addRotatePages } from './pages/rotate.js';
import { addScopePages } from './pages/scope.js';
import { addSetupPages } from './pages/setup.js';
import { addLinkPages, addSignInPages, signInPath } from './pages/sign-in.js';
import { addSuccessPage } from './pages/success.js';
import { createSessions, isSame } from './session.js';
import { noSuchPage, routesOf, type Site, Visit } from './site.js';
import { textsFor } from './texts/index.js';

export interface WebOptions {
  readonly logger: Logger;
  readonly limits: Pick<RateLimits, 'address' | 'key'>;
  /** @default a neutral one */
  readonly brand?: Brand | undefined;
  /** The hash of the setting's operator token; created tokens open the operator's pages, too. */
  readonly operatorTokenHash?: string | undefined;
}

/** Paths are exact: a guard and a route never read the same path differently. */
const exactly = { strict: true, caseSensitive: true } as const;

/** The site as a router, for the app to mount at its root. */
export function createWeb(
  deps: Dependencies,
  { logger, limits, brand = defaultBrand, operatorTokenHash }: WebOptions,
): Router {
  const router = Router(exactly);
  const base = new URL(deps.publicUrl).pathname.replace(/\/$/, '');
  const site: Site = {
    deps,
    logger,
    brand,
    base,
    embedOrigins: [],
    texts: textsFor(brand),
    assets: serveAssets(router, brand, base),
    sessions: createSessions(deps),
  };

  const routes = routesOf(router, site);
  addApiReference(routes);
  addProblemPages(routes);
  const pages = createPages(site, limits);
  // Routes keep their full path, so that the request log shows it.
  router.use((request, response, next) =>
    /^\/(sign-in|sign-out|connections|keys)(\/.*[^/])?$/.test(request.path)
      ? pages(request, response, next)
      : next(),
  );
  const operator = createOperatorPages(site, limits, operatorTokenHash);
  operator.use(sendProblem(site));
  router.use('/operator', operator);
  routes.get('/', (visit) => visit.seeOther('/connections'));
  if (brand.embedOrigins.length > 0) {
    const embedded: Site = {
      ...site,
      base: `${base}/embedded`,
      embedOrigins: brand.embedOrigins,
      sessions: createSessions(deps, { isEmbedded: true }),
    };
    router.use('/embedded', createPages(embedded, limits));
  }
  // 404: HTML for browsers, problem JSON for API clients.
  router.get(/^\/(?!v\d)/, (request, response, next) => {
    response.vary('accept');
    if (request.accepts('json', 'html') !== 'html') return next();
    return sendProblem(site)(noSuchPage(), request, response, next);
  });
  return router;
}

/** All pages behind a session, and how one gets in. */
function createPages(site: Site, limits: WebOptions['limits']): Router {
  const { deps } = site;
  const isEmbedded = site.embedOrigins.length > 0;
  const pages = Router(exactly);
  pages.use(express.urlencoded({ extended: false, limit: '64kb', inflate: false, parameterLimit: 50 }));
  // No other site can send a form here, signed in or not.
  pages.use((request, _response, next) => {
    if (request.method === 'POST' && !isSameOrigin(request, deps.publicUrl)) throw formRefused();
    next();
  });
  const routes = routesOf(pages, site);
  // Embedded pages accept sign-in links only, never API keys.
  if (!isEmbedded) addSignInPages(routes, limits);
  addLinkPages(routes, limits);
  pages.use(async (request, response, next) => {
    const session = await site.sessions.find(request);
    const visit = new Visit(site, request, response);
    if (session === undefined) {
      if (request.method !== 'GET' || isEmbedded) throw sessionEnded();
      return visit.seeOther(signInPath(request.path));
    }
    // The same rate limit as an API key.
    await limits.key(session.id);
    if (request.method === 'POST' && !isSame(session.csrfToken, request.body?.csrf)) throw formRefused();
    response.locals.organization = await requireActive(deps.store, session.organizationId);
    response.locals.session = session;
    if (request.path !== '/sign-out') {
      if (session.connectionId && request.path === '/connections')
        return visit.seeOther(`/connections/${session.connectionId}`);
      requireAccess(session, request);
    }
    next();
  });
  routes.post('/sign-out', async (visit) => {
    await site.sessions.end(visit.request, visit.response, visit.session);
    return visit.seeOther('/sign-in');
  });
  addListPage(routes);
  addNewConnectionPage(routes);
  addAccessKeyPages(routes);
  addSetupPages(routes);
  addCheckPages(routes);
  addAdministratorLinkPage(routes);
  addSuccessPage(routes);
  addConnectionPages(routes);
  addScopePages(routes);
  addRotatePages(routes);
  addDeletePages(routes);
  addKeyPages(routes);
  pages.use(() => {
    throw noSuchPage();
  });
  pages.use(sendProblem(site));
  return pages;
}

/** Any error as a page. */
const sendProblem =
  (site: Site) =>
  (error: unknown, request: Request, response: Response, next: NextFunction): unknown => {
    if (response.headersSent) return next(error);
    const { status, body, retryAfterSeconds } = problemAnswer(error, site.deps.publicUrl);
    if (status >= 500) logFailure(site.logger, request, response, error);
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
    const visit = new Visit(site, request, response);
    return visit.send(<ProblemPage {...body} requestId={visit.requestId} />, { isPlain: true, status });
  };

const sessionEnded = () =>
  new RolebridgeError('session_ended', 'You are no longer signed in. Nothing was changed.', {
    remedy: 'Sign in again, then repeat the step.',
  });
