import { createServer, type RequestListener, type Server } from 'node:http';
import type { Metrics } from '../metrics/index.js';

/** A separate port for `GET /metrics` alone, in a network that only Prometheus reaches. */
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
