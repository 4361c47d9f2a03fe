/** The guided page in a real Chromium, against the running service and the AWS sandbox. */
import type { Browser } from 'playwright-core';
import { callbackMessage, provisioned } from '../callback-message.js';
import { fillWithEveryState } from '../demo/open.js';
import { startVendor, type Vendor } from '../vendor.js';
import { overflow, signIn, startChromium, tabTo, type Visitor, violations, visit } from './browser.js';
import { findChromium, notChecked } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked('the guided page in Chromium (not installed)');
const inChromium = executable === undefined ? test.skip : test;

let vendor: Vendor;
let browser: Browser;
let visitors: Visitor[] = [];

beforeAll(async () => {
  if (executable === undefined) return;
  vendor = await startVendor({ propagationWindowMs: 4_000 });
  await fillWithEveryState(vendor);
  browser = await startChromium(executable);
});
afterEach(async () => {
  const faults = visitors.flatMap((visitor) => visitor.faults);
  await Promise.all(visitors.map((visitor) => visitor.close()));
  visitors = [];
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await vendor?.close();
});

async function newVisitor(options: Parameters<typeof visit>[2] = {}): Promise<Visitor> {
  const visitor = await visit(browser, vendor, options);
  visitors.push(visitor);
  return visitor;
}
async function member(options: Parameters<typeof visit>[2] = {}) {
  const visitor = await newVisitor(options);
  await signIn(visitor, vendor);
  return visitor.page;
}
type Page = Visitor['page'];

const url = (path: string) => vendor.service.url + path;
const list = async (): Promise<{ id: string; name: string; status: string }[]> =>
  (await vendor.call('GET', '/v1/connections?limit=100')).body.connections;
const idOf = async (name: string) => (await list()).find((connection) => connection.name === name)?.id ?? '';
const show = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body;
const idIn = (page: Page) => /con_[a-z2-7]{24}/.exec(page.url())?.[0] ?? '';

const trust = (condition?: object, principal = vendor.principal) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      ...(condition && { Condition: condition }),
    },
  ],
});
const exactly = (externalId: string) => trust({ StringEquals: { 'sts:ExternalId': externalId } });

/** A role of a customer that AWS knows everywhere only after a while. */
let roles = 0;
function makeRole(accountId: string, trustPolicy: object, delayMs = 0): string {
  vendor.sandbox.propagationDelayMs = delayMs;
  return vendor.sandbox.createRole(accountId, { roleName: `role-${++roles}`, trustPolicy }).arn;
}

interface Begun {
  readonly id: string;
  readonly externalId: string;
  readonly accountId: string;
}

/** From the list through the first step of a new connection. */
async function begin(page: Page, permissions: RegExp = /^Read only/): Promise<Begun> {
  const { accountId } = vendor.sandbox.createAccount();
  await page.goto(url('/connections'));
  await page.getByRole('link', { name: 'Connect an account' }).click();
  await page.getByLabel('AWS account ID').fill(accountId);
  await page.getByRole('radio', { name: permissions }).check();
  await page.getByRole('button', { name: 'Next: create the role' }).click();
  await page.waitForURL('**/setup?*');
  const { id, externalId } = await show(idIn(page));
  return { id, externalId, accountId };
}
async function check(page: Page, roleArn: string): Promise<void> {
  await page.getByLabel('Role ARN').fill(roleArn);
  await page.getByRole('button', { name: 'Check connection' }).click();
}
const waitForScope = (page: Page) =>
  page.getByRole('heading', { name: 'Step 3 of 3: Name and scope' }).waitFor();

async function expectGood(page: Page, where: string): Promise<void> {
  expect([where, await violations(page)]).toEqual([where, []]);
  expect([where, await overflow(page)]).toEqual([where, 0]);
}

