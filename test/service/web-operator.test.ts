/** The operator's page: connections across organizations, for the vendor's staff alone. */
import { createHash } from 'node:crypto';
import { createOperatorLink } from '../../service/actions/operator-link.js';
import { createOperatorToken, revokeOperatorToken } from '../../service/actions/operator-tokens.js';
import type { OperatorPermission } from '../../service/domain/operator.js';
import { commandLine, systemClock } from '../../service/index.js';
import { connectIn } from '../operator.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

const token = 'an-operator-token-of-some-length-1';
const operatorTokenHash = createHash('sha256').update(token).digest('hex');
let vendor: Vendor;
let aheadMs = 0;

beforeAll(async () => {
  const clock = { now: () => Date.now() + aheadMs, sleep: systemClock.sleep };
  vendor = await startVendor({ operatorTokenHash, clock, propagationWindowMs: 0 });
});
beforeEach(() => {
  aheadMs = 0;
});
afterAll(() => vendor.close());

async function signedIn() {
  const browser = openWebClient(vendor.service.url);
  await browser.get('/operator/sign-in');
  const page = await browser.post('/operator/sign-in', { token });
  return { browser, page };
}

test('shows connections of all organizations, security events first, and filters them', async () => {
  const open = await connectIn(vendor, 'Globex', 'open-role', false);
  const safe = await connectIn(vendor, 'Initech', 'safe-role', true);
  const { browser, page } = await signedIn();
  expect([page.status, page.url]).toEqual([200, '/operator']);
  const words = wordsOf(page);
  expect(words).toMatch(/Security events 1 open.*Globex \/ open-role.*All connections.*safe-role/);
  for (const [query, shown, hidden] of [
    ['status=failed', 'Globex', 'safe-role'],
    ['status=connected&assurance=tested', 'safe-role', 'Globex</a>'],
    [`q=${safe.accountId}`, 'safe-role', 'Globex</a>'],
    ['q=SAFE-R', 'safe-role', 'Globex</a>'],
    ['code=external_id_not_required', 'Globex', 'safe-role'],
  ] as const) {
    const { text } = await browser.get(`/operator?${query}`);
    const table = text.slice(text.indexOf('id="all"'));
    expect([query, table.includes(shown), table.includes(hidden)]).toEqual([query, true, false]);
  }
  const organizationId = /organizations\/(org_[a-z0-9]+)\?connection/.exec(page.text)?.[1];
  const one = await browser.get(`/operator/organizations/${organizationId}?connection=${open.id}`);
  expect(wordsOf(one)).toMatch(
    /Globex.*open-role.*History Audit log Event Connection By Time Checked Rejected: The role can be assumed without the external ID open-role API key/,
  );
  expect(wordsOf(one)).not.toContain('safe-role');
});

