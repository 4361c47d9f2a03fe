import type { Request, Response } from 'express';
import type { Child } from 'hono/jsx';
import type { Logger } from 'pino';
import type { Dependencies } from '../actions/dependencies.js';
import { findConnection } from '../actions/find-connection.js';
import { securityHeaders } from '../api/security-headers.js';
import type { Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { namesOf } from '../domain/project.js';
import type { Assets } from './assets.js';
import type { Brand } from './brand.js';
import { type Head, Layout, type Notice } from './layout.js';
import { type PageContext, PageContextProvider } from './page-context.js';
import { requesterOf, type Sessions, type WebSession } from './session.js';
import { type Language, languageOf, type Texts } from './texts/index.js';

/** Dependencies of all pages. */
export interface Site {
  readonly deps: Dependencies;
  readonly logger: Logger;
  readonly assets: Assets;
  readonly sessions: Sessions;
  readonly brand: Brand;
  readonly texts: Record<Language, Texts>;
  /** The path of the public URL, and of the embedded pages below it: empty at the root of a host. */
  readonly base: string;
  /** Pages of these origins may embed this site's; none else. */
  readonly embedOrigins: readonly string[];
}

/** No script, style or frame but our own; nothing of any other site. */
const contentSecurityPolicy = (embedOrigins: readonly string[]) =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${embedOrigins.length > 0 ? embedOrigins.join(' ') : "'none'"}`,
  ].join('; ');

export async function sendPage(
  site: Site,
  response: Response,
  head: Head,
  content: Child,
  status = 200,
): Promise<void> {
  const text = `<!doctype html>${render(site, response, <Layout head={head}>{content}</Layout>)}`;
  const { 'x-frame-options': denied, ...headers } = securityHeaders;
  response.writeHead(status, {
    ...headers,
    // It can't name origins; the policy below does.
    ...(site.embedOrigins.length === 0 && { 'x-frame-options': denied }),
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'content-language': languageIn(response),
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(site.embedOrigins),
    // With "no-referrer" browsers send "Origin: null" with forms.
    'referrer-policy': 'same-origin',
    'x-request-id': response.locals.requestId,
  });
  response.end(text);
}

/** A page or a part of one as HTML. */
export function render(site: Site, response: Response, content: Child): string {
  const language = languageIn(response);
  const context: PageContext = {
    texts: site.texts[language],
    language,
    brand: site.brand,
    assets: site.assets,
    base: site.base,
    embedOrigins: site.embedOrigins,
    path: `${response.req.baseUrl}${response.req.path}`.replace(/\/$/, ''),
    session: response.locals.session,
    operator: response.locals.operator,
    degradedSince: site.deps.health.degradedSince,
    organizationName: response.locals.organization?.name,
    targetNames: response.locals.targetNames,
    now: site.deps.clock.now(),
  };
  return String(<PageContextProvider.Provider value={context}>{content}</PageContextProvider.Provider>);
}

function languageIn(response: Response): Language {
  const session: WebSession | undefined = response.locals.session;
  return languageOf(response.req, session?.look.language);
}

export const textsOf = (site: Site, response: Response): Texts => site.texts[languageIn(response)];

/** Leads to another page of this site. */
export function seeOther(site: Site, response: Response, path: string): void {
  response.set({ ...securityHeaders, 'cache-control': 'no-store' });
  response.redirect(303, `${site.base}${path}`);
}

export const sessionOf = (response: Response): WebSession => response.locals.session;

export const byOf = (response: Response): Requester => requesterOf(sessionOf(response), response);

/** The connection that the path names, of the session's organization. */
export const connectionIn = (
  site: Site,
  request: Request<{ id: string }>,
  response: Response,
): Promise<Connection> => findConnection(site.deps.store, sessionOf(response), request.params.id);

/** Scopes on the page that is sent next read as the vendor's platform names them. */
export async function loadTargetNames({ deps }: Site, response: Response): Promise<void> {
  response.locals.targetNames = namesOf(await deps.store.projects(sessionOf(response).organizationId));
}

/** A field of the form; absent and repeated ones are empty. */
export function field(request: Request, name: string): string {
  const value: unknown = Object.hasOwn(request.body ?? {}, name) ? request.body[name] : undefined;
  return typeof value === 'string' ? value : '';
}

/** All values of a field, such as the boxes that are checked. */
export function fields(request: Request, name: string): string[] {
  const value: unknown = Object.hasOwn(request.body ?? {}, name) ? request.body[name] : [];
  return [value].flat().filter((each): each is string => typeof each === 'string');
}

/** A member of the query; absent and repeated ones are empty. */
export function queried(request: Request, name: string): string {
  const value: unknown = request.query[name];
  return typeof value === 'string' ? value : '';
}

/** A refusal to show beside its form; any other error has its own page. */
export function expected(error: unknown): RolebridgeError {
  if (error instanceof RolebridgeError && error.code !== 'connection_not_found') return error;
  throw error;
}

/** The path with the members of the query that have a value. */
export function withQuery(path: string, members: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) if (value) query.set(name, value);
  return query.size > 0 ? `${path}?${query}` : path;
}

/** The last action before this page; the address has its name, never its text. */
export function noticeOf(site: Site, request: Request, response: Response): Notice | undefined {
  const { notices } = textsOf(site, response).common;
  const done = queried(request, 'done');
  const text = Object.hasOwn(notices, done) ? notices[done] : undefined;
  return text === undefined ? undefined : { text };
}

export const noSuchPage = () =>
  new RolebridgeError('not_found', 'This page does not exist.', {
    remedy: 'Check the address, or start from the list of connections.',
  });
