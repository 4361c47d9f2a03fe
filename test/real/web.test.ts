/** The guided page in a real Chromium, against the running service and the AWS sandbox. */
import type { Browser } from 'playwright-core';
import { callbackMessage, provisioned } from '../callback-message.js';
import { fillWithEveryState } from '../demo/open.js';
import { startVendor, type Vendor } from '../vendor.js';
import {
  layoutShift,
  overflow,
  screenshot,
  signIn,
  startChromium,
  tabTo,
  type Visitor,
  violations,
  visit,
} from './browser.js';
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
function makeRole(trustPolicy: object, delayMs = 0): string {
  vendor.sandbox.propagationDelayMs = delayMs;
  const { accountId } = vendor.sandbox.createAccount();
  return vendor.sandbox.createRole(accountId, { roleName: 'rolebridge', trustPolicy }).arn;
}

/** From the list to the guide of a new connection with a role. */
async function begin(page: Page): Promise<{ id: string; externalId: string }> {
  await page.goto(url('/connections'));
  await page
    .getByRole('button', { name: /^(New connection|Connect an AWS account)$/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Begin with a role' }).click();
  await page.waitForURL('**/setup');
  return show(idIn(page));
}
async function check(page: Page, roleArn: string): Promise<void> {
  await page.getByLabel('Role ARN').fill(roleArn);
  await page.getByRole('button', { name: 'Check connection' }).click();
}

async function expectGood(page: Page, where: string): Promise<void> {
  expect([where, await violations(page)]).toEqual([where, []]);
  expect([where, await overflow(page)]).toEqual([where, 0]);
}

inChromium(
  'connects with a role in one page: presets, console, ARN as typed, checks one by one, name, scope',
  async () => {
    const page = await member();
    const { id, externalId } = await begin(page);
    await page.getByRole('radio', { name: /^Security audit/ }).check();
    await page.waitForURL(/permissions=security-audit/);
    const link = page.getByRole('button', { name: /^Create role in the AWS console/ });
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('href')).toContain(externalId);
    expect(await link.getAttribute('href')).toContain('SecurityAudit');
    await expectGood(page, 'guide');

    const input = page.getByLabel('Role ARN');
    await input.fill('arn:aws:iam::12:role/x');
    await page.getByText('The account must be 12 digits.').waitFor();
    expect(await input.getAttribute('aria-invalid')).toBe('true');
    const arn = makeRole(exactly(externalId), 2_500);
    await input.fill(arn);
    await page.getByText('This is a role’s ARN.').waitFor();
    await page.getByRole('button', { name: 'Check connection' }).click();
    // The first checks need no AWS; the role itself is not known there yet.
    await page.getByText('The account is not the vendor’s').first().waitFor();
    await page.getByText('AWS does not know the role yet.').waitFor();
    await page.locator('#check').evaluate((element) => element.scrollIntoView());
    await screenshot(page, 'checking');
    await page.getByText('Connected.', { exact: true }).waitFor();
    expect(await page.locator('.notice.done').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining(`assumed-role/rolebridge/`)]),
    );
    await expectGood(page, 'guide, connected');

    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('made in Chromium');
    await page.getByRole('button', { name: 'Save the name' }).click();
    await page.getByText('The name is saved.').waitFor();
    await page.getByRole('radio', { name: /^An environment/ }).check();
    await page.getByLabel('Project', { exact: true }).fill('chromium');
    await page.getByLabel('Environment', { exact: true }).fill('production');
    await page.getByRole('button', { name: 'Save where it applies' }).click();
    await page.getByText('Where it applies is saved.').waitFor();
    await page.getByRole('button', { name: 'Finish' }).click();
    expect(await show(id)).toMatchObject({
      name: 'made in Chromium',
      status: 'connected',
      scopes: [{ project: 'chromium', environment: 'production' }],
    });
  },
);

inChromium(
  'shows the role as CDKTF, Terraform, CloudFormation and for the AWS CLI, each to copy whole',
  async () => {
    const visitor = await newVisitor({ permissions: ['clipboard-read', 'clipboard-write'] });
    await signIn(visitor, vendor);
    const { page } = visitor;
    const { externalId } = await begin(page);
    for (const way of ['CDKTF', 'Terraform', 'CloudFormation', 'AWS CLI']) {
      await page.getByRole('link', { name: way, exact: true }).click();
      await page.getByRole('button', { name: `Copy ${way}`, exact: true }).click();
      await page.getByText('Copied').waitFor();
      const copied = await page.evaluate<string>('navigator.clipboard.readText()');
      expect(copied).toContain(externalId);
      expect(copied).toBe(await page.locator('figure code').first().textContent());
      await expectGood(page, way);
    }
    await page.getByRole('button', { name: 'Copy External ID' }).click();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(externalId);
  },
);

