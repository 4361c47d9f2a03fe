/** Links that are limited: to one person, one browser, one connection, and what their maker may. */

import { systemClock } from '../../service/server/wiring.js';
import { defaultBrand } from '../../service/web/brand.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient } from '../web-client.js';

let vendor: Vendor;
let aheadMs = 0;
beforeAll(async () => {
  vendor = await startVendor({
    clock: { now: () => Date.now() + aheadMs, sleep: systemClock.sleep },
    brand: { ...defaultBrand, returnUrls: ['https://app.vendor.example/settings'] },
  });
});
afterAll(() => vendor.close());
afterEach(() => {
  aheadMs = 0;
});

const create = (body: object, key = vendor.apiKey) => vendor.call('POST', '/v1/sign-in-links', body, key);
const pathOf = (url: string) => url.slice(vendor.service.url.length);
const client = () => openWebClient(vendor.service.url);

async function signedIn(body: object): Promise<WebClient> {
  const browser = client();
  expect((await browser.signInWithLink(pathOf((await create(body)).body.url))).status).toBe(200);
  return browser;
}

async function connection(name: string, scope?: object) {
  const made = (await vendor.call('POST', '/v1/connections', { name, ...(scope && { scope }) })).body;
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: made.trustPolicy });
  return { ...made, arn, accountId } as { id: string; arn: string; accountId: string };
}

describe('a link for one connection', () => {
  it('opens and connects that connection, and ends before the scope step', async () => {
    const other = await connection('the secret project', { project: 'secret-project' });
    const { id, arn, accountId } = await connection('New connection');
    await vendor.call('PATCH', `/v1/connections/${id}`, { expectedAccountId: accountId });
    const browser = await signedIn({ connectionId: id });
    expect((await browser.get('/connections')).url).toMatch(new RegExp(`^/connections/${id}`));
    let checked = await browser.post(`/connections/${id}/check`, { roleArn: arn });
    while (checked.url.includes('/checking')) checked = await browser.get(checked.url);
    expect(checked.url).toBe(`/connections/${id}/connected`);
    expect((await browser.get(`/connections/${id}/setup`)).url).toBe(`/connections/${id}/connected`);
    for (const path of [`/connections/${id}/scope`, '/connections/new', '/connections/new/access-key'])
      expect([path, (await browser.get(path)).status]).toEqual([path, 403]);
    for (const path of [`/connections/${id}/scope`, `/connections/${id}/finish`, `/connections/${id}/delete`])
      expect([path, (await browser.post(path, { name: 'x', scope: 'all' })).status]).toEqual([path, 403]);
    for (const path of ['', '/setup', '/checking', '/connected', '/access-key'])
      expect((await browser.get(`/connections/${other.id}${path}`)).status).toBe(404);
    expect((await browser.get(`/connections/${id}`)).text).not.toContain('secret-project');
    expect((await vendor.call('GET', `/v1/connections/${id}`)).body).toMatchObject({
      status: 'connected',
      scopes: [],
    });
  });

  it('with access "read" shows it and changes nothing', async () => {
    const { id } = await connection('read only');
    const browser = await signedIn({ connectionId: id, access: 'read' });
    expect((await browser.get(`/connections/${id}`)).status).toBe(200);
    expect((await browser.get(`/connections/${id}/setup`)).status).toBe(403);
    for (const path of [
      'verify',
      'callback-secret',
      'account',
      'name',
      'external-id',
      'rotate',
      'release-account',
    ])
      expect([path, (await browser.post(`/connections/${id}/${path}`)).status]).toEqual([path, 403]);
  });
});

