import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { ApiKey } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isConnectionId } from '../domain/ids.js';
import type { Metrics } from '../metrics/index.js';
import { routeOf } from './route-of.js';

/** What nobody asks for on purpose in a log, and what is asked all day long: lines of their success are for debugging. */
const quietRoutes = new Set(['/v1/resolve', '/v1/credentials', '/healthz', '/readyz', '/metrics']);

/**
 * Gives a request its id; when it has been answered, measures it and writes its one line. The line has the route and not
 * the path: a path can hold a token.
 */
export const createRequestLog =
  ({ logger, metrics, isMeasured }: { logger: Logger; metrics: Metrics; isMeasured: boolean }) =>
  (request: Request, response: Response): void => {
    const startedAt = performance.now();
    response.locals.requestId = randomUUID();
    response.on('close', () => {
      const { method } = request;
      const route = routeOf(request);
      // Whoever asked has gone before the answer was there; nginx's number for it.
      const status = response.writableFinished ? response.statusCode : 499;
      const durationMs = performance.now() - startedAt;
      if (isMeasured) metrics.httpDuration.observe({ route, method, status }, durationMs / 1000);
      const level = status < 400 && quietRoutes.has(route) ? 'debug' : 'info';
      if (!logger.isLevelEnabled(level)) return;
      const { requestId, apiKey, traceId } = response.locals as {
        requestId: string;
        apiKey?: ApiKey;
        traceId?: string;
      };
      const { id } = request.params ?? {};
      logger[level](
        {
          requestId,
          method,
          route,
          status,
          durationMs: Math.round(durationMs * 10) / 10,
          ...(apiKey && { organizationId: apiKey.organizationId, apiKeyId: apiKey.id }),
          ...(typeof id === 'string' && isConnectionId(id) && { connectionId: id }),
          ...([401, 403, 429].includes(status) && { address: request.ip }),
          ...(traceId !== undefined && { traceId }),
        },
        'request',
      );
    });
  };

/** The line of a request that failed: an expected failure, such as AWS throttling, is a warning. */
export function logFailure(logger: Logger, request: Request, requestId: string, error: unknown): void {
  const level = error instanceof RolebridgeError && error.code !== 'store_unavailable' ? 'warn' : 'error';
  logger[level]({ requestId, method: request.method, route: routeOf(request), err: error }, 'request failed');
}
