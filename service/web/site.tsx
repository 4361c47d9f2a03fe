import type { NextFunction, Request, Response, Router } from 'express';
import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { Logger } from 'pino';
import type { Dependencies } from '../actions/dependencies.js';
import { findConnection } from '../actions/find-connection.js';
import { securityHeaders } from '../api/security-headers.js';
import type { Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Operator } from '../domain/operator.js';
import { namesOf } from '../domain/project.js';
import { pageBehind } from './access.js';
import type { Assets } from './assets.js';
import type { Brand } from './brand.js';
import { type Head, Layout } from './layout.js';
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
  /** The origins whose pages may embed this site. */
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

/** A request for a page, and the ways to answer it. */
export class Visit {
  readonly texts: Texts;
  private readonly language: Language;

  constructor(
    readonly site: Site,
    readonly request: Request,
    readonly response: Response,
  ) {
    const session: WebSession | undefined = response.locals.session;
    this.language = languageOf(request, session?.look.language);
    this.texts = site.texts[this.language];
  }

  /** The session; absent on pages before sign-in. */
  get session(): WebSession {
    return this.response.locals.session;
  }

  /** The operator who is signed in; absent on other pages. */
  get operator(): Operator {
    return this.response.locals.operator.operator;
  }

  get requestId(): string {
    return this.response.locals.requestId;
  }

  /** The actor, for the audit log. */
  get by(): Requester {
    return requesterOf(this.session, this.response);
  }

  /** The id that the path names. */
  get id(): string {
    return String(this.request.params.id);
  }

  /** The connection that the path names, of the session's organization. */
  connection(): Promise<Connection> {
    return findConnection(this.site.deps.store, this.session, this.id);
  }

  /** A member of the query; absent and repeated ones are empty. */
  queried(name: string): string {
    const value: unknown = this.request.query[name];
    return typeof value === 'string' ? value : '';
  }

  /** A field of the form; absent and repeated ones are empty. */
  field(name: string): string {
    const [value = '', ...more] = this.fields(name);
    return more.length === 0 ? value : '';
  }

  /** All values of a field, such as the boxes that are checked. */
  fields(name: string): string[] {
    const value: unknown = Object.hasOwn(this.request.body ?? {}, name) ? this.request.body[name] : [];
    return [value].flat().filter((each): each is string => typeof each === 'string');
  }

  /** Scopes on the page of this visit read as the vendor's platform names them. */
  async loadTargetNames(): Promise<void> {
    const projects = await this.site.deps.store.projects(this.session.organizationId);
    this.response.locals.targetNames = namesOf(projects);
  }

  /** A page or a part of one as HTML. */
  render(content: Child, setTitle: PageContext['setTitle'] = () => {}): string {
    const { site, request, texts, language } = this;
    const { session, operator, organization, targetNames } = this.response.locals;
    const context: PageContext = {
      texts,
      language,
      brand: site.brand,
      assets: site.assets,
      base: site.base,
      embedOrigins: site.embedOrigins,
      path: `${request.baseUrl}${request.path}`.replace(/\/$/, ''),
      session,
      operator,
      degradedSince: site.deps.health.degradedSince,
      organizationName: organization?.name,
      targetNames,
      now: site.deps.clock.now(),
      setTitle,
    };
    return String(<PageContextProvider.Provider value={context}>{content}</PageContextProvider.Provider>);
  }

  /** Answers with a page. */
  async send(content: Child, { status = 200, ...head }: Head & { status?: number } = {}): Promise<void> {
    const { site, response } = this;
    let title = '';
    const main = this.render(content, (text) => {
      title = text;
    });
    const page = (
      <Layout address={this.address(head)} {...head} title={title} notice={this.notice()}>
        {raw(main)}
      </Layout>
    );
    const text = `<!doctype html>${this.render(page)}`;
    const { 'x-frame-options': denied, ...headers } = securityHeaders;
    response.writeHead(status, {
      ...headers,
      // It can't name origins; the policy below does.
      ...(site.embedOrigins.length === 0 && { 'x-frame-options': denied }),
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'content-language': this.language,
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy(site.embedOrigins),
      // With "no-referrer" browsers send "Origin: null" with forms.
      'referrer-policy': 'same-origin',
      'x-request-id': this.requestId,
    });
    response.end(text);
  }

  /** Leads to another page of this site. */
  seeOther(path: string): void {
    this.response.set({ ...securityHeaders, 'cache-control': 'no-store' });
    this.response.redirect(303, `${this.site.base}${path}`);
  }

  /** The page that an answer to a form belongs to; the operator's forms answer with none but errors. */
  private address({ live }: Head): string | undefined {
    if (this.request.method !== 'POST' || this.response.locals.operator) return undefined;
    return live?.from ?? `${this.site.base}${pageBehind(this.request.path)}`;
  }

  /** The result of the action before this page; the address has its name, never its text. */
  private notice(): string | undefined {
    const { notices } = this.texts.common;
    const { session, operator } = this.response.locals;
    const done = this.queried('done');
    return (session ?? operator) && Object.hasOwn(notices, done) ? notices[done] : undefined;
  }
}

/** Adds pages to a site. */
export type Routes = ReturnType<typeof routesOf>;

export function routesOf(router: Router, site: Site) {
  type Handler = (visit: Visit, next: NextFunction) => unknown;
  const answer = (handler: Handler) => (request: Request, response: Response, next: NextFunction) =>
    handler(new Visit(site, request, response), next);
  return {
    site,
    get: (path: string, handler: Handler) => void router.get(path, answer(handler)),
    post: (path: string, handler: Handler) => void router.post(path, answer(handler)),
  };
}

/** The refusal of an action, to show beside its form; any other error has its own page. */
export async function refusalOf(action: () => Promise<unknown>): Promise<RolebridgeError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof RolebridgeError && error.code !== 'connection_not_found') return error;
    throw error;
  }
}

/** The path with the members of the query that have a value. */
export function withQuery(path: string, members: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) if (value) query.set(name, value);
  return query.size > 0 ? `${path}?${query}` : path;
}

export const noSuchPage = () =>
  new RolebridgeError('not_found', 'This page does not exist.', {
    remedy: 'Check the address, or start from the list of connections.',
  });
