import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerMalformedRequests } from '../api/malformed-request.js';
import { createMetricsServer } from './metrics-server.js';
import { type Control, type ServiceOptions, wire } from './wiring.js';

/** Shorter than the ten seconds after which most process managers kill a process. */
const closingMs = 9_000;

/** The service without a server, to mount in another app. */
export interface App extends Control {
  /**
   * Answers every request below the public URL. Express's `use` takes it; mount it before body parsers:
   * `app.use('/connect', rolebridge.handler)` for the public URL `https://app.example.com/connect`.
   */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Stops the jobs, then closes the store. Stop your server first. */
  close(): Promise<void>;
}

/** Starts the jobs and returns the handler, without a server. */
export function createApp(options: ServiceOptions & { readonly publicUrl: string }): App {
  const wired = wire(options, options.publicUrl);
  wired.start();
  return {
    ...wired.control,
    handler: wired.handler,
    async close() {
      await Promise.race([wired.stop(), sleep(closingMs, undefined, { ref: false })]);
      await wired.release();
    },
  };
}

/** A service that is listening. */
export interface Service extends Control {
  readonly url: string;
  /** The address of the separate port for `/metrics`, if there is one. */
  readonly metricsUrl: string | undefined;
  /** Waits up to 9 seconds for requests in flight, then closes the store. */
  close(): Promise<void>;
}

/** Starts the service. @throws when it can't listen */
export async function createService(options: ServiceOptions): Promise<Service> {
  const server = createHttpServer(options.requestTimeoutMs ?? 20_000);
  await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  const url = urlOf(server);
  const wired = wire(options, url);
  answerMalformedRequests(server, { publicUrl: wired.publicUrl, logger: options.logger });
  const metricsServer = options.metricsListener && createMetricsServer(wired.metrics);
  if (metricsServer && options.metricsListener)
    await listen(metricsServer, options.metricsListener.port, options.metricsListener.host).catch((error) => {
      server.close();
      throw error;
    });
  wired.start();
  let isClosing = false;
  server.on('request', (request, response) => {
    // Keep-alive connections would delay the end.
    if (isClosing) response.setHeader('connection', 'close');
    wired.handler(request, response);
  });
  return {
    ...wired.control,
    url,
    metricsUrl: metricsServer && `${urlOf(metricsServer)}/metrics`,
    async close() {
      isClosing = true;
      const closed = new Promise((resolve) => server.close(resolve));
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await Promise.race([Promise.all([closed, wired.stop()]), sleep(closingMs, undefined, { ref: false })]);
      clearInterval(sweep);
      server.closeAllConnections();
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      await wired.release();
    },
  };
}

function createHttpServer(requestTimeout: number): Server {
  const server = createServer({
    headersTimeout: requestTimeout / 2,
    requestTimeout,
    connectionsCheckingInterval: Math.min(2_000, requestTimeout / 4),
    maxHeaderSize: 16_384,
    // Longer than the idle timeout of load balancers (AWS: 60 s): otherwise they answer 502 at times.
    keepAliveTimeout: 65_000,
  });
  // A client that does not read its answer is disconnected, too.
  server.timeout = 6 * requestTimeout;
  server.maxHeadersCount = 100;
  return server;
}

function urlOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no port.');
  const { address, port, family } = bound;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}
