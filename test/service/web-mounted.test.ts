/** The service inside of a vendor's own Express app, below a path. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { callbackMessage, provisioned } from '../callback-message.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, wordsOf } from '../web-client.js';

let vendor: Vendor;
let server: Server;
let origin: string;
let url: string;
const app = express();

beforeAll(async () => {
  vendor = await startVendor();
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `${origin}/platform/connect`;
  app.get('/', (_request, response) => void response.send('the app itself'));
  app.use('/platform/connect', vendor.createApp({ publicUrl: url }).handler);
  app.use(express.json());
  app.post('/echo', (request, response) => void response.json(request.body));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await vendor.close();
});

const call = (method: string, path: string, body?: object) => callApi(url, vendor.apiKey, method, path, body);
const policyFor = (externalId: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: vendor.principal },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    },
  ],
});

/** Every address in a page's links, forms and assets. */
const addressesIn = (text: string) =>
  [...text.matchAll(/ (?:href|src|action|srcset)="([^"]*)"/g)].map(([, address = '']) => address);

async function setUp(browser: WebClient) {
  const { accountId } = vendor.sandbox.createAccount();
  await browser.get('/connections/new');
  const role = await browser.post('/connections/new/role', {
    partition: 'aws',
    account: accountId,
    permissions: 'read-only',
  });
  const id = /con_[a-z2-7]{24}/.exec(role.url)?.[0] ?? '';
  return { role, id, accountId, externalId: (await call('GET', `/v1/connections/${id}`)).body.externalId };
}

test('links, forms and assets of every page stay below the path and work', async () => {
  const browser = openWebClient(url);
  const pages = [await browser.get('/sign-in'), await browser.signIn(vendor.apiKey)];
  expect(pages[1]?.url).toBe('/connections');
  const { role, id } = await setUp(browser);
  pages.push(role);
  for (const path of [
    '/connections/new',
    ...['', '/rotate', '/scope', '/delete'].map((end) => `/connections/${id}${end}`),
  ])
    pages.push(await browser.get(path));
  const addresses = new Set(
    pages.flatMap(({ text }) => addressesIn(text)).map((address) => address.split('#')[0] ?? ''),
  );
  for (const address of addresses) {
    if (!address.startsWith('/')) continue;
    expect(address).toMatch(/^\/platform\/connect\//);
  }
  for (const [, address = ''] of pages.flatMap(({ text }) => [
    ...text.matchAll(/ (?:href|src)="(\/[^"#]*)/g),
  ]))
    expect([address, (await browser.get(address)).status]).toEqual([address, 200]);
  expect([...addresses].some((address) => /assets\/page\.\w+\.css$/.test(address))).toBe(true);
});

test('the cookie is limited to the path', async () => {
  const set = (await fetch(`${url}/sign-in`)).headers.getSetCookie();
  expect(set).toHaveLength(1);
  expect(set[0]).toMatch(/; Path=\/platform\/connect; HttpOnly; SameSite=Lax$/);
});

test('connects a role on the page', async () => {
  const browser = openWebClient(url);
  await browser.signIn(vendor.apiKey);
  const { id, accountId, externalId } = await setUp(browser);
  const trustPolicy = policyFor(externalId);
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'mounted', trustPolicy });
  expect(wordsOf(await browser.post(`/connections/${id}/check`, { roleArn: arn }))).toContain(
    'Name and scope',
  );
  const done = await browser.post(`/connections/${id}/finish`, {
    name: 'mounted',
    level: 'project',
    project: 'shop',
  });
  expect([done.status, done.url]).toEqual([200, `/connections/${id}/connected`]);
});

test('the API answers below the path, with addresses below it', async () => {
  const { status, body } = await call('POST', '/v1/connections', { name: 'by API' });
  expect([status, body.callbackUrl]).toEqual([201, `${url}/v1/callbacks`]);
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'api', trustPolicy: body.trustPolicy });
  const message = callbackMessage(body.callbackSecret, provisioned(body.id, arn));
  expect((await fetch(body.callbackUrl, { method: 'POST', ...message })).status).toBe(200);
  const link = (await call('POST', '/v1/sign-in-links', { connectionId: body.id })).body.url;
  expect(link.startsWith(`${url}/sign-in/link?token=`)).toBe(true);
  const opened = await openWebClient(url).signInWithLink(link);
  expect([opened.status, opened.url]).toEqual([200, `/connections/${body.id}`]);
});

test('the surrounding app keeps its paths and body parsers', async () => {
  expect(await (await fetch(origin)).text()).toBe('the app itself');
  const response = await fetch(`${origin}/echo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
  expect(await response.json()).toEqual({ a: 1 });
  expect((await fetch(`${origin}/platform/connect/nothing`)).status).toBe(404);
});

test("behind a body parser it logs the mistake and doesn't hang", async () => {
  app.use('/parsed', express.json(), vendor.createApp({ publicUrl: `${origin}/parsed` }).handler);
  const response = await fetch(`${origin}/parsed/v1/connections`, {
    method: 'POST',
    headers: { authorization: `Bearer ${vendor.apiKey}`, 'content-type': 'application/json' },
    body: '{"name":"x"}',
  });
  expect(response.status).toBe(500);
  expect(vendor.logs.join('')).toContain('mount it before body parsers');
});
