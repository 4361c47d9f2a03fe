/** Journeys on the guided page in a real Chromium: double clicks, reloads, several tabs, expired sessions. */
import type { Browser } from 'playwright-core';
import { trustPolicyWith } from '../../service/domain/trust-policy.js';
import { startVendor, type Vendor } from '../vendor.js';
import { signIn, startChromium, type Visitor, visit } from './browser.js';
import { findChromium, notChecked } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked('journeys on the guided page in Chromium (not installed)');
const inChromium = executable === undefined ? test.skip : test;

let vendor: Vendor;
let browser: Browser;
let visitor: Visitor;

beforeAll(async () => {
  if (executable === undefined) return;
  vendor = await startVendor({ propagationWindowMs: 0 });
  browser = await startChromium(executable);
});
beforeEach(async () => {
  if (executable === undefined) return;
  visitor = await visit(browser, vendor);
  await signIn(visitor, vendor);
});
afterEach(async () => {
  const faults = visitor?.faults ?? [];
  await visitor?.close();
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await vendor?.close();
});

const url = (path: string) => vendor.service.url + path;
const connections = async (): Promise<{ id: string }[]> =>
  (await vendor.call('GET', '/v1/connections?limit=100')).body.connections;

const trust = (...externalIds: string[]) =>
  trustPolicyWith({ principal: vendor.principal, externalId: externalIds, actions: 'sts:AssumeRole' });

async function connect(name: string) {
  const { body } = await vendor.call('POST', '/v1/connections', { name });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'r',
    trustPolicy: trust(body.externalId),
  });
  await vendor.call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
  return { id: String(body.id), externalId: String(body.externalId), arn };
}

inChromium('a button that is pressed twice acts once, and a reload sends nothing again', async () => {
  const { page } = visitor;
  const before = (await connections()).length;
  await page.goto(url('/connections/new'));
  await page.getByLabel('AWS account ID').fill('1234');
  await page.getByRole('button', { name: 'Next: create the role' }).click();
  await page.locator('[aria-invalid=true]').first().waitFor();
  expect(page.url()).toBe(url('/connections/new'));
  await page.getByLabel('AWS account ID').fill(vendor.sandbox.createAccount().accountId);
  await page.getByRole('radio', { name: /^Read only/ }).check();
  await page.getByRole('button', { name: 'Next: create the role' }).dblclick();
  await page.waitForURL('**/setup?*');
  expect(await connections()).toHaveLength(before + 1);

  await page.goto(url('/keys'));
  await page.locator('#name').fill('for the deploy');
  await page.locator('input[name=permission]').first().check();
  await page.getByRole('button', { name: 'Create API key' }).dblclick();
  await page.getByText('Copy it now').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Create API key' }).waitFor();
  expect(await page.getByRole('cell', { name: 'for the deploy', exact: true }).count()).toBe(1);
});

inChromium('a callback secret that is shown stays valid when the page is reloaded', async () => {
  const { page } = visitor;
  const { body } = await vendor.call('POST', '/v1/connections', {
    name: 'waiting',
    expectedAccountId: vendor.sandbox.createAccount().accountId,
  });
  await page.goto(url(`/connections/${body.id}/setup?format=terraform`));
  const rotations = async () =>
    (await vendor.call('GET', '/v1/audit?limit=100')).body.records.filter(
      (record: { action: string; phase: string }) =>
        record.action === 'connection.rotate_callback_secret' && record.phase === 'outcome',
    ).length;
  const before = await rotations();
  await page.getByRole('button', { name: 'Show the callback secret' }).click();
  await page.getByText('The callback secret is shown once').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Show the callback secret' }).waitFor();
  expect(await rotations()).toBe(before + 1);
});

inChromium('the result of an action is shown once, and "Back" leaves a form that can be sent', async () => {
  const { page } = visitor;
  const { id } = await connect('twice');
  await page.goto(url(`/connections/${id}`));
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('All checks passed.').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Check again' }).waitFor();
  expect(await page.getByText('All checks passed.').count()).toBe(0);

  // An answer that leaves the page where it is; "Back" then shows the page as browsers keep it.
  await page.route('**/verify', (route) => route.fulfill({ status: 204 }));
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByRole('button', { name: 'Checking…' }).waitFor();
  await page.unroute('**/verify');
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('All checks passed.').waitFor();
});

