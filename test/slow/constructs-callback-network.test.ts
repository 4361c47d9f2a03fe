/** The callback in corporate networks: a proxy, and a certificate authority of the company. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { closeVendor, run } from '../constructs/callback-run.js';
import { connected } from '../constructs/vendor.js';
import { corporateNetwork, HOST } from '../corporate-network.js';

const network = corporateNetwork();
const { trusted, listen } = network;

afterEach(async () => {
  network.stop();
  await closeVendor();
});
afterAll(network.remove);

const startNetwork = (respond?: (headers: IncomingHttpHeaders) => number) =>
  network.start({
    answer: ({ headers }, body) => connected({ headers, body, at: 0 }),
    ...(respond && { respond }),
  });

const url = { CONNECT_CALLBACK_URL: `https://${HOST}/v1/callbacks` };

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
