/** The history of a connection over several pages: each event once, and none without its outcome. */
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebPage, wordsOf } from '../web-client.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.close());

test('shows each event on one page, whether an action has an intent or only an outcome', async () => {
  const { accountId } = vendor.sandbox.createAccount();
  const made = { name: 'shop', expectedAccountId: accountId, scope: { project: 'shop' } };
  const { id, trustPolicy } = (await vendor.call('POST', '/v1/connections', made)).body;
  const roleArn = vendor.sandbox.createRole(accountId, { roleName: 'shop', trustPolicy }).arn;
  await vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn });
  for (let number = 0; number < 45; number++) {
    const issued = await vendor.call('POST', '/v1/credentials', { project: 'shop' });
    expect(issued.status).toBe(200);
    if (number % 2 === 0) await vendor.call('POST', `/v1/connections/${id}/verify`);
  }
  const browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
  const pages: WebPage[] = [await browser.get(`/connections/${id}`)];
  for (let page = pages[0]; page !== undefined; ) {
    const older = /href="([^"#]+)#history">Older events/.exec(page.text)?.[1];
    page = older === undefined ? undefined : await browser.get(older);
    if (page) pages.push(page);
  }
  const entries = pages.flatMap(({ text }) =>
    [...text.matchAll(/<span class="dot[\s\S]*?<b>([^<]+)/g)].map(([, title]) => title),
  );
  expect(entries.filter((title) => title === 'Credentials issued')).toHaveLength(45);
  // By the role that was entered, and 23 times again.
  expect(entries.filter((title) => title === 'Checked')).toHaveLength(24);
  expect(pages.map(wordsOf).join(' ')).not.toContain('Not finished');
}, 60_000);

test('a rotation remembers that the old external ID is accepted, whatever happens afterwards', async () => {
  const { accountId } = vendor.sandbox.createAccount();
  const made = { name: 'rotated', expectedAccountId: accountId, scope: { project: 'rotated' } };
  const { id, externalId, trustPolicy } = (await vendor.call('POST', '/v1/connections', made)).body;
  const roleArn = vendor.sandbox.createRole(accountId, { roleName: 'rotated', trustPolicy }).arn;
  await vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn });
  const { body } = await vendor.call('POST', `/v1/connections/${id}/rotate-external-id`, {});
  const both = JSON.parse(JSON.stringify(trustPolicy));
  both.Statement[0].Condition.StringEquals['sts:ExternalId'] = [externalId, body.pendingExternalId];
  vendor.sandbox.updateTrustPolicy(roleArn, both);
  await vendor.call('POST', `/v1/connections/${id}/verify`);
  const asked = Array.from({ length: 110 }, () =>
    vendor.call('POST', '/v1/credentials', { project: 'rotated' }),
  );
  await Promise.all(asked);
  const browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
  expect(wordsOf(await browser.get(`/connections/${id}/rotate`))).toContain(
    'The new ID works, but the old one still does too',
  );
}, 60_000);
