/** Scopes on the page where the vendor's platform declares its targets. */
import { type OperatedVendor, startOperator } from '../operator.js';
import { callApi } from '../vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

let vendor: OperatedVendor;
beforeAll(async () => {
  vendor = await startOperator();
});
afterAll(() => vendor.close());

const typed = { project: 'shpo', environment: 'production' };
const fieldIn = (text: string, name: string) =>
  new RegExp(`name="${name}"[^>]* value="([^"]*)"`).exec(text)?.[1];

test('are chosen from the declared targets by name, with no default and no free text', async () => {
  const browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'here' });
  const path = `/connections/${body.id}/scope`;
  expect((await browser.get(path)).text).toContain('name="project"');
  await vendor.call('PUT', '/v1/projects/shop', {
    name: 'Der Laden',
    environments: [{ id: 'production', name: 'Live', architectures: [{ id: 'web', name: 'Web' }] }],
  });
  await vendor.operate('PATCH', `/v1/organizations/${vendor.organization.id}`, { targets: 'declared' });
  const page = await browser.get(path);
  expect(wordsOf(page)).toMatch(
    /Der Laden project shop No connection Live environment production No connection Web architecture No connection/,
  );
  expect([page.text.includes('name="project"'), / checked/.test(page.text)]).toEqual([false, false]);

  // Typed on a page that was open before: refused, and everything stays as it was.
  const refused = await browser.post(path, typed);
  expect([refused.status, wordsOf(refused)]).toEqual([422, expect.stringContaining('shpo')]);
  expect(Object.keys(typed).map((name) => fieldIn(refused.text, name))).toEqual(['shpo', 'production']);
  expect(refused.text).not.toMatch(/type="checkbox"[^>]* checked/);

  const saved = await browser.post(path, { scope: 'shop/production/web', project: '', environment: '' });
  expect(wordsOf(saved)).toMatch(/Web architecture This connection/);
  const { body: now } = await vendor.call('GET', `/v1/connections/${body.id}`);
  expect(now.scopes).toEqual([{ project: 'shop', environment: 'production', architecture: 'web' }]);
});

test('a session within a scope learns of no connection above it, whatever it sends', async () => {
  const { apiKey } = await vendor.service.createOrganization('Limited');
  const call = (path: string, body: object) => callApi(vendor.service.url, apiKey, 'POST', path, body);
  await call('/v1/connections', { name: 'the hidden default', scope: {} });
  const { id } = (await call('/v1/connections', { name: 'shop', scope: { project: 'shop' } })).body;
  const permissions = ['connections:read', 'connections:write'];
  const limited = { name: 'limited', permissions, scope: { project: 'shop' } };
  const key = (await call('/v1/api-keys', limited)).body.apiKey;
  const browser = openWebClient(vendor.service.url);
  expect((await browser.signIn(key)).status).toBe(200);
  const page = await browser.post(`/connections/${id}/scope`, { scope: ['', 'shop'] });
  expect([page.status >= 400, page.text.includes('the hidden default')]).toEqual([true, false]);
});