inChromium(
  'each kind of failure says which check, what it means and what to paste; pasting it mends it',
  async () => {
    const page = await member();
    const failures: [() => object, string][] = [
      [() => trust(), 'can be assumed without the external ID'],
      [() => trust({ StringLike: { 'sts:ExternalId': '*' } }), 'can be assumed with any external ID'],
      [() => exactly('rb-somebody-elses'), 'AWS denies the vendor AssumeRole'],
    ];
    for (const [policy, says] of failures) {
      const { id, externalId } = await begin(page);
      const arn = makeRole(policy());
      await check(page, arn);
      const alert = page.getByRole('alert').filter({ hasText: says });
      await alert.waitFor();
      expect(await alert.textContent()).toMatch(/The check that failed:[\s\S]*What to do:/);
      const policyText = (await alert.locator('pre code').textContent()) ?? '';
      expect(JSON.parse(policyText)).toEqual(exactly(externalId));
      await expectGood(page, says);
      await page.goto(url(`/connections/${id}`));
      await expectGood(page, `${says}, its page`);
      vendor.sandbox.updateTrustPolicy(arn, policyText);
      await page.getByRole('button', { name: 'Verify again' }).click();
      await page.getByText('All checks passed.').waitFor();
    }
    const { id } = await begin(page);
    await check(page, `arn:aws:iam::${vendor.vendorAccount.accountId}:role/x`);
    await page.getByText("can't be connected").first().waitFor();
    await check(page, 'arn:aws:iam::123456789012:user/x');
    await page.getByText('its resource must begin with "role/"').first().waitFor();
    await vendor.call('DELETE', `/v1/connections/${id}`);
  },
);

inChromium('connects with an access key; a wrong one is refused; another one takes its place', async () => {
  const page = await member();
  const { accountId, admin } = vendor.sandbox.createAccount();
  await page.goto(url('/connections/new'));
  await page.getByRole('button', { name: 'Use an access key' }).click();
  await page.getByText('How do I make an access key?').click();
  await expectGood(page, 'access key');
  await page.getByLabel('Name').fill('key in Chromium');
  await page.getByLabel('Access key id').fill(admin.accessKeyId);
  expect(await page.getByLabel('Secret access key').getAttribute('type')).toBe('password');
  expect(await page.getByLabel('Session token').getAttribute('type')).toBe('password');
  await page.getByLabel('Secret access key').fill('a'.repeat(40));
  await page.getByRole('button', { name: 'Check and connect' }).click();
  await page.getByRole('alert').filter({ hasText: 'secret' }).waitFor();
  await expectGood(page, 'access key refused');
  await page.getByLabel('Access key id').fill(admin.accessKeyId);
  await page.getByLabel('Secret access key').fill(admin.secretAccessKey);
  await page.getByRole('button', { name: 'Check and connect' }).click();
  await page.getByText('Connected: all checks passed.').waitFor();
  await expectGood(page, 'access key, where it applies');
  await page.getByRole('button', { name: 'Finish' }).click();
  await expectGood(page, 'access key, its page');
  await page.getByRole('link', { name: 'Exchange the access key' }).click();
  const next = vendor.sandbox.createAccessKey(accountId, 'second');
  await expectGood(page, 'exchange');
  await page.getByLabel('Access key id').fill(next.accessKeyId);
  await page.getByLabel('Secret access key').fill(next.secretAccessKey);
  await page.getByRole('button', { name: 'Check and exchange' }).click();
  await page.getByText('The new access key is in use').waitFor();
});

