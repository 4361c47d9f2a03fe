/** One client can't take the service away from the others. */
import { connect } from 'node:net';
import { systemClock } from '../../service/index.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
afterEach(() => vendor.close());

async function connected(call: Vendor['call'] = vendor.call) {
  const { body } = await call('POST', '/v1/connections', { name: 'shop' });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  const given = await call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
  expect(given.status).toBe(200);
  return { ...body, arn };
}
async function organization() {
  const { apiKey } = await vendor.service.createOrganization('other');
  return ((method, path, body) => callApi(vendor.service.url, apiKey, method, path, body)) as Vendor['call'];
}

it('returns the remaining requests of the API key, and answers 429 for that key only', async () => {
  vendor = await startVendor({ rateLimits: { key: 3 } });
  const answers = [];
  for (let number = 0; number < 4; number++) answers.push(await vendor.call('GET', '/v1/connections'));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(answers.map(({ headers }) => headers.get('ratelimit-policy'))).toEqual(
    Array(4).fill('"key";q=3;w=60'),
  );
  expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual(
    [2, 1, 0, 0].map((left) => expect.stringMatching(new RegExp(`^"key";r=${left};t=\\d+$`))),
  );
  const refused = answers[3];
  expect(refused?.body).toMatchObject({
    code: 'rate_limited',
    remedy: expect.stringContaining('Retry-After'),
  });
  const wait = Number(refused?.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(60);
  for (const path of ['/v1/resolve', '/v1/credentials'])
    expect((await vendor.call(path.endsWith('resolve') ? 'GET' : 'POST', path, undefined)).status).toBe(429);
  expect((await (await organization())('GET', '/v1/connections')).status).toBe(200);
});

it('an organization that floods verifications gets 429 without calls to AWS; others are unaffected', async () => {
  vendor = await startVendor({ rateLimits: { verifications: 5 } });
  const one = await connected();
  const callOther = await organization();
  const other = await connected(callOther);
  const flood = await Promise.all(
    Array.from({ length: 20 }, () => vendor.call('POST', `/v1/connections/${one.id}/verify`)),
  );
  const asked = vendor.sandbox.requests.length;
  expect(flood.filter(({ status }) => status === 429)).toHaveLength(16);
  const refused = await vendor.call('POST', `/v1/connections/${one.id}/verify`);
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  expect(refused.headers.get('ratelimit-policy')).toBe('"verifications";q=5;w=60');
  expect(vendor.sandbox.requests.length).toBe(asked);
  expect((await callOther('POST', `/v1/connections/${other.id}/verify`)).status).toBe(200);
  // It is a limit on what costs, not on the organization.
  expect((await vendor.call('GET', `/v1/connections/${one.id}`)).body.status).toBe('connected');
});

it("one connection can't exhaust its organization's verifications", async () => {
  vendor = await startVendor({ rateLimits: { connection: 3 } });
  const [one, other] = [await connected(), await connected()];
  const statuses = [];
  for (let number = 0; number < 4; number++)
    statuses.push((await vendor.call('POST', `/v1/connections/${one.id}/verify`)).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect((await vendor.call('POST', `/v1/connections/${other.id}/verify`)).status).toBe(200);
});

it('a callback over the limit connects later with the same webhook-id', async () => {
  vendor = await startVendor({ rateLimits: { callbacks: 1 } });
  const { id, callbackSecret, arn } = await connected();
  const post = async (message: ReturnType<typeof callbackMessage>) => {
    const { headers, body } = message;
    const answer = await fetch(`${vendor.service.url}/v1/callbacks`, {
      method: 'POST',
      headers,
      body: body as string,
    });
    return {
      status: answer.status,
      body: (await answer.json()) as { code: string },
      headers: answer.headers,
    };
  };
  // Without the secret, the connection's limit can't be exhausted.
  for (let number = 0; number < 5; number++)
    expect((await post(callbackMessage('whsec_AAAA', provisioned(id, arn)))).status).toBe(401);
  const message = callbackMessage(callbackSecret, provisioned(id, arn));
  expect((await post(message)).status).toBe(200);
  const refused = await post(message);
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

describe('requests without valid credentials are limited by address', () => {
  const knock = (headers: Record<string, string> = {}) =>
    fetch(`${vendor.service.url}/v1/connections`, { headers: { authorization: 'Bearer wrong', ...headers } });

  it('regardless of X-Forwarded-For without a configured proxy; a valid key is not affected', async () => {
    vendor = await startVendor({ rateLimits: { address: 3 } });
    const statuses = [];
    for (let number = 0; number < 5; number++)
      statuses.push(
        (await knock({ 'x-forwarded-for': `10.0.0.${number}`, forwarded: `for=10.0.0.${number}` })).status,
      );
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    for (const path of ['/nothing', '/v1/callbacks', '/problems/none'])
      expect((await fetch(vendor.service.url + path, { method: 'POST' })).status).toBe(429);
    expect((await vendor.call('GET', '/v1/connections')).status).toBe(200);
    for (const path of ['/healthz', '/readyz'])
      expect((await fetch(vendor.service.url + path)).status).toBe(200);
  });

  it('by the entries of the configured proxies, ignoring those of the client', async () => {
    vendor = await startVendor({ rateLimits: { address: 1 }, trustedProxies: 1 });
    const status = async (forwarded: string) => (await knock({ 'x-forwarded-for': forwarded })).status;
    expect(await status('203.0.113.1')).toBe(401);
    expect(await status('203.0.113.1')).toBe(429);
    expect(await status('198.51.100.9, 203.0.113.1')).toBe(429);
    expect(await status('203.0.113.1, 203.0.113.2')).toBe(401);
    // All addresses of an IPv6 network are one client.
    expect(await status('2001:db8:1:2::1')).toBe(401);
    expect(await status('2001:0db8:1:2:ffff::2')).toBe(429);
    expect(await status('2001:db8:1:3::1')).toBe(401);
  });
});

it('guesses at the sign-in page are limited by address; a valid key still works', async () => {
  vendor = await startVendor({ rateLimits: { address: 2 } });
  const { url } = vendor.service;
  const form = await fetch(`${url}/sign-in`);
  const cookie = form.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');
  const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? '';
  const signIn = (apiKey: string) =>
    fetch(`${url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: url, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ csrf, apiKey }),
    });
  const guess = `rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`;
  const statuses = [];
  for (let number = 0; number < 4; number++) statuses.push((await signIn(guess)).status);
  expect(statuses).toEqual([401, 401, 429, 429]);
  expect((await signIn(vendor.apiKey)).status).toBe(303);
});

describe('AWS is shared fairly', () => {
  it('while the roles of one organization hang, another one’s are verified', async () => {
    let hangs: string | undefined;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    vendor = await startVendor({
      stsCalls: { atOnce: 8, atOncePerOrganization: 4 },
      aroundSts: (sts) => ({
        ...sts,
        async assumeRole(request) {
          if (request.roleArn === hangs) await answered;
          return sts.assumeRole(request);
        },
      }),
    });
    const slow = await connected();
    const callOther = await organization();
    const other = await connected(callOther);
    hangs = slow.arn;
    const hanging = Array.from({ length: 12 }, () =>
      vendor.call('POST', `/v1/connections/${slow.id}/verify`),
    );
    for (let number = 0; number < 5; number++)
      expect((await callOther('POST', `/v1/connections/${other.id}/verify`)).status).toBe(200);
    answer();
    // Of concurrent verifications, one is stored. On a busy machine, a call may have waited for its turn too long.
    for (const { status } of await Promise.all(hanging)) expect([200, 409, 429]).toContain(status);
    expect((await vendor.call('GET', `/v1/connections/${slow.id}`)).body.status).toBe('connected');
  });

  it('with at most the configured number of concurrent calls', async () => {
    vendor = await startVendor({ stsCalls: { atOnce: 3, atOncePerOrganization: 2 } });
    const one = await connected();
    const callOther = await organization();
    const other = await connected(callOther);
    const wanted = [
      ...Array.from({ length: 5 }, () => vendor.call('POST', `/v1/connections/${one.id}/verify`)),
      ...Array.from({ length: 5 }, () => callOther('POST', `/v1/connections/${other.id}/verify`)),
    ];
    vendor.sandbox.faults.set({ kind: 'delay', delayMs: 50 });
    const statuses = (await Promise.all(wanted)).map(({ status }) => status);
    // Concurrent changes get a conflict; none is rejected for the limit.
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
    expect(vendor.sandbox.mostAtOnce).toBeLessThanOrEqual(3);
  });
});

it('concurrent readiness checks share one store access', async () => {
  const now = Date.now();
  vendor = await startVendor({
    metricsListener: { host: '127.0.0.1', port: 0 },
    clock: { ...systemClock, now: () => now },
  });
  const looks = async () => {
    const text = await (await fetch(vendor.service.metricsUrl ?? '')).text();
    return Number(/store_duration_seconds_count\{operation="ready"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  const answers = await Promise.all(Array.from({ length: 200 }, () => fetch(`${vendor.service.url}/readyz`)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(await looks()).toBe(5);
});

it("a client with many idle connections doesn't affect others", async () => {
  vendor = await startVendor({ requestTimeoutMs: 1_000 });
  const { port } = new URL(vendor.service.url);
  const idle = Array.from({ length: 200 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
  expect((await vendor.call('GET', '/v1/connections')).status).toBe(200);
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.on('close', resolve).resume())));
});
