import type { AddressInfo } from 'node:net';
import express from 'express';
import { serve } from './processes.js';

const handlers = { start };
export type ExpressHandlers = typeof handlers;
serve(handlers);

/** As little as Express can do: one route, one string that is ready. */
function start({ path, body }: { path: string; body: string }): Promise<{ url: string }> {
  const app = express();
  app.get(path, (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
  });
}
