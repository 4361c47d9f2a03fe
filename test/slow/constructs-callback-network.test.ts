/** The callback in corporate networks: a proxy, and a certificate authority of the company. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { closeVendor, run } from '../constructs/callback-run.js';
import { connected } from '../constructs/vendor.js';

const folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-network-'));
const servers: Server[] = [];

beforeAll(() => {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=connect.vendor.test'],
      ...['-addext', 'subjectAltName=DNS:connect.vendor.test', '-keyout', 'key.pem', '-out', 'cert.pem'],
    ],
    { cwd: folder, stdio: 'ignore' },
  );
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await closeVendor();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A service behind TLS under a name that DNS does not know, and a proxy that reaches it. */
async function startNetwork(respond: (headers: IncomingHttpHeaders) => number = () => 200) {
  const certificate = {
    key: readFileSync(path.join(folder, 'key.pem')),
    cert: readFileSync(path.join(folder, 'cert.pem')),
  };
  const service = createTlsServer(certificate, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { status, body: answer } = connected({ headers: request.headers, body, at: 0 });
      response.writeHead(status).end(JSON.stringify(answer));
    });
  });
  const servicePort = await listen(service);
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket: Socket) => {
    asked.push(String(request.url));
    const status = respond(request.headers);
    socket.write(`HTTP/1.1 ${status} x\r\n\r\n`);
    if (status !== 200) {
      socket.end();
      return;
    }
    const upstream = connect(servicePort, '127.0.0.1');
    upstream.pipe(socket).pipe(upstream);
    for (const one of [socket, upstream]) one.on('error', () => upstream.destroy());
  });
  const proxyPort = await listen(proxy);
  return { asked, servicePort, proxy: `http://127.0.0.1:${proxyPort}` };
}

const url = { CONNECT_CALLBACK_URL: 'https://connect.vendor.test/v1/callbacks' };
const trusted = { NODE_EXTRA_CA_CERTS: path.join(folder, 'cert.pem') };

test.each(['HTTPS_PROXY', 'https_proxy'])(
  '%s is used, with the certificates of NODE_EXTRA_CA_CERTS',
  async (name) => {
    const { asked, proxy } = await startNetwork();
    const { code, output } = await run(connected, { ...url, ...trusted, [name]: proxy });
    expect([code, output]).toEqual([0, expect.stringContaining('connected to 210987654321')]);
    expect(asked).toEqual(['connect.vendor.test:443']);
  },
);

test('a proxy without its scheme, with a user', async () => {
  const seen: unknown[] = [];
  const { proxy } = await startNetwork((headers) => {
    seen.push(headers['proxy-authorization']);
    return 200;
  });
  const withUser = proxy.replace('http://', 'me:p%40ss@');
  expect((await run(connected, { ...url, ...trusted, HTTPS_PROXY: withUser })).code).toBe(0);
  expect(seen).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
});

test.each(['connect.vendor.test', '.vendor.test', 'vendor.test', '*', 'x.test, vendor.test:443'])(
  'NO_PROXY=%s bypasses it',
  async (noProxy) => {
    const { asked, proxy } = await startNetwork();
    const environment = { ...url, ...trusted, HTTPS_PROXY: proxy, NO_PROXY: noProxy };
    const { code } = await run(connected, { ...environment, CONNECT_DEADLINE_SECONDS: '1' });
    expect([code, asked]).toEqual([1, []]);
  },
);

test.each(['other.test', 'notvendor.test', 'or.test', 'vendor.test:8443', '10.0.0.0/8', '10.0.0.0/x', ''])(
  "NO_PROXY=%j doesn't match",
  async (noProxy) => {
    const { asked, proxy } = await startNetwork();
    await run(connected, { ...url, ...trusted, HTTPS_PROXY: proxy, NO_PROXY: noProxy });
    expect(asked).toHaveLength(1);
  },
);

test.each<[string, Record<string, string>]>([
  ['a proxy that is no URL', { HTTPS_PROXY: 'http://[' }],
  ['a SOCKS proxy', { HTTPS_PROXY: 'socks5://127.0.0.1:1' }],
])('%s fails at once', async (_name, environment) => {
  const { code, output } = await run(connected, { ...url, ...environment });
  expect([code, output]).toEqual([1, expect.stringMatching(/\(proxy_invalid\)[\s\S]*HTTPS_PROXY/)]);
  expect(output).not.toContain('Trying again');
});

test('a proxy that asks for a password fails at once', async () => {
  const { proxy, asked } = await startNetwork(() => 407);
  const { code, output } = await run(connected, { ...url, HTTPS_PROXY: proxy });
  expect([code, asked.length]).toEqual([1, 1]);
  expect(output).toMatch(/\(proxy_authentication_required\)/);
});

test('an unreachable proxy is retried', async () => {
  const { output } = await run(connected, {
    ...url,
    HTTPS_PROXY: 'http://127.0.0.1:1',
    CONNECT_DEADLINE_SECONDS: '2',
  });
  expect(output).toMatch(/no connection to the proxy 127\.0\.0\.1:1 \(ECONNREFUSED\)\.\s+Trying again/);
});

test('an unknown certificate authority fails at once, and names the variable', async () => {
  const { servicePort } = await startNetwork();
  const { code, output } = await run(connected, {
    CONNECT_CALLBACK_URL: `https://localhost:${servicePort}/v1/callbacks`,
  });
  expect(code).toBe(1);
  expect(output).toMatch(/\(certificate_not_trusted\)[\s\S]*NODE_EXTRA_CA_CERTS/);
  expect(output).not.toContain('Trying again');
});

test('a certificate for another host fails at once, and does not name the variable', async () => {
  const { servicePort } = await startNetwork();
  const { output } = await run(connected, {
    ...trusted,
    CONNECT_CALLBACK_URL: `https://localhost:${servicePort}/v1/callbacks`,
  });
  expect(output).toMatch(/\(certificate_not_trusted\)[\s\S]*is for another host/);
  expect(output).not.toContain('NODE_EXTRA_CA_CERTS');
});

test('a server that answers without end is cut off', async () => {
  const endless = createServer((_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.on('close', () => clearInterval(timer));
  });
  const port = await listen(endless);
  const { code, output, tookMs } = await run(connected, {
    CONNECT_CALLBACK_URL: `http://127.0.0.1:${port}/`,
  });
  expect([code, output]).toEqual([1, expect.stringContaining('(answer_unexpected)')]);
  expect(tookMs).toBeLessThan(10_000);
});