inChromium(
  'all four scopes; a taken one is named and replaced; renamed, external ID changed, deleted',
  async () => {
    const page = await member();
    const { id, externalId } = await begin(page);
    await check(page, makeRole(exactly(externalId)));
    await page.getByText('Connected.', { exact: true }).waitFor();
    await page.goto(url(`/connections/${id}`));
    await page.getByLabel('Name').fill('four scopes');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'four scopes' }).waitFor();

    const levels: [RegExp, Record<string, string>][] = [
      [/^A project/, { Project: 'p' }],
      [/^An environment/, { Project: 'p', Environment: 'e' }],
      [/^An architecture/, { Project: 'p', Environment: 'e', Architecture: 'a' }],
      [/^The organization’s default/, {}],
    ];
    for (const [level, names] of levels) {
      await page.getByText('Add a part of the organization').click();
      await page.getByRole('radio', { name: level }).check();
      for (const [label, name] of Object.entries(names))
        await page.getByLabel(label, { exact: true }).fill(name);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      if (Object.keys(names).length > 0) await page.getByText('Where it applies is saved.').waitFor();
    }
    // The default is the other connection's: named, and replaced.
    const taken = page.getByRole('alert').filter({ hasText: 'company default' });
    await taken.waitFor();
    await expectGood(page, 'taken');
    await page.getByRole('button', { name: 'Replace it' }).click();
    await page.getByText('Where it applies is saved.').waitFor();
    expect((await show(id)).scopes).toHaveLength(4);
    expect((await show(await idOf('company default'))).scopes).toEqual([]);
    await expectGood(page, 'four scopes');

    await page.getByRole('button', { name: 'Change the external ID' }).click();
    await page.getByText('Deploy the role with the new external ID.').waitFor();
    await expectGood(page, 'new external ID');
    await page.goto(url(`/connections/${id}`));
    await page.getByRole('button', { name: 'Keep the one before' }).click();
    await page.getByText('The external ID stays as it was.').waitFor();

    await page.getByRole('link', { name: 'Delete this connection' }).click();
    await page.getByText('What applies afterwards').waitFor();
    await expectGood(page, 'delete');
    await page.getByLabel(/^Type the name/).fill('four scope');
    await page.getByRole('button', { name: 'Delete this connection' }).click();
    await page.getByText('Nothing was deleted.').waitFor();
    await page.getByLabel(/^Type the name/).fill('four scopes');
    await page.getByRole('button', { name: 'Delete this connection' }).click();
    await page.getByText('The connection is deleted.').waitFor();
    expect(await idOf('four scopes')).toBe('');
    // As it was, for the pictures.
    await vendor.call('PUT', `/v1/connections/${await idOf('company default')}/scopes`, { scopes: [{}] });
  },
);

inChromium('a pending connection is continued from the list', async () => {
  const page = await member();
  await page.goto(url('/connections'));
  await page.getByRole('link', { name: 'Continue with staging' }).click();
  await page.waitForURL('**/setup');
  await page.getByRole('heading', { name: 'Connect with a role' }).waitFor();
});

inChromium('what a deploy connects appears and turns to connected on pages that are open', async () => {
  const page = await member();
  const guide = await member();
  await page.goto(url('/connections'));
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'by a deploy' });
  const row = page.getByRole('row').filter({ hasText: 'by a deploy' });
  await row.getByText('pending').waitFor();
  await guide.goto(url(`/connections/${body.id}/setup`));
  const arn = makeRole(exactly(body.externalId));
  const message = callbackMessage(body.callbackSecret, provisioned(body.id, arn));
  expect((await fetch(url('/v1/callbacks'), { method: 'POST', ...message })).status).toBe(200);
  await row.getByText('connected').waitFor();
  await guide.getByText('Connected.', { exact: true }).waitFor();
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
      `<form method="post" action="${url('/connections/new/role')}"><input name="partition" value="aws"><button>Win</button></form>`,
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
  const { id, externalId } = await begin(page);
  await page.getByRole('radio', { name: /^Power user/ }).check();
  await page.getByRole('button', { name: 'Use these permissions' }).click();
  expect(await page.getByRole('button', { name: /^Create role/ }).getAttribute('href')).toContain(
    'PowerUserAccess',
  );
  await check(page, makeRole(exactly(externalId), 3_000));
  // The answer does not wait for AWS: the page asks for itself again.
  await page.getByRole('heading', { name: 'Checking the connection' }).waitFor();
  await page.getByText('Connected.', { exact: true }).waitFor();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('without scripts');
  await page.getByRole('button', { name: 'Save the name' }).click();
  await page.getByRole('radio', { name: /^A project/ }).check();
  await page.getByLabel('Project', { exact: true }).fill('without-scripts');
  await page.getByRole('button', { name: 'Save where it applies' }).click();
  expect(await show(id)).toMatchObject({ name: 'without scripts', scopes: [{ project: 'without-scripts' }] });
  const failing = await begin(page);
  await check(page, makeRole(trust()));
  await page.getByText('can be assumed without the external ID').first().waitFor();
  for (const each of [id, failing.id]) await vendor.call('DELETE', `/v1/connections/${each}`);
});

