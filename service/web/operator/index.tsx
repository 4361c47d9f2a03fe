/** The vendor's own view across organizations, at `/operator`: for its staff, never for a customer. */
import express, { Router } from 'express';
import type { OperatorPermission } from '../../domain/operator.js';
import { denied } from '../../domain/permission.js';
import type { RateLimits } from '../../limits/index.js';
import { formRefused, isSameOrigin } from '../csrf.js';
import { isSame } from '../session.js';
import { noSuchPage, routesOf, type Site, Visit } from '../site.js';
import { addAuditPages } from './audit.js';
import { addOperatorConnections } from './connections.js';
import { addConnectionsDownload } from './download.js';
import { addOrganizationPage } from './organization.js';
import { addOrganizationsPage } from './organizations.js';
import { createOperatorSessions, type OperatorSession } from './session.js';
import { addOperatorSignIn } from './sign-in.js';
import { addWebhookPages } from './webhooks.js';

/** The token permission of a page: the same as for the equivalent call. */
const required: readonly (readonly [path: RegExp, ...permissions: OperatorPermission[]])[] = [
  [/^\/webhooks/, 'webhooks:write'],
  [/^\/audit/, 'audit:read'],
  [/^\/organizations\/[^/]+\/audit/, 'organizations:read', 'audit:read'],
  [/^\/organizations\/[^/]+\/webhooks/, 'organizations:read', 'webhooks:write'],
  [/^\/organizations/, 'organizations:read'],
  [/^\//, 'connections:read'],
];

export function createOperatorPages(
  site: Site,
  limits: Pick<RateLimits, 'address'>,
  settingHash: string | undefined,
): Router {
  const { deps } = site;
  const sessions = createOperatorSessions(deps, settingHash);
  const pages = Router({ strict: true, caseSensitive: true });
  pages.use(express.urlencoded({ extended: false, limit: '8kb', inflate: false, parameterLimit: 10 }));
  pages.use((request, _response, next) => {
    if (request.method === 'POST' && !isSameOrigin(request, deps.publicUrl)) throw formRefused();
    next();
  });
  const routes = routesOf(pages, site);
  addOperatorSignIn(routes, { sessions, limits, settingHash });
  pages.use(async (request, response, next) => {
    const session = await sessions.find(request, response);
    const visit = new Visit(site, request, response);
    if (session === undefined) return visit.seeOther('/operator/sign-in');
    if (request.method === 'POST' && !isSame(session.csrfToken, visit.field('csrf'))) throw formRefused();
    response.locals.operator = session;
    next();
  });
  routes.post('/sign-out', async (visit) => {
    await sessions.end(visit.request, visit.response, visit.response.locals.operator);
    return visit.seeOther('/operator/sign-in');
  });
  pages.use((request, response, next) => {
    const [, ...permissions] = required.find(([path]) => path.test(request.path)) ?? [];
    const { operator }: OperatorSession = response.locals.operator;
    const missing = permissions.find((each) => !operator.permissions.includes(each));
    if (missing)
      throw denied(`This page needs the permission ${missing}.`, 'Sign in with a token that has it.');
    next();
  });
  addOperatorConnections(routes);
  addConnectionsDownload(routes);
  addOrganizationsPage(routes);
  addOrganizationPage(routes);
  addAuditPages(routes);
  addWebhookPages(routes);
  pages.use(() => {
    throw noSuchPage();
  });
  return pages;
}
