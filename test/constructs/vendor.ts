/** A vendor's callback URL on a free port of loopback, which gives the answers of a test and records requests. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface VendorAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface Vendor {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

/** `answer` is asked for each request, with the number of those before it. */
export async function startVendor(
  answer: (received: Received, before: number) => VendorAnswer | Promise<VendorAnswer>,
): Promise<Vendor> {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      const one = { headers: request.headers, body, at: Date.now() };
      received.push(one);
      const { status, body: answered, headers } = await answer(one, received.length - 1);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      if (answered instanceof Readable) answered.pipe(response);
      else response.end(typeof answered === 'string' ? answered : JSON.stringify(answered ?? {}));
    });
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/callbacks`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The service's answer to a role that it could verify. */
export function connected(received: Received): VendorAnswer {
  const { type, data } = JSON.parse(received.body);
  if (type === 'connection.check')
    return { status: 200, body: { checks: [{ name: 'account', outcome: 'passed' }] } };
  return {
    status: 200,
    body: {
      id: data.connectionId,
      status: type === 'role.provisioned' ? 'connected' : 'disconnected',
      accountId: data.roleArn.split(':')[4],
      roleArn: data.roleArn,
      scopes: [data.scope ?? {}],
    },
  };
}
