/** Step 1 of the guide with several principals and an uploaded template. */
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, type WebPage, wordsOf } from '../web-client.js';

const templateUrl = 'https://vendor-templates.s3.us-east-1.amazonaws.com/rolebridge.yaml';
const governmentPrincipal = 'arn:aws-us-gov:iam::444455556666:user/rolebridge';

let vendor: Vendor;
let browser: WebClient;
beforeAll(async () => {
  vendor = await startVendor({
    templateUrl,
    principals: new Map([
      ['aws', 'arn:aws:iam::444455556666:user/rolebridge'],
      ['aws-us-gov', governmentPrincipal],
    ]),
  });
  browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
});
afterAll(() => vendor.close());

async function begin(partition: string): Promise<string> {
  await browser.get('/connections/new');
  return (
    /con_[a-z2-7]{24}/.exec(
      (
        await browser.post('/connections/new/role', {
          partition,
          account: '123456789012',
          permissions: 'read-only',
        })
      ).url,
    )?.[0] ?? ''
  );
}
const linkIn = (page: WebPage, start: string): URL =>
  new URL((new RegExp(`href="(${start}[^"]+)"`).exec(page.text)?.[1] ?? '').replaceAll('&amp;', '&'));

test('the partition is asked once and applies to everything after', async () => {
  const choice = await browser.get('/connections/new');
  expect(wordsOf(choice)).toContain('AWS partition AWS (commercial regions) AWS GovCloud (US)');
  const id = await begin('aws-us-gov');
  const guide = await browser.get(`/connections/${id}/setup`);
  expect(wordsOf(guide)).toContain('For an account in AWS GovCloud (US)');
  expect(wordsOf(guide)).toContain(governmentPrincipal);
  expect(linkIn(guide, 'https://console').host).toBe('console.amazonaws-us-gov.com');
});

test('a set-up code is shown once in a command, works, and is revoked', async () => {
  const id = await begin('aws');
  const path = `/connections/${id}/setup?format=cdktn`;
  expect(wordsOf(await browser.get(path))).not.toContain('init --setup');
  const page = await browser.post(`/connections/${id}/setup-code`, { format: 'cdktn' });
  const code = /npx @rolebridge\/constructs init --setup [^ ]+\/#(stp_[\w-]+)/.exec(wordsOf(page))?.[1] ?? '';
  const read = () =>
    fetch(`${vendor.service.url}/v1/setup-code`, { headers: { authorization: `Bearer ${code}` } });
  expect((await read()).status).toBe(200);
  const later = await browser.get(path);
  expect([later.text.includes(code), wordsOf(later).includes('Revoke the set-up code')]).toEqual([
    false,
    true,
  ]);
  const revoked = await browser.post(`/connections/${id}/setup-code/revoke`, { format: 'cdktn' });
  expect([revoked.status, wordsOf(revoked).includes('Revoke the set-up code')]).toEqual([200, false]);
  expect((await read()).status).toBe(401);
});

test('CloudFormation opens with all values filled in, where the vendor uploaded the template', async () => {
  const id = await begin('aws');
  const page = await browser.get(`/connections/${id}/setup?format=cloudformation&permissions=security-audit`);
  const { hash } = linkIn(page, 'https://console.aws.amazon.com/cloudformation');
  const given = new URLSearchParams(hash.slice(hash.indexOf('?')));
  expect(Object.fromEntries(given)).toMatchObject({
    templateURL: templateUrl,
    param_ConnectionId: id,
    param_ExternalId: (await vendor.call('GET', `/v1/connections/${id}`)).body.externalId,
    param_Permissions: 'security-audit',
  });
  expect(wordsOf(page)).toContain('every value filled in except the callback secret');
  expect(page.text).not.toMatch(/whsec_[A-Za-z0-9+/]{30}/);
});

test('Terraform offers the module with the same role', async () => {
  const id = await begin('aws');
  await vendor.call('PUT', `/v1/connections/${id}/scopes`, {
    scopes: [{ project: 'shop', environment: 'test' }],
  });
  const { externalId } = (await vendor.call('GET', `/v1/connections/${id}`)).body;
  const page = await browser.get(`/connections/${id}/setup?format=terraform&permissions=power-user`);
  const words = wordsOf(page);
  for (const text of [
    'As a module, with every option',
    `source = "${vendor.service.url}/downloads/terraform-module.tar.gz"`,
    `connection_id = "${id}"`,
    `external_id = "${externalId}"`,
    'permissions = "power-user"',
    'scope = { project = "shop", environment = "test" }',
  ])
    expect(words).toContain(text);
});