inChromium('an open page says that the session ended, and the sign-in leads back to it', async () => {
  const { page } = visitor;
  const { id } = await connect('left open');
  await page.goto(url(`/connections/${id}`));
  const tab = await page.context().newPage();
  await tab.goto(url('/connections'));
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.waitForURL('**/sign-in');
  await page.getByRole('alert').filter({ hasText: 'Your session has ended' }).waitFor();
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('API key').fill('rbk_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('API key').fill(vendor.apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(url(`/connections/${id}`));
});

inChromium('an open rotation continues when a check finds that AWS accepts both external IDs', async () => {
  const { page } = visitor;
  const { id, externalId, arn } = await connect('rotating');
  await page.goto(url(`/connections/${id}/rotate`));
  await page.getByRole('button', { name: 'Create new external ID' }).dblclick();
  await page.getByText('Waiting for the new external ID…').waitFor();
  await page.getByRole('link', { name: 'Terraform', exact: true }).click();
  const excerpt = page.locator('figure:has(#change)');
  await excerpt.getByText('main.tf').waitFor();
  // Pasted over the whole file, an excerpt would destroy it.
  expect(await excerpt.getByRole('button').count()).toBe(0);
  const { pendingExternalId } = (await vendor.call('GET', `/v1/connections/${id}`)).body;
  vendor.sandbox.updateTrustPolicy(arn, trust(externalId, pendingExternalId));
  await vendor.call('POST', `/v1/connections/${id}/verify`);
  await page.getByText('The new ID works, but the old one still does too').waitFor();
  const kept = (await page.locator('#change .l:not(.l-del)').allTextContents()).join('');
  expect(JSON.parse(kept)).toMatchObject({
    Statement: [{ Condition: { StringEquals: { 'sts:ExternalId': pendingExternalId } } }],
  });
  // AWS gives no verdict: what is known stays.
  vendor.sandbox.faults.set({ kind: 'throttle' });
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('No result yet').waitFor();
  vendor.sandbox.faults.clear();
  await page.getByText('The new ID works, but the old one still does too').waitFor();
});

inChromium('after a canceled rotation, the policy to deploy has the external ID that stays', async () => {
  const { page } = visitor;
  const { id, externalId, arn } = await connect('canceled');
  await vendor.call('POST', `/v1/connections/${id}/rotate-external-id`, {});
  vendor.sandbox.updateTrustPolicy(arn, trust('rb-of-another-role'));
  await page.goto(url(`/connections/${id}/rotate`));
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByRole('alert').filter({ hasText: 'can’t be assumed' }).waitFor();
  await page.getByRole('button', { name: 'Cancel rotation' }).click();
  await page.getByText('Rotation canceled.').waitFor();
  const policy = JSON.parse((await page.locator('#policy').textContent()) ?? '');
  expect(policy.Statement[0].Condition).toEqual({ StringEquals: { 'sts:ExternalId': externalId } });
});

inChromium('a role in another account than the one that was typed leads to a new connection', async () => {
  const { page } = visitor;
  const { body } = await vendor.call('POST', '/v1/connections', {
    expectedAccountId: vendor.sandbox.createAccount().accountId,
  });
  await page.goto(url(`/connections/${body.id}/setup`));
  const { accountId } = vendor.sandbox.createAccount();
  await page.getByLabel('Role ARN').fill(`arn:aws:iam::${accountId}:role/r`);
  await page.getByRole('button', { name: 'Check connection' }).click();
  await page.getByRole('alert').filter({ hasText: 'in another account' }).waitFor();
  await page.getByRole('link', { name: 'Connect another account' }).click();
  await page.waitForURL('**/connections/new');
});

inChromium('in a long list, a text that the page lacks leads to the search of all', async () => {
  const { page } = visitor;
  for (let number = 1; number <= 60; number++)
    await vendor.call('POST', '/v1/connections', { name: `store ${number}` });
  await page.setViewportSize({ width: 390, height: 800 });
  await page.goto(url('/connections?sort=name&page=99'));
  await page.getByText(/Page (\d) of \1\./).waitFor();
  await page.getByRole('searchbox').fill('store 7');
  const hint = page.getByText('Nothing on this page matches. Press Enter to search all connections.');
  await hint.waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL('**q=store+7**');
  expect(page.url()).toContain('sort=name');
  await page.getByRole('link', { name: 'store 7', exact: true }).waitFor();
  expect(await hint.isVisible()).toBe(false);
  // Other pages are within reach on a phone.
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.waitForURL('**/keys');
});
