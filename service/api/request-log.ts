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

/** The context of a request. */
export interface Exchange {
  readonly requestId: string;
  readonly traceId?: string | undefined;
  /** The route of an operation. Pages have the route of their router. */
  route?: string;
  params?: Readonly<Record<string, string>>;
  /** Successful requests of the operation are logged at debug level. */
  isHighVolume: boolean;
  actor: Actor;
  isAuthenticated: boolean;
  apiKey?: ApiKey;
  /** The rest of the rate limit. */
  allowance?: Allowance | undefined;
}

/** The context is in Express's own place, so that pages see the request id. */
type Localized = ServerResponse & { locals?: Exchange };

const localized = (response: ServerResponse) => response as Localized;

export const exchangeOf = (response: ServerResponse): Exchange => {
  const { locals } = localized(response);
  if (locals === undefined) throw new Error('The request log begins every exchange.');
  return locals;
};

/**
 * Starts the context of a request, and measures and logs the request when its response closes. The log has the route in
 * place of the path, which can contain a token.
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
      isHighVolume: false,
    };
    localized(response).locals = exchange;
    response.on('close', () => {
      const { method = '' } = request;
      const route = routeOf(request, response);
      // nginx's code for a client that closed the connection early.
      const status = response.writableFinished ? response.statusCode : 499;
      const durationMs = performance.now() - startedAt;
      if (isMeasured) metrics.httpDuration.observe({ route, method, status }, durationMs / 1000);
      const level = status < 400 && exchange.isHighVolume ? 'debug' : 'info';
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

/** Logs a failed request. An expected failure, such as AWS throttling, is a warning. */
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