it('never allows more than its creator, and is revoked with it', async () => {
  const make = async (more: object) =>
    (await vendor.call('POST', '/v1/api-keys', { name: 'k', ...more })).body as {
      apiKey: string;
      id: string;
    };
  const reader = await make({
    permissions: ['connections:read', 'links:write'],
    scope: { project: 'shop' },
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const { id } = await connection('elsewhere', { project: 'blog' });
  expect((await create({ access: 'connect' }, reader.apiKey)).body.code).toBe('permission_denied');
  expect((await create({ expiresInSeconds: 86_400 }, reader.apiKey)).body.code).toBe('permission_denied');
  expect((await create({ connectionId: id }, reader.apiKey)).body.code).toBe('connection_not_found');
  const made = await create({}, reader.apiKey);
  expect(made.body.access).toBe('read');
  const browser = client();
  expect((await browser.signInWithLink(pathOf(made.body.url))).text).not.toContain('elsewhere');
  expect((await browser.get(`/connections/${id}`)).status).toBe(404);
  await vendor.call('DELETE', `/v1/api-keys/${reader.id}`);
  expect((await browser.get('/connections')).url).toBe('/sign-in');
});

it('is bound to the first browser, which can use it again', async () => {
  const path = pathOf((await create({ expiresInSeconds: 2_592_000 })).body.url);
  const first = client();
  expect((await first.signInWithLink(path)).status).toBe(200);
  expect((await client().signInWithLink(path)).status).toBe(403);
  await first.post('/sign-out');
  aheadMs = 20 * 86_400_000;
  expect((await first.signInWithLink(path)).url).toBe('/connections');
  aheadMs = 31 * 86_400_000;
  expect((await first.signInWithLink(path)).status).toBe(403);
  const { records } = (await vendor.call('GET', '/v1/audit?limit=20')).body;
  expect(records).toContainEqual(
    expect.objectContaining({
      action: 'web_session.begin',
      outcome: 'refused',
      code: 'sign_in_link_invalid',
    }),
  );
});

it('signs in a browser whose form was sent twice at once, which can use it again', async () => {
  const path = pathOf((await create({})).body.url);
  const browser = client();
  await browser.get(path);
  const token = path.split('token=')[1] ?? '';
  const pressed = await Promise.all([1, 2].map(() => browser.post('/sign-in/link', { token })));
  expect(pressed.map(({ url }) => url)).toEqual(['/connections', '/connections']);
  expect((await browser.signInWithLink(path)).url).toBe('/connections');
});

it('is listed without its URL and revoked with its sessions', async () => {
  const { url, ...shown } = (await create({ user: { name: 'Ana Ruiz', email: 'ana@example.com' } })).body;
  const browser = client();
  await browser.signInWithLink(pathOf(url));
  const listed = (await vendor.call('GET', '/v1/sign-in-links')).body.signInLinks;
  expect(listed[0]).toEqual({ ...shown, usedAt: expect.any(String) });
  expect((await vendor.call('DELETE', `/v1/sign-in-links/${shown.id}`)).status).toBe(204);
  expect((await browser.get('/connections')).url).toBe('/sign-in');
  expect((await browser.signInWithLink(pathOf(url))).status).toBe(403);
});

it('names its person in the session, the history and the audit log, and nowhere on the disk', async () => {
  const { id } = await connection('named');
  const browser = await signedIn({ connectionId: id, access: 'manage', user: { name: 'Bo <b>Li' } });
  expect((await browser.get(`/connections/${id}`)).text).toContain('Bo &lt;b&gt;Li');
  await browser.post(`/connections/${id}/name`, { name: 'renamed' });
  expect((await browser.get(`/connections/${id}`)).text).toContain('Link for Bo &lt;b&gt;Li');
  const { records } = (await vendor.call('GET', `/v1/audit?connection=${id}`)).body;
  expect(records[0]).toMatchObject({
    action: 'connection.rename',
    actor: { kind: 'web_session', person: { name: 'Bo <b>Li' } },
  });
  const stored = await vendor.store.auditRecords(vendor.organization.id, { limit: 10 });
  expect(JSON.stringify(stored)).not.toContain('Bo <b>Li');
});

it('returns only to a listed URL', async () => {
  const returnUrl = 'https://app.vendor.example/settings/aws';
  const browser = await signedIn({ returnUrl });
  expect((await browser.get('/connections')).text).toContain(returnUrl);
  for (const wrong of [
    'https://app.vendor.example/',
    'https://evil.example/settings',
    'javascript:alert(1)',
    'x',
    'data:text/html,x',
    '//app.vendor.example/settings/aws',
    'http://app.vendor.example/settings/aws',
    'https://app.vendor.example:444/settings/aws',
    'https://app.vendor.example.evil.example/settings/aws',
    'https://app.vendor.example@evil.example/settings/aws',
    'https://ada:pw@app.vendor.example/settings/aws',
    'https://app.vendor.example\\@evil.example/settings/aws',
    'https://app.vendor.example/settings-of-another',
    'https://app.vendor.example/settings/../admin',
    'https://app.vendor.example/settings/%2e%2e/admin',
    ' https://app.vendor.example/settings/aws',
    'https://app.vendor.example/settings/aws\r\nset-cookie: a=b',
  ])
    expect([wrong, (await create({ returnUrl: wrong })).body.code]).toEqual([wrong, 'request_invalid']);
});

it.each([
  [{ access: 'release' }],
  [{ access: '' }],
  [{ user: {} }],
  [{ user: { name: '' } }],
  [{ user: { name: 'a\nb' } }],
  [{ user: { name: 'x', email: 'x' } }],
  [{ user: { name: 'x', role: 'admin' } }],
  [{ expiresInSeconds: 59 }],
  [{ expiresInSeconds: 2_592_001 }],
  [{ apiKeyId: 'key_aaaaaaaaaaaaaaaa' }],
])('is not created from %j', async (body) => {
  expect((await create(body)).body.code).toBe('request_invalid');
});

describe('a link that is created in a session', () => {
  /** One that manages a connection, and the administrator's that its session made. */
  async function family() {
    const { id } = await connection('with an administrator');
    const parent = (await create({ access: 'manage' })).body;
    const manager = client();
    await manager.signInWithLink(pathOf(parent.url));
    await manager.get(`/connections/${id}`);
    const page = await manager.post(`/connections/${id}/administrator-link`);
    const child = /\/sign-in\/link\?token=[\w-]+/.exec(page.text)?.[0] ?? '';
    const administrator = client();
    expect((await administrator.signInWithLink(child)).url).toContain(id);
    const opens = async () => (await administrator.get(`/connections/${id}`)).url === `/connections/${id}`;
    return { parent, manager, child, opens, id };
  }

  it('is revoked with the link of that session, together with its own sessions', async () => {
    const { parent, manager, child, opens, id } = await family();
    expect(await opens()).toBe(true);
    expect((await vendor.call('DELETE', `/v1/sign-in-links/${parent.id}`)).status).toBe(204);
    expect(await opens()).toBe(false);
    expect((await manager.get(`/connections/${id}`)).url).toMatch(/^\/sign-in/);
    expect((await client().signInWithLink(child)).status).toBe(403);
    // Also when nothing of the parent is left.
    aheadMs = 13 * 3_600_000;
    await signedIn({});
    expect((await client().signInWithLink(child)).status).toBe(403);
  });

  it('outlives the expiry of that link', async () => {
    const { opens } = await family();
    aheadMs = 20 * 60_000;
    await signedIn({});
    expect(await opens()).toBe(true);
  });
});
