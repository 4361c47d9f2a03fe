/** A check that takes its time, in a browser without scripts: no answer keeps it waiting. */
import type { Fault, SandboxRequest } from '../aws-sandbox/index.js';
import { minute, passingClock, until } from '../passing-clock.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, type WebPage, wordsOf } from '../web-client.js';

let vendor: Vendor;
/** As another process on the same store. */
let another: Awaited<ReturnType<Vendor['startAnother']>>;
let browser: WebClient;
const clock = passingClock();
beforeAll(async () => {
  vendor = await startVendor({ clock, propagationWindowMs: minute, maxWaitMs: minute });
  another = await vendor.startAnother({ store: vendor.store });
  browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
});
afterAll(async () => {
  await vendor.close();
  await another.close();
});

const idIn = ({ url }: WebPage) => /con_[a-z2-7]{24}/.exec(url)?.[0] ?? '';

let accountId = '';
async function begin(): Promise<{ id: string; trust: (externalId?: string) => object }> {
  accountId = vendor.sandbox.createAccount().accountId;
  await browser.get('/connections/new');
  const chosen = { partition: 'aws', account: accountId, permissions: 'read-only' };
  const id = idIn(await browser.post('/connections/new/role', chosen));
  const { externalId } = (await vendor.call('GET', `/v1/connections/${id}`)).body;
  return {
    id,
    trust: (required = externalId) => ({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: vendor.principal },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': required } },
        },
      ],
    }),
  };
}
function makeRole(trustPolicy: object, delayMs: number): string {
  vendor.sandbox.propagationDelayMs = delayMs;
  const roleName = `role-${Math.random().toString(36).slice(2)}`;
  return vendor.sandbox.createRole(accountId, { roleName, trustPolicy }).arn;
}

/** Asks for the page again, while time passes, until it is another one. */
async function followed(page: WebPage, client = browser): Promise<WebPage> {
  let now = page;
  await until(async () => {
    if (now.headers.get('refresh') === null) return true;
    expect([now.status, now.headers.get('refresh')]).toEqual([200, '2']);
    clock.pass(2_000);
    now = await client.get(now.url);
    return false;
  }, 'the end of the check');
  return now;
}

test('a role that is still propagating: the page says so, refreshes, and shows the connection', async () => {
  const { id, trust } = await begin();
  const roleArn = makeRole(trust(), minute / 2);
  const page = await browser.post(`/connections/${id}/check`, { roleArn });
  expect(page.url).toMatch(new RegExp(`^/connections/${id}/checking\\?.*request=[\\w-]+$`));
  expect(wordsOf(page)).toMatch(new RegExp(`Checking the role .*${roleArn} .*Refresh`));
  expect(page.text).toContain(`href="${page.url.replaceAll('&', '&amp;')}"`);
  // Whichever process of the service is asked.
  const elsewhere = openWebClient(another.url);
  elsewhere.stealFrom(browser);
  const [here, there] = await Promise.all([followed(page), followed(page, elsewhere)]);
  for (const end of [here, there]) {
    expect(end.url).toContain(`/connections/${id}/setup?`);
    expect(wordsOf(end)).toContain('Role created and checked');
  }
});

test.each<[string, object | undefined, Fault, (call: SandboxRequest) => boolean]>([
  [
    'without the external ID',
    undefined,
    { kind: 'delay', delayMs: 100, action: 'GetCallerIdentity' },
    (call) => call.action === 'AssumeRole' && call.externalId === undefined,
  ],
  [
    'with any external ID',
    { StringLike: { 'sts:ExternalId': '*' } },
    { kind: 'delay', delayMs: 100, matches: (call) => call.externalId === undefined },
    (call) => call.action === 'AssumeRole' && call.externalId !== undefined,
  ],
])(
  'a role that opens %s: the page names the request that AWS should have denied',
  async (_, condition, slow, decides) => {
    const { id } = await begin();
    const allow = { Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' };
    const statement = { ...allow, ...(condition && { Condition: condition }) };
    const roleArn = makeRole({ Version: '2012-10-17', Statement: [statement] }, 0);
    vendor.sandbox.faults.set(slow);
    const page = await followed(await browser.post(`/connections/${id}/check`, { roleArn }));
    vendor.sandbox.faults.clear();
    const decided = vendor.sandbox.requests.filter((call) => call.roleArn === roleArn && decides(call));
    expect(wordsOf(page)).toContain(decided.at(-1)?.requestId);
  },
);

test('a rejected role: the page shows the fault, the fix and the policy to paste', async () => {
  const { id, trust } = await begin();
  const roleArn = makeRole(trust('rb-another'), 0);
  const page = await followed(await browser.post(`/connections/${id}/check`, { roleArn }));
  expect(wordsOf(page)).toContain('AWS denies Rolebridge AssumeRole');
  expect(wordsOf(page)).toContain('Replace the trust policy');
  expect(page.text).toContain('&quot;sts:ExternalId&quot;');
  expect(page.text).toContain(`value="${roleArn}"`);
});

test('a rejection that changes no connection is shown, too', async () => {
  const { id, trust } = await begin();
  await browser.post(`/connections/${id}/check`, { roleArn: makeRole(trust(), 0) });
  const other = makeRole(trust('rb-another'), 0);
  const page = await followed(await browser.post(`/connections/${id}/check`, { roleArn: other }));
  expect(wordsOf(page)).toContain('role_not_assumable');
  expect((await vendor.call('GET', `/v1/connections/${id}`)).body.status).toBe('connected');
});

test('an unknown check redirects to the guide', async () => {
  const { id } = await begin();
  for (const request of ['nothing', '', '__proto__'])
    expect((await browser.get(`/connections/${id}/checking?request=${request}`)).url).toBe(
      `/connections/${id}/setup`,
    );
});