inChromium('connects with a role, one step at a time, to the success', async () => {
  const page = await member();
  const { id, externalId, accountId } = await begin(page, /^Security audit/);
  const link = page.getByRole('link', { name: /^Create role in AWS/ });
  expect(await link.getAttribute('target')).toBe('_blank');
  expect(await link.getAttribute('href')).toContain(externalId);
  expect(await link.getAttribute('href')).toContain('SecurityAudit');
  await expectGood(page, 'role step');
  // One button stands out.
  expect(await page.locator('main .btn-primary').count()).toBe(1);

  await check(page, 'arn:aws:iam::12:role/x');
  await page.locator('#roleArn[aria-invalid="true"]').waitFor();
  expect(await page.getByLabel('Role ARN').inputValue()).toBe('arn:aws:iam::12:role/x');
  await check(page, makeRole(accountId, exactly(externalId), 2_500));
  // The first checks need no AWS; the role itself is not known there yet.
  await page.locator('.check[data-state="passed"]').filter({ hasText: 'In your account' }).waitFor();
  await page.getByText('AWS does not know the role yet.').waitFor();
  await expectGood(page, 'checking');
  await waitForScope(page);
  await expectGood(page, 'scope step');
  await page.getByLabel('Name', { exact: true }).fill('made in Chromium');
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.getByText('Choose at least one scope').waitFor();
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('made in Chromium');
  await page.getByText('Something that is not in the list').click();
  await page.getByLabel('Project', { exact: true }).fill('chromium');
  await page.getByLabel('Environment', { exact: true }).fill('production');
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.getByRole('heading', { name: 'Your AWS account is connected' }).waitFor();
  await expectGood(page, 'success');
  expect(await show(id)).toMatchObject({
    name: 'made in Chromium',
    status: 'connected',
    scopes: [{ project: 'chromium', environment: 'production' }],
  });
});

inChromium('waits for a deploy on every other tab, and continues when it reports the role', async () => {
  const visitor = await newVisitor({ permissions: ['clipboard-read', 'clipboard-write'] });
  await signIn(visitor, vendor);
  const { page } = visitor;
  for (const format of ['CloudFormation', 'Terraform', 'CDK Terrain', 'CDK for Terraform', 'AWS CLI']) {
    const { id, externalId, accountId } = await begin(page);
    await page.getByRole('link', { name: format, exact: true }).click();
    await page.locator('[aria-current="true"]', { hasText: format }).waitFor();
    await page.locator('figure:has(#template) [data-copy]').click();
    await page.getByText('Copied', { exact: true }).first().waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toContain(externalId);
    expect(copied).toBe(await page.locator('#template').textContent());
    await page.getByRole('button', { name: 'Show the callback secret' }).click();
    await page.getByText('The callback secret is shown once').waitFor();
    await page.getByText('Waiting for your deploy…').waitFor();
    await expectGood(page, format);
    const secret =
      /whsec_[A-Za-z0-9+/]{43}=/.exec((await page.locator('main').textContent()) ?? '')?.[0] ?? '';
    const message = callbackMessage(secret, provisioned(id, makeRole(accountId, exactly(externalId))));
    expect((await fetch(url('/v1/callbacks'), { method: 'POST', ...message })).status).toBe(200);
    await waitForScope(page);
    await vendor.call('DELETE', `/v1/connections/${id}`);
  }
});

inChromium('a connected role is replaced by a deploy: the page stays with it, and continues', async () => {
  const page = await member();
  const { id, externalId, accountId } = await begin(page);
  await check(page, makeRole(accountId, exactly(externalId)));
  await waitForScope(page);
  await page.goto(url(`/connections/${id}`));
  await page.getByLabel('More actions').click();
  await page.getByRole('link', { name: 'Replace role' }).click();
  expect(await page.getByLabel('Role ARN').inputValue()).toBe('');
  await page.getByRole('link', { name: 'Terraform', exact: true }).click();
  await page.getByRole('heading', { name: 'Step 1 of 2: Deploy the role' }).waitFor();
  await page.getByRole('button', { name: 'Show the callback secret' }).click();
  await page.getByText('The callback secret is shown once').waitFor();
  await expectGood(page, 'role as code');
  const secret = /whsec_[A-Za-z0-9+/]{43}=/.exec((await page.locator('main').textContent()) ?? '')?.[0] ?? '';
  const next = makeRole(accountId, exactly(externalId));
  const message = callbackMessage(secret, provisioned(id, next));
  expect((await fetch(url('/v1/callbacks'), { method: 'POST', ...message })).status).toBe(200);
  await page.waitForURL(url(`/connections/${id}`));
  expect(await show(id)).toMatchObject({ status: 'connected', roleArn: next });
  await vendor.call('DELETE', `/v1/connections/${id}`);
});

