/** Permission sets and the administrator's link on the page. */
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { permissionSetSchema, permissionSetsOf } from '../../service/domain/permission-set.js';
import { openPermissionSets } from '../../service/index.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient, type WebClient, wordsOf } from '../web-client.js';

let vendor: Vendor;
let browser: WebClient;
beforeAll(async () => {
  const permissionSets = await openPermissionSets('examples/permission-sets', {
    read: async () => ({}),
    add: async (hashes) => hashes,
  });
  vendor = await startVendor({ permissionSets, propagationWindowMs: 0 });
  browser = openWebClient(vendor.service.url);
  await browser.signIn(vendor.apiKey);
});
afterAll(() => vendor.close());

const show = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body;
const idIn = (url: string) => /con_[a-z2-7]{24}/.exec(url)?.[0] ?? '';
const begin = async (fields: Record<string, string | readonly string[]>) => {
  const { accountId: account } = vendor.sandbox.createAccount();
  await browser.get('/connections/new');
  return browser.post('/connections/new/role', { partition: 'aws', account, ...fields });
};

test('the first step explains each set, its reasons and its denials', async () => {
  const page = await browser.get('/connections/new');
  const words = wordsOf(page);
  expect(words).toMatch(/EC2: describe/);
  expect(words).toContain('Required');
  expect(words).toContain('Never:');
  expect(page.text).not.toMatch(/type="radio"[^>]* checked/);
});

test('a set must be chosen; entries stay', async () => {
  const page = await begin({ 'optional-read': [] });
  expect([page.status, wordsOf(page)]).toEqual([422, expect.stringContaining('Choose what')]);
  for (const set of ['nothing', '__proto__', '<script>']) expect((await begin({ set })).status).toBe(422);
});

test('excluded optional statements are in no template, and can be included again', async () => {
  const sets = (await vendor.call('GET', '/v1/permission-sets/read/1')).body;
  const optional = sets.statements.find((statement: { optional?: boolean }) => statement.optional);
  const page = await begin({ set: 'read', 'optional-read': [] });
  const id = idIn(page.url);
  const policy =
    /id="policy-to-add"[\s\S]*?<\/pre>/.exec((await browser.get(`/connections/${id}/setup`)).text)?.[0] ?? '';
  expect(policy).not.toContain(optional.actions[0]);
  await browser.get(`/connections/${id}/setup?step=account`);
  await browser.post(`/connections/${id}/account`, { 'optional-read': optional.sid });
  expect((await browser.get(`/connections/${id}/setup`)).text).toContain(optional.actions[0]);
  // Required statements can't be excluded, whatever the form sends.
  await browser.post(`/connections/${id}/account`, { 'optional-read': ['Inventory', '<x>'] });
  expect((await show(id)).permissionSet).toBe('read');
});

test('a connected role that lacks permissions keeps working: the page lists missing permissions and additions of the new version', async () => {
  const statement = (sid: string, actions: string[]) => ({
    sid,
    reason: `Why ${sid}.`,
    actions,
    resources: ['*'],
  });
  const setOf = (version: number, ...statements: object[]) =>
    permissionSetSchema.parse({
      name: 'deploy',
      version,
      title: 'Deploy',
      statements,
      denies: [],
      managedPolicies: [],
    });
  const first = setOf(1, statement('Inventory', ['ec2:DescribeInstances']));
  let served = permissionSetsOf([first]);
  const other = await startVendor({
    permissionSets: { list: () => served.list(), get: (...asked) => served.get(...asked) },
    propagationWindowMs: 0,
  });
  const page = openWebClient(other.service.url);
  await page.signIn(other.apiKey);
  const { body } = await other.call('POST', '/v1/connections', { name: 'shop', permissionSet: 'deploy' });
  const account = other.sandbox.createAccount();
  const allow = (...actions: string[]) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  });
  const { arn } = other.sandbox.createRole(account.accountId, {
    roleName: 'shop',
    trustPolicy: body.trustPolicy,
    inlinePolicies: {
      self: allow('iam:GetRole', 'iam:SimulatePrincipalPolicy'),
      permissions: allow('ec2:DescribeInstances'),
    },
  });
  await page.get(`/connections/${body.id}`);
  await page.post(`/connections/${body.id}/check`, { roleArn: arn });
  const fine = wordsOf(await page.get(`/connections/${body.id}`));
  expect(fine).toContain('Connected');
  expect(fine).not.toContain('Some permissions are missing');

  const iam = new IAMClient({ endpoint: other.sandbox.url, region: 'us-east-1', credentials: account.admin });
  const PolicyDocument = JSON.stringify(allow('s3:ListAllMyBuckets'));
  await iam.send(new PutRolePolicyCommand({ RoleName: 'shop', PolicyName: 'permissions', PolicyDocument }));
  served = permissionSetsOf([
    first,
    permissionSetSchema.parse({
      ...setOf(2, ...first.statements, statement('Cost', ['ce:GetCostAndUsage'])),
      denies: [statement('NoSecrets', ['secretsmanager:GetSecretValue'])],
    }),
  ]);
  await page.post(`/connections/${body.id}/verify`);
  const lacking = wordsOf(await page.get(`/connections/${body.id}`));
  expect(lacking).toContain('Connected');
  expect(lacking).toContain('Some permissions are missing. Rolebridge still works in this account');
  expect(lacking).toContain('Why Inventory. ec2:DescribeInstances Not allowed by any policy.');
  expect(lacking).toMatch(/Deploy.* v1 v2 available.*Version 2 adds.*Cost/);
  // A denial is no permission.
  expect(lacking).toContain('Version 2 adds 1 permission ');
  expect(lacking).toContain('Why NoSecrets. Denial NoSecrets +secretsmanager:GetSecretValue');
  await other.close();
});

