/** Getting into the pages, and what keeps others out. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../service/index.js';
import { idleMs, longestMs } from '../../service/web/session.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

let vendor: Vendor;
let aheadMs = 0;
beforeAll(async () => {
  const clock = { now: () => Date.now() + aheadMs, sleep: systemClock.sleep };
  vendor = await startVendor({ clock });
});
beforeEach(() => {
  aheadMs = 0;
});
afterAll(() => vendor.close());

const firstStep = { partition: 'aws', account: '123456789012', permissions: 'read-only' };
const client = () => openWebClient(vendor.service.url);
const newLink = async (body: object = {}) => {
  const { url } = (await vendor.call('POST', '/v1/sign-in-links', body)).body;
  return url.slice(vendor.service.url.length);
};

describe('with an API key', () => {
  test('opens the connections of the organization', async () => {
    const page = await client().signIn(vendor.apiKey);
    expect([page.status, page.url]).toEqual([200, '/connections']);
    expect(wordsOf(page)).toContain('acme');
    expect(wordsOf(page)).toContain('Connect your first AWS account');
  });

  test('a wrong key is rejected with a message', async () => {
    const browser = client();
    const page = await browser.signIn(`${vendor.apiKey.slice(0, -1)}!`);
    expect(page.status).toBe(401);
    expect(wordsOf(page)).toContain('not a valid API key');
    expect((await browser.get('/connections')).url).toBe('/sign-in');
  });

  test('leads to the page that was asked for, and never to another site', async () => {
    const browser = client();
    const asked = await browser.get('/connections/con_x/setup?step=role');
    expect(asked.url).toBe('/sign-in?to=%2Fconnections%2Fcon_x%2Fsetup');
    expect(asked.text).toContain('name="to" value="/connections/con_x/setup"');
    const to = '/connections/new/access-key';
    expect((await browser.post('/sign-in', { apiKey: vendor.apiKey, to })).url).toBe(to);
    for (const elsewhere of [
      '//evil.example',
      'https://evil.example',
      '/connections/../../x',
      '/\\evil.example',
    ]) {
      await browser.get('/sign-in');
      const page = await browser.post('/sign-in', { apiKey: vendor.apiKey, to: elsewhere });
      expect([elsewhere, page.url]).toEqual([elsewhere, '/connections']);
    }
  });

  test('the cookie has a new secret and is hidden from scripts', async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    const before = { secret: browser.secret };
    await browser.signIn(vendor.apiKey);
    expect(browser.secret).not.toBe(before.secret);
    const other = client();
    other.stealFrom(before);
    expect((await other.get('/connections')).url).toBe('/sign-in');
    for (const set of (await fetch(`${vendor.service.url}/sign-in`)).headers.getSetCookie())
      expect(set).toMatch(/^rolebridge-form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('a session ends with its key', async () => {
    const { apiKey, id } = (await vendor.call('POST', '/v1/api-keys', { name: 'short' })).body;
    const browser = client();
    expect((await browser.signIn(apiKey)).url).toBe('/connections');
    await vendor.call('DELETE', `/v1/api-keys/${id}`);
    expect((await browser.get('/connections')).url).toBe('/sign-in');
  });
});

describe('with a one-time link', () => {
  test("opens once; a GET doesn't use it", async () => {
    const link = await newLink();
    for (const visitor of [client(), client()]) expect((await visitor.get(link)).status).toBe(200);
    expect((await client().signInWithLink(link)).url).toBe('/connections');
    const second = client();
    const refused = await second.signInWithLink(link);
    expect(refused.status).toBe(403);
    expect(wordsOf(refused)).toContain('This link was used already, or has expired.');
    expect((await second.get('/connections')).url).toBe('/sign-in');
  });

  test('one of many concurrent uses succeeds', async () => {
    const link = await newLink();
    const pages = await Promise.all(Array.from({ length: 8 }, () => client().signInWithLink(link)));
    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('expires', async () => {
    const link = await newLink({ expiresInSeconds: 60 });
    aheadMs = 61_000;
    expect((await client().signInWithLink(link)).status).toBe(403);
  });

  test('is revoked with the key that created it', async () => {
    const permissions = ['connections:read', 'links:write'];
    const { apiKey, id } = (await vendor.call('POST', '/v1/api-keys', { name: 'short', permissions })).body;
    const { url } = (await vendor.call('POST', '/v1/sign-in-links', {}, apiKey)).body;
    await vendor.call('DELETE', `/v1/api-keys/${id}`);
    expect((await client().signInWithLink(url.slice(vendor.service.url.length))).status).toBe(403);
  });

  test('leads to its connection', async () => {
    const { id } = (await vendor.call('POST', '/v1/connections', { name: 'linked' })).body;
    const link = await newLink({ connectionId: id });
    expect((await client().signInWithLink(link)).url).toBe(`/connections/${id}/setup`);
    expect((await vendor.call('POST', '/v1/sign-in-links', { connectionId: 'con_x' })).status).toBe(400);
    const unknown = await vendor.call('POST', '/v1/sign-in-links', { connectionId: `con_${'a'.repeat(24)}` });
    expect(unknown.status).toBe(404);
  });
});

describe('a session', () => {
  test('ends at sign-out for every copy of the cookie', async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    const copy = client();
    copy.stealFrom(browser);
    expect((await copy.get('/connections')).status).toBe(200);
    expect((await browser.post('/sign-out')).url).toBe('/sign-in');
    expect((await copy.get('/connections')).url).toBe('/sign-in');
  });

  test("ends after an hour of inactivity; script updates don't extend it", async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    aheadMs = idleMs - 60_000;
    expect((await browser.get('/connections', { 'x-rolebridge-live': '1' })).url).toBe('/connections');
    aheadMs = idleMs + 1_000;
    expect((await browser.get('/connections')).url).toBe('/sign-in');
  });

  test('continues while it is used, for at most twelve hours', async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    const step = idleMs - 60_000;
    for (aheadMs = step; aheadMs < longestMs; aheadMs += step)
      expect((await browser.get('/connections')).url).toBe('/connections');
    aheadMs = longestMs + 1_000;
    expect((await browser.get('/connections')).url).toBe('/sign-in');
  });

  test('is in the audit log, with the person of each action', async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    await browser.get('/connections/new');
    await browser.post('/connections/new/role', firstStep);
    await browser.post('/sign-out');
    const { records } = (await vendor.call('GET', '/v1/audit?limit=10')).body;
    const actions = records.map((record: { action: string }) => record.action);
    expect(actions).toEqual(
      expect.arrayContaining(['web_session.begin', 'web_session.end', 'connection.create']),
    );
    const made = records.find((record: { action: string }) => record.action === 'connection.create');
    expect(made.actor).toEqual({ kind: 'web_session', id: expect.stringMatching(/^ses_/) });
  });

  test('stores and logs no secret', async () => {
    const link = await newLink();
    const browser = client();
    await browser.signInWithLink(link);
    await browser.get('/connections');
    const secrets = [browser.secret, link.split('token=')[1] ?? '', browser.token];
    const files = readdirSync(vendor.directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(vendor.directory, name))
      .filter((file) => statSync(file).isFile());
    const kept = [...files.map((file) => readFileSync(file, 'utf8')), ...vendor.logs].join('\n');
    expect(kept).toContain('"route":"/sign-in/link"');
    for (const secret of secrets) {
      expect(secret).toHaveLength(43);
      expect(kept).not.toContain(secret);
    }
  });
});

describe('a form', () => {
  const cases: [string, Record<string, string>][] = [
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere (Origin: null)', { origin: 'null' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ];
  test.each(cases)('is rejected when it comes from %s', async (_name, headers) => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    await browser.get('/connections/new');
    const page = await browser.post('/connections/new/role', firstStep, headers);
    expect(page.status).toBe(403);
    expect(wordsOf(page)).toContain('did not come from this site');
  });

  test('is rejected without the token of this browser', async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    for (const csrf of ['', 'x', 'A'.repeat(43)])
      expect((await browser.post('/connections/new/role', { ...firstStep, csrf })).status).toBe(403);
    const other = client();
    await other.signIn(vendor.apiKey);
    await other.get('/connections/new');
    expect((await browser.post('/connections/new/role', { ...firstStep, csrf: other.token })).status).toBe(
      403,
    );
  });

  test('is rejected with a cookie but neither Fetch Metadata nor Origin', async () => {
    const browser = client();
    await browser.signIn(vendor.apiKey);
    await browser.get('/connections/new');
    const send = (headers: Record<string, string>) =>
      fetch(`${vendor.service.url}/connections/new/role`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          cookie: browser.cookieText(),
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        body: new URLSearchParams({ csrf: browser.token, ...firstStep }).toString(),
      });
    expect((await send({})).status).toBe(403);
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await send({ origin: vendor.service.url })).status).toBe(303);
  });

  test('sign-in, too: prevents login CSRF', async () => {
    const browser = client();
    await browser.get('/sign-in');
    const page = await browser.post(
      '/sign-in',
      { apiKey: vendor.apiKey },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    );
    expect(page.status).toBe(403);
  });
});

test('outside loopback the cookie is Secure', async () => {
  const far = await startVendor({ publicUrl: 'https://connect.vendor.example' });
  try {
    const response = await fetch(`${far.service.url}/sign-in`);
    const [form = ''] = response.headers.getSetCookie();
    expect(form).toMatch(/^__Host-rolebridge-form=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const signedIn = await fetch(`${far.service.url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        cookie: form.split(';')[0] ?? '',
        origin: 'https://connect.vendor.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        csrf: /name="csrf" value="([^"]+)"/.exec(await response.text())?.[1] ?? '',
        apiKey: far.apiKey,
      }).toString(),
    });
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers.getSetCookie()[0]).toMatch(
      /^__Host-rolebridge=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect((await far.call('POST', '/v1/sign-in-links', {})).body.url).toMatch(
      /^https:\/\/connect\.vendor\.example\/sign-in\/link\?token=[\w-]{43}$/,
    );
  } finally {
    await far.close();
  }
});

test("a page loads nothing from other origins, can't be framed and isn't cached", async () => {
  const { headers, text } = await client().get('/sign-in');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(text).not.toMatch(/<style|\sstyle=|\son\w+=/);
});

test('an unknown address is a page for people, and JSON for programs and below /v1', async () => {
  for (const [path, accept, type] of [
    ['/connection', 'text/html,*/*;q=0.8', 'text/html; charset=utf-8'],
    ['/favicon/x.ico', '*/*', 'application/problem+json'],
    ['/connection', 'application/json', 'application/problem+json'],
    ['/v1/nothing', 'text/html', 'application/problem+json'],
  ] as const) {
    const answer = await fetch(`${vendor.service.url}${path}`, { headers: { accept } });
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 404, type]);
    expect(await answer.text()).toContain('not_found');
  }
});

