/** Response headers, and that one request's text delays no other. */
import { startOperator } from '../operator.js';

let vendor: Awaited<ReturnType<typeof startOperator>>;
beforeAll(async () => {
  vendor = await startOperator();
});
afterAll(() => vendor.close());

const get = (path: string) =>
  fetch(vendor.service.url + path, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${vendor.apiKey}` },
  });

function expectSecurityHeaders({ headers }: Response): void {
  expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
  expect(headers.get('x-powered-by')).toBeNull();
}

test.each(['/', '/connections', '/operator'])('%s redirects with the security headers', async (path) => {
  const answer = await fetch(vendor.service.url + path, { redirect: 'manual' });
  expect([302, 303]).toContain(answer.status);
  expectSecurityHeaders(answer);
});

test('downloads have the security headers, even with 304', async () => {
  const { paths } = (await (await get('/openapi.json')).json()) as { paths: Record<string, unknown> };
  const downloads = Object.keys(paths).filter((path) => path.startsWith('/downloads/'));
  expect(downloads.length).toBeGreaterThan(2);
  for (const path of ['/openapi.json', ...downloads]) {
    const answer = await get(path);
    expect([path, answer.status]).toEqual([path, 200]);
    expectSecurityHeaders(answer);
    await answer.arrayBuffer();
    const etag = answer.headers.get('etag');
    if (etag === null) continue;
    const unchanged = await fetch(vendor.service.url + path, { headers: { 'if-none-match': etag } });
    expect([path, unchanged.status]).toEqual([path, 304]);
    expectSecurityHeaders(unchanged);
  }
});

/** Input for catastrophic backtracking, as bodies of 64 kB. */
const bodies = ['":a', '\\"', '": ', '"a":', ' ', 'a.', 'a-', '{account}', '://', '\t\n'].flatMap((part) => {
  const text = part.repeat(Math.floor(60_000 / part.length));
  return [
    `{"name":"${text.replace(/["\\]/g, '\\$&').slice(0, 64_000)}`,
    `["${text.slice(0, 64_000)}`,
    JSON.stringify({ name: text, scope: { project: text } }).slice(0, 65_000),
  ];
});

test('a body made for slow regular expressions delays no other request', async () => {
  const waitFor = async () => {
    const startedAt = performance.now();
    await (await get('/healthz')).text();
    return performance.now() - startedAt;
  };
  const longestOf = async (post: () => Promise<unknown>) => {
    let isDone = false;
    const done = post().finally(() => {
      isDone = true;
    });
    let longest = 0;
    do longest = Math.max(longest, await waitFor());
    while (!isDone);
    await done;
    return longest;
  };
  const post = async (body: string) => {
    const answer = await fetch(`${vendor.service.url}/v1/connections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vendor.apiKey}`, 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(400);
  };
  // The least of three, minus the time of an idle service: a busy machine does not count.
  const leastOf = async (body: string) =>
    Math.min(
      await longestOf(() => post(body)),
      await longestOf(() => post(body)),
      await longestOf(() => post(body)),
    );
  const idle = await leastOf('[]');
  for (const body of bodies)
    expect([body.slice(0, 30), (await leastOf(body)) - idle < 100]).toEqual([body.slice(0, 30), true]);
}, 60_000);
