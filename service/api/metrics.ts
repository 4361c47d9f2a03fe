import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { RequestHandler } from 'express';
import { RolebridgeError } from '../domain/errors.js';
import type { Metrics } from '../metrics/index.js';
import { bearerToken } from './authentication.js';

/**
 * `GET /metrics` beside the API, for whoever has the token. Without one it is not there: how much a vendor's customers
 * do is not for everyone who reaches the API.
 */
export const answerMetrics =
  (metrics: Metrics, tokenHash: string | undefined): RequestHandler =>
  async (request, response, next) => {
    if (tokenHash === undefined) return next();
    const hash = createHash('sha256').update(bearerToken(request)).digest();
    if (!timingSafeEqual(hash, Buffer.from(tokenHash, 'hex')))
      throw new RolebridgeError('unauthorized', 'The metrics take their own token.', {
        remedy: 'Send the value of ROLEBRIDGE_METRICS_TOKEN as "Authorization: Bearer".',
      });
    const text = await metrics.read();
    response
      .writeHead(200, { 'content-type': metrics.registry.contentType, 'cache-control': 'no-store' })
      .end(text);
  };

/** A port of its own with `GET /metrics` and nothing else, for a network that only Prometheus reaches. */
export function createMetricsServer(metrics: Metrics): Server {
  const answer: RequestListener = async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
      return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(await metrics.read());
  };
  return createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    Promise.resolve(answer(request, response)).catch(() => response.destroy());
  });
}