test('a session has the rate limit of an API key', async () => {
  const limited = await startVendor({ rateLimits: { key: 5 } });
  try {
    const browser = openWebClient(limited.service.url);
    await browser.signIn(limited.apiKey);
    const statuses: number[] = [];
    for (let visits = 0; visits < 6; visits++) statuses.push((await browser.get('/connections')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  } finally {
    await limited.close();
  }
});

describe('the language', () => {
  const languageOf = (page: { text: string }) => /<html lang="(\w+)"/.exec(page.text)?.[1];

  test("is the link's for the whole session", async () => {
    const link = `${await newLink()}&lang=de`;
    const browser = client();
    const landing = await browser.get(link);
    expect([languageOf(landing), wordsOf(landing).includes('AWS verbinden')]).toEqual(['de', true]);
    const page = await browser.post('/sign-in/link', {
      token: new URL(link, vendor.service.url).searchParams.get('token') ?? '',
      language: 'de',
    });
    expect([languageOf(page), wordsOf(page).includes('AWS-Verbindungen')]).toEqual(['de', true]);
    expect(languageOf(await browser.get('/connections/new'))).toBe('de');
    expect(languageOf(await browser.get('/connections/new', { 'accept-language': 'en' }))).toBe('de');
    expect(languageOf(await browser.get('/connections/nothing'))).toBe('de');
  });

  test.each([
    ['de-AT,de;q=0.9,en;q=0.5', 'de'],
    ['fr,en;q=0.5', 'en'],
    ['fr', 'en'],
    ['', 'en'],
    ['__proto__', 'en'],
  ])(`is the browser's first supported: "%s"`, async (header, language) => {
    const page = await client().get('/sign-in', { 'accept-language': header });
    expect([languageOf(page), page.headers.get('content-language')]).toEqual([language, language]);
  });

  test.each(['xx', '__proto__', '<script>', 'de&lang=en'])('stays when a link requests %s', async (asked) => {
    const page = await client().get(`${await newLink()}&lang=${asked}`);
    expect([page.status, languageOf(page)]).toEqual([200, 'en']);
  });
});
