import type { AddressInfo } from 'node:net';
import express from 'express';
import { securityHeaders } from '../../service/api/security-headers.js';
import { serve } from './processes.js';

const handlers = { start };
export type ExpressHandlers = typeof handlers;
serve(handlers);

// The same bytes are the same headers too.
const headers = {
  ...securityHeaders,
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'ratelimit-policy': '"key";q=60000;w=60',
  ratelimit: '"key";r=59999;t=60',
  'x-request-id': '00000000-0000-4000-8000-000000000000',
};

/** As little as Express can do: one route, one string that is ready. */
function start({
  path,
  body,
  readsJson = false,
}: {
  path: string;
  body: string;
  readsJson?: boolean;
}): Promise<{ url: string }> {
  const app = express();
  app.disable('x-powered-by');
  if (readsJson) app.use(express.json());
  app.all(path, (_request, response) => {
    response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
  });
}
