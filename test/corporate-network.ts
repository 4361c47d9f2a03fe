/** A company's network: a service under a name that DNS does not know, behind TLS of an unknown authority, and a proxy. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { VendorAnswer } from './constructs/vendor.js';

export interface NetworkOptions {
  /** The answer of the service behind it. */
  readonly answer: (request: IncomingMessage, body: string) => VendorAnswer;
  /** The proxy's answer to CONNECT. */
  readonly respond?: (headers: IncomingHttpHeaders) => number;
}

/** The service's name. */
export const HOST = 'connect.vendor.test';

/** The certificate is made once; each network is started by the test that needs it. */
export function corporateNetwork() {
  const folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-network-'));
  const file = (name: string) => path.join(folder, name);
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`];
  const names = [
    '-addext',
    `subjectAltName=DNS:${HOST}`,
    '-keyout',
    file('key.pem'),
    '-out',
    file('cert.pem'),
  ];
  execFileSync('openssl', [...words, ...names], { stdio: 'ignore' });
  const certificate = { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) };
  const servers: Server[] = [];

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  return {
    listen,
    trusted: { NODE_EXTRA_CA_CERTS: file('cert.pem') },
    async start({ answer, respond = () => 200 }: NetworkOptions) {
      const service = createTlsServer(certificate, (request, response) => {
        let body = '';
        request.on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => {
          const { status, body: answered, headers } = answer(request, body);
          response
            .writeHead(status, { 'content-type': 'application/json', ...headers })
            .end(JSON.stringify(answered));
        });
      });
      const servicePort = await listen(service);
      const asked: string[] = [];
      const proxy = createServer().on('connect', (request, socket: Socket) => {
        asked.push(String(request.url));
        const status = respond(request.headers);
        socket.write(`HTTP/1.1 ${status} x\r\n\r\n`);
        if (status !== 200) return void socket.end();
        const upstream = connect(servicePort, '127.0.0.1');
        upstream.pipe(socket).pipe(upstream);
        for (const one of [socket, upstream]) one.on('error', () => upstream.destroy());
      });
      return { asked, servicePort, proxy: `http://127.0.0.1:${await listen(proxy)}` };
    },
    /** After each test. */
    stop() {
      for (const server of servers.splice(0)) {
        server.closeAllConnections();
        server.close();
      }
    },
    /** After all. */
    remove: () => rmSync(folder, { recursive: true }),
  };
}