test('a read-only session offers no action that would be rejected', async () => {
  const id = idIn((await begin({ set: 'read' })).url);
  const { url } = (await vendor.call('POST', '/v1/sign-in-links', { access: 'read' })).body;
  const reader = openWebClient(vendor.service.url);
  await reader.signInWithLink(url.slice(vendor.service.url.length));
  for (const path of ['/connections', '/connections?q=nothing-like-it', `/connections/${id}`]) {
    const page = await reader.get(path);
    const offered = [...page.text.matchAll(/(?:href|action)="(\/(?:connections|operator)[^"#]*)"/g)].map(
      ([, to = '']) => to.replaceAll('&amp;', '&'),
    );
    for (const to of new Set(offered)) expect([to, (await reader.get(to)).status]).toEqual([to, 200]);
  }
});

test('the page shows what a proven role trusts beside, and the policy that a tested one lacks', async () => {
  const connect = async (principal: string, inlinePolicies: Record<string, object>) => {
    const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
    const [statement] = body.trustPolicy.Statement;
    const { arn } = vendor.sandbox.createRole(vendor.sandbox.createAccount().accountId, {
      roleName: 'rolebridge',
      trustPolicy: { ...body.trustPolicy, Statement: [{ ...statement, Principal: { AWS: principal } }] },
      inlinePolicies,
    });
    await vendor.call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
    return { id: body.id, arn, words: wordsOf(await browser.get(`/connections/${body.id}`)) };
  };
  const mayRead = { Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' };
  const proven = await connect(vendor.vendorAccount.accountId, {
    self: { Version: '2012-10-17', Statement: [mayRead] },
  });
  const [shown = ''] = proven.words.split('View the');
  expect(shown).toMatch(/trusts the whole account \d{12} with the external ID\. To narrow it/);
  const german = openWebClient(vendor.service.url, 'de');
  await german.signIn(vendor.apiKey);
  const [inGerman = ''] = wordsOf(await german.get(`/connections/${proven.id}`)).split('Prüfungen ansehen');
  expect(inGerman).toMatch(/vertraut dem ganzen Konto \d{12}/);
  expect(inGerman).not.toMatch(/whole account/);
  const tested = await connect(vendor.principal, {});
  expect(tested.words).toMatch(/Let the role read itself.*"iam:GetRole"/);
  expect(tested.words).toContain(`"Resource": [ "${tested.arn}" ]`);
});

describe('the link for an administrator', () => {
  test('connects this connection only, and shows neither others nor the scope', async () => {
    const id = idIn((await begin({ set: 'read' })).url);
    await browser.get(`/connections/${id}/setup`);
    const page = await browser.post(`/connections/${id}/administrator-link`);
    const link =
      new RegExp(`${vendor.service.url}(/sign-in/link\\?token=[\\w-]{43})`).exec(page.text)?.[1] ?? '';
    const administrator = openWebClient(vendor.service.url);
    const opened = await administrator.signInWithLink(link);
    expect([opened.status, opened.url]).toEqual([200, `/connections/${id}/setup`]);
    const other = idIn((await begin({ set: 'read' })).url);
    for (const path of [`/connections/${other}`, `/connections/${id}/scope`, `/connections/${id}/delete`])
      expect([path, (await administrator.get(path)).status]).toEqual([
        path,
        expect.not.stringMatching('200'),
      ]);
    const own = wordsOf(await administrator.get(`/connections/${id}`));
    expect(own).not.toContain('Delete connection');
    expect(own).not.toContain('Change scope');
  });

  test.each(['read', 'connect'])("can't be created with %s only", async (access) => {
    const id = idIn((await begin({ set: 'read' })).url);
    const { url } = (await vendor.call('POST', '/v1/sign-in-links', { access })).body;
    const limited = openWebClient(vendor.service.url);
    await limited.signInWithLink(url.slice(vendor.service.url.length));
    expect((await limited.get(`/connections/${id}`)).text).not.toContain('administrator-link');
    expect((await limited.get(`/connections/${id}/setup`)).text).not.toContain('administrator-link');
    await limited.get(`/connections/${id}`);
    expect((await limited.post(`/connections/${id}/administrator-link`)).status).toBe(403);
  });

  test("expires no later than its creator's API key", async () => {
    const id = idIn((await begin({ set: 'read' })).url);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const permissions = ['connections:read', 'connections:write'];
    const key = (await vendor.call('POST', '/v1/api-keys', { name: 'an hour', expiresAt, permissions })).body;
    const hour = openWebClient(vendor.service.url);
    await hour.signIn(key.apiKey);
    await hour.get(`/connections/${id}/setup`);
    expect((await hour.post(`/connections/${id}/administrator-link`)).status).toBe(200);
    const { signInLinks } = (await vendor.call('GET', '/v1/sign-in-links')).body;
    expect(signInLinks[0].expiresAt <= expiresAt).toBe(true);
  });
});