test('rejects a wrong token, an API key and a customer’s session', async () => {
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

test('a session ends by expiry, sign-out and with the token; a forged cookie is rejected', async () => {
  const { browser } = await signedIn();
  const cookie = browser.cookieText();
  aheadMs = 31 * 60_000;
  expect((await browser.get('/operator')).url).toBe('/operator/sign-in');
  const other = (await signedIn()).browser;
  expect((await other.post('/operator/sign-out', { csrf: 'wrong' })).status).toBe(403);
  await other.get('/operator');
  const copied = { headers: { cookie: other.cookieText() }, redirect: 'manual' } as const;
  expect((await fetch(`${vendor.service.url}/operator`, copied)).status).toBe(200);
  expect((await other.post('/operator/sign-out')).url).toBe('/operator/sign-in');
  expect((await other.get('/operator')).url).toBe('/operator/sign-in');
  expect((await fetch(`${vendor.service.url}/operator`, copied)).status).toBe(303);
  const busy = (await signedIn()).browser;
  let left = busy.cookieText();
  for (let minutes = 20; minutes < 12 * 60; minutes += 20) {
    aheadMs += 20 * 60_000;
    left = (await busy.get('/operator')).url === '/operator' ? busy.cookieText() : 'ended';
  }
  expect(left).not.toBe('ended');
  aheadMs += 20 * 60_000;
  expect((await busy.get('/operator')).url).toBe('/operator/sign-in');
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
  'q=12345678901234567890&lang=xx',
  'sort=constructor',
  'before=con_x',
  'set=../../etc@1',
  'code=__proto__',
  'after=con_x',
  'assurance[]=proven',
])('ignores %s', async (query) => {
  const { browser } = await signedIn();
  const page = await browser.get(`/operator?${query}`);
  expect([page.status, page.text.includes('<script>')]).toEqual([200, false]);
});

const mint = (name: string, permissions: readonly OperatorPermission[]) =>
  createOperatorToken({ store: vendor.store, clock: systemClock }, commandLine(), { name, permissions });

test.each([
  [['connections:read', 'organizations:read', 'audit:read'], 200, 200, 200],
  [['connections:read'], 200, 403, 403],
  [['organizations:read'], 403, 200, 403],
  [['audit:read'], 403, 403, 200],
] as const)('a created token opens its permitted pages: %j', async (permissions, ...expected) => {
  const { token: created } = await mint('staff', permissions);
  const browser = openWebClient(vendor.service.url);
  await browser.get('/operator/sign-in');
  const page = await browser.post('/operator/sign-in', { token: created });
  expect([page.status, page.url]).toEqual([expected[0], '/operator']);
  for (const [path, status] of [
    ['/operator/connections.csv', expected[0]],
    ['/operator/organizations', expected[1]],
    [`/operator/organizations/${vendor.organization.id}`, expected[1]],
    [`/operator/organizations/${vendor.organization.id}/audit`, expected[1] === 200 ? expected[2] : 403],
    ['/operator/audit', expected[2]],
  ] as const)
    expect([path, (await browser.get(path)).status]).toEqual([path, status]);
  const one = (await browser.get(`/operator/organizations/${vendor.organization.id}`)).text;
  for (const [part, permission] of [
    ['connections', 'connections:read'],
    ['history', 'audit:read'],
  ] as const)
    expect([part, one.includes(`id="${part}"`)]).toEqual([
      part,
      expected[1] === 200 && permissions.some((each) => each === permission),
    ]);
});

test('a link from the command line works once, and no longer than its token', async () => {
  const deps = { store: vendor.store, clock: systemClock, publicUrl: vendor.service.url };
  const { id } = await mint('night shift', ['connections:read']);
  const link = await createOperatorLink(deps, commandLine(), { token: id, expiresInMinutes: 5 });
  const path = link.url.slice(vendor.service.url.length);
  const fields = { token: new URL(link.url).searchParams.get('token') ?? '' };
  const [browser, second] = [openWebClient(vendor.service.url), openWebClient(vendor.service.url)];
  for (const each of [browser, second]) expect((await each.get(path)).status).toBe(200);
  expect((await browser.post('/operator/sign-in/link', fields)).url).toBe('/operator');
  const used = await second.post('/operator/sign-in/link', fields);
  expect([used.status, wordsOf(used).includes('used already, or has expired')]).toEqual([403, true]);
  await revokeOperatorToken(deps, commandLine(), id);
  expect((await browser.get('/operator')).url).toBe('/operator/sign-in');
});

test('the list can be downloaded; no name becomes a formula', async () => {
  const { apiKey } = await vendor.service.createOrganization('=cmd|calc');
  await callApi(vendor.service.url, apiKey, 'POST', '/v1/connections', { name: '@SUM(1,"2")' });
  const { browser } = await signedIn();
  const whole = await browser.get('/operator/connections.csv');
  expect(whole.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(whole.headers.get('content-disposition')).toBe('attachment; filename="connections.csv"');
  expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
  expect(whole.text).toContain(`"'=cmd|calc"`);
  expect(whole.text).toContain(`"'@SUM(1,""2"")"`);
  const lines = whole.text.trim().split('\r\n');
  const { connections } = (await callApi(vendor.service.url, token, 'GET', '/v1/operator/connections')).body;
  expect(lines).toHaveLength(1 + connections.length);
  const pending = (await browser.get('/operator/connections.csv?status=pending')).text.trim().split('\r\n');
  expect(pending.slice(1).every((line) => line.includes('"pending"'))).toBe(true);
});

test('an organization is found by part of its name, reference or id', async () => {
  const given = { name: 'Umbrella Works', reference: 'umbrella-7' };
  const { body } = await callApi(vendor.service.url, token, 'POST', '/v1/organizations', given);
  const { browser } = await signedIn();
  const found = await browser.get('/operator?q=umbrella+w');
  expect(found.text).toContain(`/operator/organizations/${body.id}">Umbrella Works</a>`);
  expect(wordsOf(found)).toContain('No connection matches');
  expect(wordsOf(await browser.get('/operator/organizations?q=umbrella+w'))).toContain('Umbrella Works');
  for (const exact of ['umbrella-7', body.id])
    expect((await browser.get(`/operator/organizations?q=${exact}`)).url).toBe(
      `/operator/organizations/${body.id}`,
    );
  const none = await browser.get('/operator/organizations?q=%3Cscript%3E');
  expect([none.text.includes('<script>'), wordsOf(none).includes('No organization matches')]).toEqual([
    false,
    true,
  ]);
});

test('without any token every sign-in is rejected', async () => {
  const other = await startVendor();
  const browser = openWebClient(other.service.url);
  await browser.get('/operator/sign-in');
  for (const wrong of ['', 'undefined', other.apiKey])
    expect((await browser.post('/operator/sign-in', { token: wrong })).status).toBe(401);
  await other.close();
});
