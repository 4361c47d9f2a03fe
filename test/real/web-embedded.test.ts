/** The page inside of another site's page, in a Chromium that blocks third-party cookies. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { defaultBrand } from '../../service/web/brand.js';
import { startVendor, type Vendor } from '../vendor.js';
import { overflow, screenshot, startChromium, violations } from './browser.js';
import { findChromium, notChecked } from './tools.js';

const executable = findChromium();
if (executable === undefined) notChecked('the embedded page in Chromium (not installed)');
const inChromium = executable === undefined ? test.skip : test;

let vendor: Vendor;
let browser: Browser;
let server: Server;
/** Another site than the service's: localhost beside 127.0.0.1, and another port. */
let app: string;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (executable === undefined) return;
  const pages = express();
  server = createServer(pages);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  app = `http://localhost:${(server.address() as AddressInfo).port}`;
  vendor = await startVendor({
    brand: { ...defaultBrand, name: 'Northwind Cloud', embedOrigins: [app] },
    propagationWindowMs: 1_000,
  });
  pages.get('/', (request, response) => void response.send(appPage(request.query)));
  browser = await startChromium(executable, ['--test-third-party-cookie-phaseout']);
});
beforeEach(async () => {
  if (executable === undefined) return;
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(60_000);
  page = await context.newPage();
});
afterEach(() => context?.close());
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await vendor?.close();
});

/** A page of the vendor's app, with the element and a list of its events. */
const appPage = ({ link = '', attributes = '', dark }: Record<string, unknown>) => `<!doctype html>
<html lang="en"><head><title>Northwind</title><style>body{background:${dark ? '#101318' : '#fff'};color:${dark ? '#fff' : '#101318'};margin:2rem}</style></head><body>
<main><h1>Settings</h1><rolebridge-connect link="${String(link)}" ${String(attributes)}></rolebridge-connect></main>
<script>window.heard = [];
for (const name of ['connected', 'failed', 'closed'])
  document.addEventListener(name, ({ detail }) => heard.push({ name, ...detail }));</script>
<script src="${vendor.service.url}/connect.js" async></script></body></html>`;

async function newLink(): Promise<{ id: string; externalId: string; accountId: string; url: string }> {
  const { accountId } = vendor.sandbox.createAccount();
  const made = { name: 'shop', scope: { project: `shop-${accountId}` }, expectedAccountId: accountId };
  const { id, externalId } = (await vendor.call('POST', '/v1/connections', made)).body;
  const { url } = (await vendor.call('POST', '/v1/sign-in-links', { connectionId: id })).body;
  return { id, externalId, accountId, url };
}

function createRole(accountId: string, externalId: string | undefined): string {
  const trustPolicy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: vendor.principal },
        Action: 'sts:AssumeRole',
        ...(externalId && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
      },
    ],
  };
  const roleName = `role-${externalId ? 'safe' : 'open'}`;
  return vendor.sandbox.createRole(accountId, { roleName, trustPolicy }).arn;
}

async function open(link: string, query: Record<string, string> = {}): Promise<Frame> {
  await page.goto(`${app}/?${new URLSearchParams({ link, ...query })}`);
  const element = await page.waitForSelector('rolebridge-connect iframe', { state: 'attached' });
  const frame = await element.contentFrame();
  if (frame === null) throw new Error('There is no frame.');
  await frame.waitForURL('**/setup*');
  return frame;
}
/** In a high window: Chromium paints of a frame only the part in the window. */
async function pictureOf(name: string): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 1_700 });
  await screenshot(page, name);
}
const heard = () => page.evaluate<{ name: string; [detail: string]: unknown }[]>('heard');
const heightOfFrame = () =>
  page.evaluate<number>(
    "document.querySelector('rolebridge-connect').shadowRoot.querySelector('iframe').clientHeight",
  );

