import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Dependencies } from '../actions/dependencies.js';
import { findConnection } from '../actions/find-connection.js';
import { securityHeaders } from '../api/security-headers.js';
import type { Requester } from '../domain/audit.js';
import type { Connection, Organization } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Assets } from './assets.js';
import { requesterOf, type Sessions, type WebSession } from './session.js';
import { type Html, type Notice, page } from './views/layout.js';

/** What all pages work with. */
export interface Site {
  readonly deps: Dependencies;
  readonly logger: Logger;
  readonly assets: Assets;
  readonly sessions: Sessions;
}

/** No script, style or frame but our own; nothing of any other site. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export async function sendPage(
  site: Site,
  response: Response,
  title: string,
  content: Html,
  options: { status?: number; notice?: Notice | undefined } = {},
): Promise<void> {
  const frame = {
    assets: site.assets,
    session: response.locals.session as WebSession | undefined,
    organizationName: (response.locals.organization as Organization | undefined)?.name,
    notice: options.notice,
  };
  const text = String(await page(frame, title, content));
  response.writeHead(options.status ?? 200, {
    ...securityHeaders,
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy,
    // With "no-referrer" browsers send "Origin: null" with forms.
    'referrer-policy': 'same-origin',
    'x-request-id': response.locals.requestId,
  });
  response.end(text);
}

export const sessionOf = (response: Response): WebSession => response.locals.session as WebSession;

export const byOf = (response: Response): Requester => requesterOf(sessionOf(response), response);

/** The connection that the path names, of the session's organization. */
export const connectionIn = (
  site: Site,
  request: Request<{ id: string }>,
  response: Response,
): Promise<Connection> =>
  findConnection(site.deps.store, sessionOf(response).organizationId, request.params.id);

/** A field of the form; absent and repeated ones are empty. */
export function field(request: Request, name: string): string {
  const value: unknown = Object.hasOwn(request.body ?? {}, name) ? request.body[name] : undefined;
  return typeof value === 'string' ? value : '';
}

/** A refusal to show beside the form that it is about; everything else is a page of its own. */
export function expected(error: unknown): RolebridgeError {
  if (error instanceof RolebridgeError && error.code !== 'connection_not_found') return error;
  throw error;
}

const doneTexts: Record<string, string> = {
  named: 'The name is saved.',
  scopes: 'Where it applies is saved.',
  verified: 'All checks passed.',
  rotated: 'The new access key is in use; the one before is destroyed here. Delete it in AWS.',
  deleted: 'The connection is deleted.',
  moving: 'The move has begun. The access key works until the role has been checked.',
  connected: 'Connected: all checks passed.',
  'external-id':
    'Deploy the role with the new external ID. Until it is checked, the one before goes on working.',
  'external-id-kept': 'The external ID stays as it was.',
};

/** What was done before this page was asked for; the address names it, the text is ours. */
export function noticeOf(request: Request): Notice | undefined {
  const { done } = request.query;
  const text = typeof done === 'string' && Object.hasOwn(doneTexts, done) ? doneTexts[done] : undefined;
  return text === undefined ? undefined : { kind: 'done', text };
}