inChromium('the page of a check that takes its time, in light and dark on a narrow screen', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await member({ colorScheme, viewport: { width: 360, height: 740 } });
    // Kept still, to be looked at.
    await page.route('**/checking?*', async (route) => {
      const response = await route.fetch();
      const { refresh, ...headers } = response.headers();
      expect(refresh).toBe('2');
      await route.fulfill({ response, headers });
    });
    const { id, externalId } = await begin(page);
    await page.getByLabel('Role ARN').fill(makeRole(exactly(externalId), 3_000));
    // As a form without a script is sent.
    await page.evaluate("document.getElementById('role').submit()");
    await page.getByRole('heading', { name: 'Checking the connection' }).waitFor();
    await expectGood(page, `checking, ${colorScheme}`);
    await page.unroute('**/checking?*');
    await page.getByRole('button', { name: 'Look now' }).click();
    await page.getByText('Connected.', { exact: true }).waitFor();
    await vendor.call('DELETE', `/v1/connections/${id}`);
  }
});

inChromium('the whole way works with the keyboard alone, and the focus can be seen', async () => {
  const { page } = await newVisitor();
  await page.goto(url('/sign-in'));
  await tabTo(page, 'API key');
  await page.keyboard.type(vendor.apiKey);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/connections');
  await page.keyboard.press('Tab');
  expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to the content');
  await tabTo(page, 'New connection');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/connections/new');
  await tabTo(page, 'Begin with a role');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/setup');
  const { id, externalId } = await show(idIn(page));
  await tabTo(page, 'Role ARN');
  await page.keyboard.type(makeRole(exactly(externalId)));
  await tabTo(page, 'Check connection');
  await page.keyboard.press('Space');
  await page.getByText('Connected.', { exact: true }).waitFor();
  await tabTo(page, 'Name');
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await page.getByText('The name is saved.').waitFor();
  await tabTo(page, 'The organization’s default');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'Project');
  await page.keyboard.type('keyboard');
  await tabTo(page, 'Save where it applies');
  await page.keyboard.press('Enter');
  await page.getByText('Where it applies is saved.').waitFor();
  expect(await show(id)).toMatchObject({ name: 'by keyboard', scopes: [{ project: 'keyboard' }] });
  await vendor.call('DELETE', `/v1/connections/${id}`);
});

/** Every page, with the main ones' pictures. */
async function everyPage(): Promise<[path: string, picture: string | undefined][]> {
  const [healthy, failed, key, gone, pending] = await Promise.all(
    ['shop production', 'warehouse', 'legacy reports', 'old shop', 'staging'].map(idOf),
  );
  return [
    ['/connections', 'connections'],
    ['/connections/new', 'new-connection'],
    ['/connections/new/access-key', 'access-key'],
    [`/connections/${pending}/setup`, 'assume-role'],
    ...['cdktf', 'terraform', 'cloudformation', 'aws-cli'].map((way): [string, undefined] => [
      `/connections/${pending}/setup?way=${way}`,
      undefined,
    ]),
    [`/connections/${healthy}`, 'connection'],
    [`/connections/${failed}`, 'failed'],
    [`/connections/${failed}/setup`, undefined],
    [`/connections/${key}`, undefined],
    [`/connections/${key}/access-key`, undefined],
    [`/connections/${gone}`, undefined],
    [`/connections/${healthy}/delete`, 'delete'],
    ['/connections/nothing', undefined],
    ['/problems/external_id_not_required', undefined],
    ['/docs', undefined],
  ];
}

describe('every page', () => {
  inChromium('in light: nothing that axe finds, nothing that moves, nothing that is cut off', async () => {
    const page = await member();
    await vendor.call('DELETE', `/v1/connections/${await idOf('made in Chromium')}`);
    await vendor.call('DELETE', `/v1/connections/${await idOf('key in Chromium')}`);
    for (const { id, name } of await list())
      if (name === 'New connection') await vendor.call('DELETE', `/v1/connections/${id}`);
    for (const [path, picture] of await everyPage()) {
      await page.goto(url(path));
      await page.waitForLoadState('networkidle');
      await expectGood(page, path);
      expect([path, await layoutShift(page)]).toEqual([path, 0]);
      if (picture) await screenshot(page, picture);
    }
  });

  inChromium('in dark', async () => {
    const page = await member({ colorScheme: 'dark' });
    for (const [path, picture] of await everyPage()) {
      await page.goto(url(path));
      await expectGood(page, path);
      if (picture === 'connections' || picture === 'failed') await screenshot(page, `${picture}-dark`);
    }
  });

  inChromium('on a screen of 360 pixels', async () => {
    const page = await member({ viewport: { width: 360, height: 740 } });
    for (const [path, picture] of await everyPage()) {
      await page.goto(url(path));
      await page.waitForLoadState('networkidle');
      await expectGood(page, path);
      expect([path, await layoutShift(page)]).toEqual([path, 0]);
      if (picture === 'connections' || picture === 'assume-role') await screenshot(page, `${picture}-narrow`);
    }
  });
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