inChromium('connects a role in the frame, sends events to the app, and closes', async () => {
  const { id, externalId, accountId, url } = await newLink();
  const frame = await open(url);
  expect(frame.url()).not.toContain('token');
  await frame.getByLabel('Role ARN').fill(createRole(accountId, undefined));
  await pictureOf('embedded-role');
  await frame.getByRole('button', { name: 'Check connection' }).click();
  await frame.getByRole('button', { name: 'Check again' }).waitFor();
  await page.waitForFunction('heard.length === 1');
  expect(await heard()).toEqual([
    expect.objectContaining({ name: 'failed', code: 'external_id_not_required', connectionId: id }),
  ]);
  await frame.getByText('Check another role').click();
  await frame.getByLabel('Role ARN').fill(createRole(accountId, externalId));
  await frame.getByRole('button', { name: 'Check connection' }).click();
  await frame.getByRole('heading', { name: 'Your AWS account is connected' }).waitFor();
  await page.waitForFunction('heard.length === 2');
  expect((await heard())[1]).toEqual(
    expect.objectContaining({ name: 'connected', connectionId: id, accountId }),
  );
  expect(await violations(page)).toEqual([]);
  await pictureOf('embedded-success');
  await frame.getByRole('button', { name: 'Done' }).click();
  await page.waitForFunction("heard.at(-1).name === 'closed'");
  expect(
    await page.evaluate("document.querySelector('rolebridge-connect').shadowRoot.childElementCount"),
  ).toBe(0);
});

inChromium('keeps its one cookie for that embedding site alone; others are blocked', async () => {
  const { url } = await newLink();
  await open(url);
  const cookies = (await context.cookies()).filter(({ name }) => name.startsWith('rolebridge'));
  expect(cookies.map(({ name }) => name).sort()).toEqual([
    'rolebridge-embedded',
    'rolebridge-embedded-browser',
    'rolebridge-embedded-form',
  ]);
  for (const cookie of cookies)
    expect(cookie).toMatchObject({
      httpOnly: true,
      secure: true,
      sameSite: 'None',
      partitionKey: expect.any(String),
    });
  // The control: this Chromium keeps no cookie of a frame that is not partitioned.
  await page.evaluate(`(() => {
    const frame = document.createElement('iframe');
    frame.src = '${vendor.service.url}/sign-in';
    document.body.append(frame);
    return new Promise((resolve) => { frame.onload = resolve; });
  })()`);
  expect((await context.cookies()).map(({ name }) => name)).not.toContain('rolebridge-form');
});

inChromium('is as tall as its content, and as dark as the app', async () => {
  const { url } = await newLink();
  const frame = await open(url, { dark: 'yes' });
  const theme = () => frame.evaluate<string>('getComputedStyle(document.documentElement).colorScheme');
  expect(await theme()).toBe('dark');
  const heightInside = () =>
    frame.evaluate<number>('Math.ceil(document.body.getBoundingClientRect().height)');
  await page.waitForFunction(
    `document.querySelector('rolebridge-connect').shadowRoot.querySelector('iframe').clientHeight === ${await heightInside()}`,
  );
  const before = await heightOfFrame();
  await frame.getByText('What is an external ID?').first().click();
  await page.waitForFunction(
    `document.querySelector('rolebridge-connect').shadowRoot.querySelector('iframe').clientHeight > ${before}`,
  );
  await pictureOf('embedded-dark');
  await page.evaluate("document.body.style.background = 'white'");
  await frame.waitForFunction("getComputedStyle(document.documentElement).colorScheme === 'light'");
});

inChromium('opens in a dialog that Escape closes', async () => {
  const { url } = await newLink();
  const frame = await open(url, { attributes: 'modal' });
  await frame.getByLabel('Role ARN').waitFor();
  await screenshot(page, 'embedded-modal');
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await overflow(page)).toBe(0);
  await screenshot(page, 'embedded-modal-narrow');
  await page.keyboard.press('Escape');
  await page.waitForFunction("heard.at(-1)?.name === 'closed'");
  expect(await page.locator('rolebridge-connect dialog').count()).toBe(0);
});

inChromium('shows itself on no other origin, and frames no other address', async () => {
  const { url } = await newLink();
  await open(url);
  // The same page, from a host that the brand file does not have.
  const elsewhere = app.replace('localhost', '127.0.0.1');
  await page.goto(`${elsewhere}/?${new URLSearchParams({ link: url })}`);
  await page.waitForFunction("heard.at(-1)?.code === 'not_embeddable'");
  for (const link of [
    'https://evil.example/sign-in/link?token=x',
    `${vendor.service.url}/connections`,
    'javascript:1',
  ]) {
    await page.goto(`${app}/?${new URLSearchParams({ link })}`);
    await page.waitForFunction("heard.at(-1)?.code === 'link_invalid'");
    expect(await page.locator('rolebridge-connect iframe').count()).toBe(0);
  }
});
