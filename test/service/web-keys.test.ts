/** The page of API keys, as a browser without scripts uses it. */
import { until } from '../passing-clock.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, wordsOf } from '../web-client.js';

let vendor: Vendor;
let browser: WebClient;
beforeAll(async () => {
  vendor = await startVendor();
  browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
});
afterAll(() => vendor.close());

const keyIn = (text: string) => /rbk_[a-z2-7]{16}_[0-9a-f]{64}/.exec(text)?.[0] ?? '';

test('creates a key with limits, shows it once, and revokes it', async () => {
  expect((await browser.get('/connections')).text).toContain('href="/keys"');
  await browser.get('/keys');
  const limits = { permission: ['connections:read'], scope: 'shop/production', duration: '900', days: '30' };
  const made = await browser.post('/keys', { name: 'runner', ...limits });
  const key = keyIn(made.text);
  expect([made.status, wordsOf(made)]).toEqual([200, expect.stringContaining('not shown again')]);
  expect((await vendor.call('GET', '/v1/connections', undefined, key)).status).toBe(200);
  const shown = async () =>
    (await vendor.call('GET', '/v1/api-keys')).body.apiKeys.find(
      ({ name }: { name: string }) => name === 'runner',
    );
  // Stored beside the answer.
  await until(async () => (await shown()).lastUsedAt !== undefined, 'the mark of the use');
  const stored = await shown();
  expect(stored).toMatchObject({
    permissions: ['connections:read'],
    scope: { project: 'shop', environment: 'production' },
    ceilings: { durationSeconds: 900 },
    lastUsedAt: expect.any(String),
  });
  const listed = await browser.get('/keys');
  expect(wordsOf(listed)).toMatch(/runner connections:read .*Revoke/);
  expect(keyIn(listed.text)).toBe('');
  const revoked = await browser.post(`/keys/${stored.id}/revoke`);
  expect(wordsOf(revoked)).toContain('API key revoked');
  expect((await vendor.call('GET', '/v1/connections', undefined, key)).status).toBe(401);
});

test.each([
  [{ name: 'x' }, 'Choose at least one permission'],
  [{ name: '', permission: 'connections:read' }, 'Enter a name'],
  [{ name: 'x', permission: 'connections:read', scope: 'a//b/c' }, 'at most three names'],
  [{ name: 'x', permission: 'connections:read', scope: 'a//b' }, 'at most three names'],
  [{ name: 'x', permission: 'connections:read', duration: 'long' }, '900 to 43200 seconds'],
  [{ name: 'x', permission: 'connections:read', days: '-1' }, '1 to 3650 days'],
])('%j is rejected beside the form', async (fields, named) => {
  await browser.get('/keys');
  const page = await browser.post('/keys', fields);
  expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining(named)]);
});

test("a key without keys:write and a link can't open the page", async () => {
  const body = { name: 'writer', permissions: ['connections:read', 'connections:write'] };
  const writer = openWebClient(vendor.service.url);
  const page = await writer.signIn((await vendor.call('POST', '/v1/api-keys', body)).body.apiKey);
  expect(page.text).not.toContain('href="/keys"');
  expect((await writer.get('/keys')).status).toBe(403);
  expect((await writer.post('/keys', { name: 'x', permission: 'connections:read' })).status).toBe(403);
});
