/** The example vendor's app in Chromium: from "Connect AWS" to the resources of the account. */
import type { Browser } from 'playwright-core';
import { startVendorApp } from '../vendor-app.js';
import { overflow, screenshot, startChromium, violations } from './browser.js';
import { findChromium, notChecked } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked("the example vendor's app in Chromium (not installed)");
const inChromium = executable === undefined ? test.skip : test;

let app: Awaited<ReturnType<typeof startVendorApp>>;
let browser: Browser;

beforeAll(async () => {
  if (executable === undefined) return;
  app = await startVendorApp({ propagationDelayMs: 300 });
  browser = await startChromium(executable, ['--test-third-party-cookie-phaseout']);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

inChromium('connects an account on the embedded page, and shows its roles', async () => {
  const { vendor, url, createRole } = app;
  const { accountId } = vendor.sandbox.createAccount();
  const lambda = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  for (const roleName of ['checkout', 'image-resizer'])
    vendor.sandbox.createRole(accountId, {
      roleName,
      trustPolicy: { Version: '2012-10-17', Statement: [lambda] },
    });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();

  await page.goto(`${url}/acme`);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('Project').fill('shop');
  await page.getByLabel('AWS account id').fill(accountId);
  await page.getByRole('button', { name: 'Connect AWS' }).click();

  const element = await page.waitForSelector('rolebridge-connect iframe', { state: 'attached' });
  const frame = await element.contentFrame();
  if (frame === null) throw new Error('There is no frame.');
  await frame.getByLabel('Role ARN').waitFor();
  const externalId = /rb-[a-z2-7]{48}/.exec(await frame.content())?.[0];
  await screenshot(page, 'vendor-app-role', { fullPage: true });

  // Left and opened again, the set-up continues.
  await page.goto(`${url}/acme`);
  await page.getByRole('link', { name: 'shop' }).click();
  const again = await (
    await page.waitForSelector('rolebridge-connect iframe', { state: 'attached' })
  ).contentFrame();
  if (again === null) throw new Error('There is no frame.');
  await again.getByLabel('Role ARN').waitFor();

  const arn = createRole(accountId, externalId);
  await again.getByLabel('Role ARN').fill(arn);
  await again.getByRole('button', { name: 'Check connection' }).click();
  await again.getByRole('heading', { name: 'Your AWS account is connected' }).waitFor();
  // The page has the vendor's color.
  const colors = `[...document.querySelectorAll('a, button')]
    .filter(({ textContent }) => textContent.trim() === 'Done')
    .map((element) => getComputedStyle(element).backgroundColor)`;
  expect(await again.evaluate<string[]>(colors)).toEqual(['rgb(75, 47, 184)']);
  await screenshot(page, 'vendor-app');
  await again.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('heading', { name: 'Roles in this account' }).waitFor();
  for (const name of ['checkout', 'image-resizer', 'orbit']) await page.getByText(`:role/${name}`).waitFor();
  await screenshot(page, 'vendor-app-account', { fullPage: true });
  await page.getByRole('link', { name: 'All accounts' }).click();
  await page.locator('.status.connected').waitFor();
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await overflow(page)).toBe(0);
  await context.close();
});
