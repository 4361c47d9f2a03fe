/** The alias of an account, on the pages: where the role may list it. */
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ propagationWindowMs: 0 });
});
afterAll(() => vendor.close());

test.each([
  ['may', ['iam:GetRole', 'iam:ListAccountAliases'], true],
  ['may not', ['iam:GetRole'], false],
] as const)('is shown with an account whose role %s list it', async (name, actions, isShown) => {
  const alias = `alias-${name.replace(' ', '-')}`;
  const { accountId } = vendor.sandbox.createAccount({ alias });
  const { body } = await vendor.call('POST', '/v1/connections', { name: `role that ${name}` });
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'reader',
    trustPolicy: body.trustPolicy,
    inlinePolicies: { policy },
  });
  await vendor.call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
  const browser = openWebClient(vendor.service.url);
  const list = await browser.signIn(vendor.apiKey);
  const success = await browser.get(`/connections/${body.id}/connected`);
  for (const page of [list, success, await browser.get(`/connections?q=${alias}`)])
    expect([page.url, wordsOf(page).replace(`“${alias}”`, '').includes(alias)]).toEqual([page.url, isShown]);
});