inChromium(
  'a link for one connection continues to the success page when a deploy reports the role',
  async () => {
    const { page } = await newVisitor();
    const { accountId } = vendor.sandbox.createAccount();
    const made = { name: 'linked', scope: { project: 'linked' }, expectedAccountId: accountId };
    const { body: connection } = await vendor.call('POST', '/v1/connections', made);
    const { body: link } = await vendor.call('POST', '/v1/sign-in-links', { connectionId: connection.id });
    await page.goto(link.url);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('link', { name: 'Terraform', exact: true }).click();
    await page.getByText('Waiting for your deploy…').waitFor();
    const arn = makeRole(accountId, exactly(connection.externalId));
    const message = callbackMessage(connection.callbackSecret, provisioned(connection.id, arn));
    expect((await fetch(url('/v1/callbacks'), { method: 'POST', ...message })).status).toBe(200);
    await page.getByRole('heading', { name: 'Your AWS account is connected' }).waitFor();
    await vendor.call('DELETE', `/v1/connections/${connection.id}`);
  },
);

inChromium('each kind of failure shows the fault and the code to deploy, which repairs it', async () => {
  const page = await member();
  const failures: [() => object, string][] = [
    [() => trust(), 'can be assumed without the external ID'],
    [() => trust({ StringLike: { 'sts:ExternalId': '*' } }), 'can be assumed with any external ID'],
    [() => exactly('rb-somebody-elses'), 'AWS denies Rolebridge AssumeRole'],
  ];
  for (const [policy, says] of failures) {
    const { id, externalId, accountId } = await begin(page);
    const arn = makeRole(accountId, policy());
    await check(page, arn);
    await page.getByRole('alert').filter({ hasText: says }).waitFor();
    // As the button copies it: of the role's own policy only the lines that stay.
    const kept = '#policy .l:not(.l-del, .l-note), #policy code:not(:has(.l))';
    const policyText = (await page.locator(kept).allTextContents()).join('');
    expect(JSON.parse(policyText)).toEqual(exactly(externalId));
    await expectGood(page, says);
    // It stays until the next check.
    await page.reload();
    await page.getByRole('alert').filter({ hasText: says }).waitFor();
    await page.goto(url(`/connections/${id}`));
    await expectGood(page, `${says}, its page`);
    vendor.sandbox.updateTrustPolicy(arn, policyText);
    await page.goto(url(`/connections/${id}/setup`));
    await page.getByRole('button', { name: 'Check again' }).click();
    await waitForScope(page);
    await vendor.call('DELETE', `/v1/connections/${id}`);
  }
});

inChromium('an answer that AWS does not give is no failure, and the page asks again', async () => {
  const page = await member();
  await page.clock.install();
  const { id, externalId, accountId } = await begin(page);
  const arn = makeRole(accountId, exactly(externalId));
  vendor.sandbox.faults.set({ kind: 'throttle' });
  await check(page, arn);
  await page.getByText('No result yet').waitFor();
  vendor.sandbox.faults.clear();
  expect((await page.locator('main').textContent())?.toLowerCase()).not.toContain('failed');
  await expectGood(page, 'inconclusive');
  await page.getByText('We check again in 30 seconds.').waitFor();
  await page.clock.fastForward(30_000);
  await waitForScope(page);
  await vendor.call('DELETE', `/v1/connections/${id}`);
});

inChromium('help for a long wait opens, also on a page that an answer has replaced', async () => {
  const page = await member();
  await page.clock.install();
  const { id } = await begin(page);
  await page.getByRole('link', { name: 'Terraform', exact: true }).click();
  await page.getByText('Enter the role ARN instead').click();
  await check(page, 'arn:aws:iam::12:role/x');
  await page.locator('#roleArn[aria-invalid="true"]').waitFor();
  const help = page.locator('details', { hasText: 'Nothing happens?' });
  expect(await help.getAttribute('open')).toBeNull();
  await page.clock.fastForward(120_000);
  await page.getByText('Is the secret set where you deploy?').waitFor();
  await vendor.call('DELETE', `/v1/connections/${id}`);
});

