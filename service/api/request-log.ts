import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ApiKey } from '../domain/api-key.js';
import type { Actor } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId } from '../domain/ids.js';
import type { Allowance } from '../limits/index.js';
import type { Metrics } from '../metrics/index.js';
import { memberOf } from '../unknown-value.js';
import { routeOf } from './route-of.js';

/** Context of a request in progress. */
export interface Exchange {
  readonly requestId: string;
  readonly traceId?: string | undefined;
  /** The route of an operation; pages have that of their router. */
  route?: string;
  params?: Readonly<Record<string, string>>;
  actor: Actor;
  isAuthenticated: boolean;
  apiKey?: ApiKey;
  /** Remaining requests of the rate limit. */
  allowance?: Allowance | undefined;
}

/** Express keeps its `locals` in the same place, so that pages see the request's id. */
type Localized = ServerResponse & { locals?: Exchange };

const localized = (response: ServerResponse) => response as Localized;

export const exchangeOf = (response: ServerResponse): Exchange => {
  const { locals } = localized(response);
  if (locals === undefined) throw new Error('The request log begins every exchange.');
  return locals;
};

/** Successful requests of these are logged at debug level. */
const highVolumeRoutes = new Set(['/v1/resolve', '/v1/credentials', '/healthz', '/readyz', '/metrics']);

/**
 * Gives a request its id; when it has been answered, measures it and writes its one line. The line has the route and not
 * the path: a path can hold a token.
 */
export const createRequestLog =
  ({
    logger,
    metrics,
    isMeasured,
    addressOf,
  }: {
    logger: Logger;
    metrics: Metrics;
    isMeasured: boolean;
    addressOf: (request: IncomingMessage) => string | undefined;
  }) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const startedAt = performance.now();
    const exchange: Exchange = {
      requestId: randomUUID(),
      traceId: localized(response).locals?.traceId,
      actor: { kind: 'service' },
      isAuthenticated: false,
    };
    localized(response).locals = exchange;
    response.on('close', () => {
      const { method = '' } = request;
      const route = routeOf(request, response);
      // The client left before the answer was complete; nginx's number for it.
      const status = response.writableFinished ? response.statusCode : 499;
      const durationMs = performance.now() - startedAt;
      if (isMeasured) metrics.httpDuration.observe({ route, method, status }, durationMs / 1000);
      const level = status < 400 && highVolumeRoutes.has(route) ? 'debug' : 'info';
      if (!logger.isLevelEnabled(level)) return;
      const { requestId, apiKey, traceId, params } = exchange;
      const id = params?.id ?? memberOf(memberOf(request, 'params'), 'id');
      logger[level](
        {
          requestId,
          method,
          route,
          status,
          durationMs: Math.round(durationMs * 10) / 10,
          ...(apiKey && { organizationId: apiKey.organizationId, apiKeyId: apiKey.id }),
          ...(typeof id === 'string' && isConnectionId(id) && { connectionId: id }),
          ...([401, 403, 429].includes(status) && { address: addressOf(request) }),
          ...(traceId !== undefined && { traceId }),
        },
        'request',
      );
    });
  };

/** The line of a request that failed: an expected failure, such as AWS throttling, is a warning. */
export function logFailure(
  logger: Logger,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const level = error instanceof RolebridgeError && error.code !== 'store_unavailable' ? 'warn' : 'error';
  const { requestId } = exchangeOf(response);
  const route = routeOf(request, response);
  logger[level]({ requestId, method: request.method, route, err: error }, 'request failed');
}
