/** What every route does alike with a request and its answer. */
import type { Request, Response } from 'express';
import type { Dependencies } from '../actions/dependencies.js';
import { findConnection } from '../actions/find-connection.js';
import type { Requester } from '../domain/audit.js';
import type { ApiKey, Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import { type Allowance, rateLimitHeaders } from '../limits/index.js';
import { parseJsonBody } from './json-body.js';
import type { Answer } from './problem.js';
import { securityHeaders } from './security-headers.js';
import { connectionView } from './views.js';

/** Name and value in turn, as `writeHead` takes them with the least work. */
const headersOfAll = Object.entries(securityHeaders).flat();

export function send(response: Response, { status, body, retryAfterSeconds }: Answer): void {
  const { requestId, allowance } = response.locals as { requestId: string; allowance?: Allowance };
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = [
    ...headersOfAll,
    'content-type',
    status >= 400 ? 'application/problem+json' : 'application/json',
    'cache-control',
    'no-store',
    'x-request-id',
    requestId,
  ];
  if (status !== 204) headers.push('content-length', String(Buffer.byteLength(text)));
  if (allowance) headers.push(...rateLimitHeaders(allowance));
  if (retryAfterSeconds !== undefined) headers.push('retry-after', String(retryAfterSeconds));
  if (status === 401) headers.push('www-authenticate', 'Bearer');
  response.writeHead(status, headers);
  response.end(text);
}

export const sendConnection = (response: Response, connection: Connection): void =>
  send(response, { status: 200, body: connectionView(connection) });

/** The organization that the request's API key belongs to. */
export const organizationOf = (response: Response): OrganizationId =>
  (response.locals.apiKey as ApiKey).organizationId;

/** Who asks, for the audit log. */
export const requesterOf = (response: Response): Requester => ({
  actor: { kind: 'api_key', id: (response.locals.apiKey as ApiKey).id },
  requestId: response.locals.requestId as string,
});

/** The connection that the path names. @throws RolebridgeError `connection_not_found` */
export const connectionOf = (
  deps: Dependencies,
  request: Request<{ id: string }>,
  response: Response,
): Promise<Connection> => findConnection(deps.store, organizationOf(response), request.params.id);

export const rawBody = (request: Request): Buffer =>
  Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);

/** @throws RolebridgeError `media_type_not_supported`, `request_invalid` */
export function jsonBody(request: Request): unknown {
  const type = request.headers['content-type'];
  if (type === undefined || !/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type))
    throw new RolebridgeError('media_type_not_supported', 'The body must be JSON.', {
      remedy: 'Send "content-type: application/json".',
    });
  return parseJsonBody(rawBody(request));
}

/** For a path's other methods. @throws RolebridgeError `method_not_allowed` */
export const refuseMethod = (allowed: string) => (_request: Request, response: Response) => {
  response.setHeader('allow', allowed);
  throw new RolebridgeError('method_not_allowed', `This path takes ${allowed}.`, {
    remedy: 'Use one of these methods.',
  });
};