inChromium('a check whose connection breaks says so, and keeps the form', async () => {
  const visitor = await newVisitor();
  await signIn(visitor, vendor);
  const { page, faults } = visitor;
  const { id } = await begin(page);
  await page.route('**/check', (route) => route.abort());
  await check(page, 'arn:aws:iam::123456789012:role/x');
  await page.getByRole('alert').filter({ hasText: 'The connection was lost.' }).waitFor();
  expect(await page.getByLabel('Role ARN').count()).toBe(1);
  expect(faults.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
  await vendor.call('DELETE', `/v1/connections/${id}`);
});

inChromium('connects with an access key; a wrong one is refused; another one takes its place', async () => {
  const page = await member();
  const { accountId, admin } = vendor.sandbox.createAccount();
  await page.goto(url('/connections/new'));
  await page.getByRole('link', { name: 'Connect with an access key' }).click();
  await page.getByText('How to create an access key').click();
  await expectGood(page, 'access key');
  await page.getByLabel('Name').fill('key in Chromium');
  await page.getByLabel('Access key id').fill(admin.accessKeyId);
  expect(await page.getByLabel('Secret access key').getAttribute('type')).toBe('password');
  expect(await page.getByLabel('Session token').getAttribute('type')).toBe('password');
  await page.getByLabel('Secret access key').fill('a'.repeat(40));
  await page.getByRole('button', { name: 'Check and connect' }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
  await expectGood(page, 'access key refused');
  expect(await page.getByLabel('Access key id').inputValue()).toBe(admin.accessKeyId);
  await page.getByLabel('Secret access key').fill(admin.secretAccessKey);
  await page.getByRole('button', { name: 'Check and connect' }).click();
  await waitForScope(page);
  await expectGood(page, 'access key, scope');
  await page.getByRole('button', { name: 'Choose the scope later' }).click();
  await expectGood(page, 'access key, success');
  await page.getByRole('link', { name: 'View connection' }).click();
  await expectGood(page, 'access key, its page');
  await page.getByLabel('More actions').click();
  await page.getByRole('link', { name: 'Replace access key' }).click();
  const next = vendor.sandbox.createAccessKey(accountId, 'second');
  await expectGood(page, 'replace access key');
  await page.getByLabel('Access key id').fill(next.accessKeyId);
  await page.getByLabel('Secret access key').fill(next.secretAccessKey);
  await page.getByRole('button', { name: 'Check and replace' }).click();
  await page.getByText('The new access key is in use').waitFor();
});

inChromium('a taken scope is named and replaced when confirmed; renamed, rotated, deleted', async () => {
  const page = await member();
  const { id, externalId, accountId } = await begin(page);
  const arn = makeRole(accountId, exactly(externalId));
  await check(page, arn);
  await waitForScope(page);
  await page.goto(url(`/connections/${id}`));
  await page.getByLabel('More actions').click();
  await expectGood(page, 'menu');
  await page.getByRole('link', { name: 'Rename' }).click();
  await page.getByLabel('Name').fill('four scopes');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.getByRole('heading', { name: 'four scopes' }).waitFor();

  await page.getByRole('link', { name: 'Change scope' }).click();
  await page.getByRole('checkbox', { name: /organization default/ }).check();
  const replace = page.getByRole('checkbox', { name: /^Replace it/ }).first();
  await replace.waitFor();
  await page.getByRole('button', { name: 'Save scope' }).click();
  await page.getByText('is taken by another connection').waitFor();
  await expectGood(page, 'taken');
  await page
    .getByRole('checkbox', { name: /^Replace it/ })
    .first()
    .check();
  await page.getByRole('button', { name: 'Save scope' }).click();
  await page.getByText('Scope saved.').waitFor();
  expect((await show(id)).scopes).toEqual([{}]);
  expect((await show(await idOf('company default'))).scopes).toEqual([]);

  await page.getByLabel('More actions').click();
  await page.getByRole('link', { name: 'Rotate external ID' }).click();
  await expectGood(page, 'rotate, asked');
  await page.getByRole('button', { name: 'Create new external ID' }).click();
  await page.getByText('Waiting for the new external ID…').waitFor();
  await expectGood(page, 'rotate');
  const { pendingExternalId } = await show(id);
  vendor.sandbox.updateTrustPolicy(
    arn,
    trust({ StringEquals: { 'sts:ExternalId': [externalId, pendingExternalId] } }),
  );
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('The new ID works, but the old one still does too').waitFor();
  await expectGood(page, 'old one accepted');
  vendor.sandbox.updateTrustPolicy(arn, exactly(pendingExternalId));
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('AWS accepts the new external ID and denies the old one.').waitFor();
  await expectGood(page, 'rotated');

  await page.goto(url(`/connections/${id}`));
  await page.getByLabel('More actions').click();
  await page.getByRole('link', { name: 'Delete connection' }).click();
  await page.getByText('What applies afterwards').waitFor();
  await expectGood(page, 'delete');
  await page.getByLabel(/^Type the name/).fill('four scope');
  await page.getByRole('button', { name: 'Delete connection' }).click();
  await page.getByText('Nothing was deleted.').waitFor();
  await page.getByLabel(/^Type the name/).fill('four scopes');
  await page.getByRole('button', { name: 'Delete connection' }).click();
  await page.getByText('Connection deleted.').waitFor();
  // As it was.
  await vendor.call('PUT', `/v1/connections/${await idOf('company default')}/scopes`, { scopes: [{}] });
});

inChromium('a pending connection is continued from the list', async () => {
  const page = await member();
  await page.goto(url('/connections'));
  await page.getByRole('link', { name: 'Continue staging' }).click();
  await page.waitForURL('**/setup');
  await page.getByRole('heading', { name: 'Create the role' }).waitFor();
});

inChromium('a connection by a deploy appears in the open list', async () => {
  const page = await member();
  await page.goto(url('/connections'));
  const { accountId } = vendor.sandbox.createAccount();
  const given = { name: 'by a deploy', expectedAccountId: accountId };
  const { body } = await vendor.call('POST', '/v1/connections', given);
  const row = page.getByRole('row').filter({ hasText: 'by a deploy' });
  await row.getByText('Pending').waitFor();
  const arn = makeRole(accountId, exactly(body.externalId));
  const message = callbackMessage(body.callbackSecret, provisioned(body.id, arn));
  expect((await fetch(url('/v1/callbacks'), { method: 'POST', ...message })).status).toBe(200);
  await row.getByText('Connected').waitFor();
  await vendor.call('DELETE', `/v1/connections/${body.id}`);
});

inChromium('a one-time link opens once; afterwards, and after its time, it says so', async () => {
  const { body } = await vendor.call('POST', '/v1/sign-in-links', {});
  const first = await newVisitor();
  await first.page.goto(body.url);
  await expectGood(first.page, 'link');
  await first.page.getByRole('button', { name: 'Continue' }).click();
  await first.page.waitForURL('**/connections');
  const second = await newVisitor();
  await second.page.goto(body.url);
  await second.page.getByRole('button', { name: 'Continue' }).click();
  await second.page.getByText('This link was used already, or has expired.').waitFor();
  await expectGood(second.page, 'dead link');
  await first.page.getByRole('button', { name: 'Sign out' }).click();
  await first.page.waitForURL('**/sign-in');
  await expectGood(first.page, 'sign in');
  await first.page.goto(url('/connections'));
  await first.page.waitForURL('**/sign-in');
  await first.page.getByLabel('API key').fill('rbk_wrong');
  await first.page.getByRole('button', { name: 'Sign in' }).click();
  await first.page.getByRole('alert').waitFor();
  await expectGood(first.page, 'sign in refused');
});

inChromium('a form of another site changes nothing', async () => {
  const visitor = await newVisitor();
  await signIn(visitor, vendor);
  const before = (await list()).length;
  await visitor.page.setContent('<p>another site</p>').catch(() => {});
  const { createServer } = await import('node:http');
  const evil = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(
      `<form method="post" action="${url('/connections/new/role')}"><input name="partition" value="aws"><input name="account" value="123456789012"><input name="permissions" value="read-only"><button>Win</button></form>`,
    );
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  const { port } = evil.address() as { port: number };
  try {
    const page = await visitor.page.context().newPage();
    // Another port is another origin of the same site: it gets the cookie.
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.getByRole('button', { name: 'Win' }).click();
    await page.getByText('This form did not come from this site').waitFor();
    expect((await list()).length).toBe(before);
  } finally {
    evil.close();
    evil.closeAllConnections();
  }
});

inChromium('the whole way works without JavaScript', async () => {
  const page = await member({ javaScriptEnabled: false });
  const { id, externalId, accountId } = await begin(page, /^Power user/);
  expect(await page.getByRole('link', { name: /^Create role/ }).getAttribute('href')).toContain(
    'PowerUserAccess',
  );
  await check(page, makeRole(accountId, exactly(externalId), 3_000));
  // The answer does not wait for AWS: the page asks for itself again.
  await page.getByRole('heading', { name: 'Checking the role' }).waitFor();
  await waitForScope(page);
  await page.getByLabel('Name', { exact: true }).fill('without scripts');
  await page.getByText('Something that is not in the list').click();
  await page.getByLabel('Project', { exact: true }).fill('without-scripts');
  await page.getByRole('button', { name: 'Finish' }).click();
  await page.getByRole('heading', { name: 'Your AWS account is connected' }).waitFor();
  expect(await show(id)).toMatchObject({ name: 'without scripts', scopes: [{ project: 'without-scripts' }] });
  const failing = await begin(page);
  await check(page, makeRole(failing.accountId, trust()));
  await page.getByText('can be assumed without the external ID').first().waitFor();

  // A deploy is waited for without a press.
  const waiting = await begin(page);
  await page.getByRole('link', { name: 'Terraform', exact: true }).click();
  await page.getByText('Waiting for your deploy…').waitFor();
  await page.getByRole('link', { name: 'Refresh' }).waitFor();
  const { body } = await vendor.call('POST', `/v1/connections/${waiting.id}/rotate-callback-secret`, {});
  const arn = makeRole(waiting.accountId, exactly(waiting.externalId));
  const message = callbackMessage(body.callbackSecret, provisioned(waiting.id, arn));
  expect((await fetch(url('/v1/callbacks'), { method: 'POST', ...message })).status).toBe(200);
  await page.getByRole('heading', { name: 'Step 3 of 3: Name and scope' }).waitFor({ timeout: 25_000 });
  for (const each of [id, failing.id, waiting.id]) await vendor.call('DELETE', `/v1/connections/${each}`);
});

inChromium('the whole way works with the keyboard alone, and the focus can be seen', async () => {
  const { page } = await newVisitor();
  const { accountId } = vendor.sandbox.createAccount();
  await page.goto(url('/sign-in'));
  await tabTo(page, 'API key');
  await page.keyboard.type(vendor.apiKey);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/connections');
  await page.keyboard.press('Tab');
  expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to content');
  await tabTo(page, 'Connect an account');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/connections/new');
  await tabTo(page, 'AWS account ID');
  await page.keyboard.type(accountId);
  await tabTo(page, 'Read only');
  await page.keyboard.press('Space');
  await tabTo(page, 'Next: create the role');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/setup?*');
  const { id, externalId } = await show(idIn(page));
  await tabTo(page, 'Role ARN');
  await page.keyboard.type(makeRole(accountId, exactly(externalId)));
  await tabTo(page, 'Check connection');
  await page.keyboard.press('Space');
  await waitForScope(page);
  await tabTo(page, 'Name');
  await page.keyboard.type('by keyboard');
  await tabTo(page, 'Something that is not in the list');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Project');
  await page.keyboard.type('keyboard');
  await tabTo(page, 'Finish');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your AWS account is connected' }).waitFor();
  expect(await show(id)).toMatchObject({ name: 'by keyboard', scopes: [{ project: 'keyboard' }] });
  await vendor.call('DELETE', `/v1/connections/${id}`);
});

inChromium('the first page is under 100 kB in all', async () => {
  const visitor = await newVisitor();
  const devtools = await visitor.page.context().newCDPSession(visitor.page);
  await devtools.send('Network.enable');
  let bytes = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await signIn(visitor, vendor);
  await visitor.page.waitForLoadState('networkidle');
  console.log(`sign-in and the list of connections: ${Math.round(bytes / 100) / 10} kB over the wire`);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(100_000);
});
