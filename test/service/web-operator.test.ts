/** The operator's page: connections across organizations, for the vendor's staff alone. */
import { createHash } from 'node:crypto';
import { callApi, startVendor, type Vendor } from '../vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

const token = 'an-operator-token-of-some-length-1';
const operatorTokenHash = createHash('sha256').update(token).digest('hex');
let vendor: Vendor;
let aheadMs = 0;

beforeAll(async () => {
  const clock = { now: () => Date.now() + aheadMs, sleep: async () => {} };
  vendor = await startVendor({ operatorTokenHash, clock, propagationWindowMs: 0 });
});
beforeEach(() => {
  aheadMs = 0;
});
afterAll(() => vendor.close());

/** A connection of another organization; without a condition its role is open to every customer. */
async function connect(organization: string, name: string, isSafe: boolean) {
  const { apiKey } = await vendor.service.createOrganization(organization);
  const { accountId } = vendor.sandbox.createAccount();
  const { body } = await callApi(vendor.service.url, apiKey, 'POST', '/v1/connections', {
    name,
    expectedAccountId: accountId,
  });
  const trustPolicy = isSafe
    ? body.trustPolicy
    : {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' }],
      };
  const roleArn = vendor.sandbox.createRole(accountId, { roleName: name, trustPolicy }).arn;
  await callApi(vendor.service.url, apiKey, 'PUT', `/v1/connections/${body.id}/role`, { roleArn });
  return { id: body.id as string, accountId };
}

async function signedIn() {
  const browser = openWebClient(vendor.service.url);
  await browser.get('/operator/sign-in');
  const page = await browser.post('/operator/sign-in', { token });
  return { browser, page };
}

test('shows connections of all organizations, security events first, and filters them', async () => {
  const open = await connect('Globex', 'open-role', false);
  const safe = await connect('Initech', 'safe-role', true);
  const { browser, page } = await signedIn();
  expect([page.status, page.url]).toEqual([200, '/operator']);
  const words = wordsOf(page);
  expect(words).toMatch(/Security events 1 open.*Globex \/ open-role.*All connections.*safe-role/);
  for (const [query, shown, hidden] of [
    ['status=failed', 'Globex', 'safe-role'],
    ['status=connected&assurance=tested', 'safe-role', 'Globex</a>'],
    [`account=${safe.accountId}`, 'safe-role', 'Globex</a>'],
    ['code=external_id_not_required', 'Globex', 'safe-role'],
  ] as const) {
    const { text } = await browser.get(`/operator?${query}`);
    const table = text.slice(text.indexOf('id="all"'));
    expect([query, table.includes(shown), table.includes(hidden)]).toEqual([query, true, false]);
  }
  const organizationId = /organizations\/(org_[a-z0-9]+)#/.exec(page.text)?.[1];
  const one = await browser.get(`/operator/organizations/${organizationId}?connection=${open.id}`);
  expect(wordsOf(one)).toMatch(/Globex.*open-role.*History Verified Rejected external_id_not_required/);
  expect(wordsOf(one)).not.toContain('safe-role');
});

test('lets in nobody else: no wrong token, no API key, no customer’s session', async () => {
  const browser = openWebClient(vendor.service.url);
  for (const path of ['/operator', '/operator/organizations/org_x'])
    expect((await browser.get(path)).url).toBe('/operator/sign-in');
  for (const wrong of ['', 'x', vendor.apiKey, `${token}x`]) {
    const page = await browser.post('/operator/sign-in', { token: wrong });
    expect([page.status, wordsOf(page).includes('not a valid operator token')]).toEqual([401, true]);
  }
  await browser.signIn(vendor.apiKey);
  expect((await browser.get('/operator')).url).toBe('/operator/sign-in');
});

test('a session ends by itself, with a sign-out, and with the token; a forged cookie opens nothing', async () => {
  const { browser } = await signedIn();
  const cookie = browser.cookieText();
  aheadMs = 31 * 60_000;
  expect((await browser.get('/operator')).url).toBe('/operator/sign-in');
  const other = (await signedIn()).browser;
  expect((await other.post('/operator/sign-out', { csrf: 'wrong' })).status).toBe(403);
  await other.get('/operator');
  expect((await other.post('/operator/sign-out')).url).toBe('/operator/sign-in');
  expect((await other.get('/operator')).url).toBe('/operator/sign-in');
  aheadMs = 0;
  const forged = `${cookie.slice(0, -4)}AAAA`;
  for (const [given, status] of [
    [cookie, 200],
    [forged, 303],
  ] as const) {
    const answer = await fetch(`${vendor.service.url}/operator`, {
      headers: { cookie: given },
      redirect: 'manual',
    });
    expect(answer.status).toBe(status);
  }
});

test.each([
  'status=nothing',
  'status=failed&status=pending',
  'account=<script>',
  'account=12345678901234567890',
  'code=__proto__',
  'after=con_x',
  'assurance[]=proven',
])('ignores %s', async (query) => {
  const { browser } = await signedIn();
  const page = await browser.get(`/operator?${query}`);
  expect([page.status, page.text.includes('<script>')]).toEqual([200, false]);
});

test('is not there without an operator’s token', async () => {
  const other = await startVendor();
  const answer = await fetch(`${other.service.url}/operator/sign-in`);
  expect(answer.status).toBe(404);
  await other.close();
});
