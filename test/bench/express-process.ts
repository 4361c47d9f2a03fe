import type { AddressInfo } from 'node:net';
import express from 'express';
import { serve } from './processes.js';

const handlers = { start };
export type ExpressHandlers = typeof handlers;
serve(handlers);

// The same bytes are the same headers too.
const headers = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-request-id': '00000000-0000-4000-8000-000000000000',
};

/** As little as Express can do: one route, one string that is ready. */
function start({ path, body }: { path: string; body: string }): Promise<{ url: string }> {
  const app = express();
  app.disable('x-powered-by');
  app.get(path, (_request, response) => {
    response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
  });
}
