/** A branded vendor whose customers are in every state that a page can show, and the addresses of all pages. */
import { createHash } from 'node:crypto';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import { openPermissionSets } from '../../service/index.js';
import { defaultBrand } from '../../service/web/brand.js';
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { until } from '../passing-clock.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';
import { startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

export const operatorToken = 'an-operator-token-of-some-length-1';

/** One page in one state. */
export interface PageState {
  readonly name: string;
  readonly path: string;
  /** The visitor. @default a member of the organization */
  readonly as?: 'anonymous' | 'operator' | 'newcomer';
  /** Steps that bring the page into the state. */
  readonly act?: (page: Page) => Promise<unknown>;
}

const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="7" fill="#2456e6"/><path d="M8.500 20V8.500l11 11V8" fill="none" stroke="#fff" stroke-width="2.800" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

const allow = (...actions: string[]) => policy({ Effect: 'Allow', Action: actions, Resource: '*' });
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });

export async function startVendorInEveryState() {
  const permissionSets = await openPermissionSets('examples/permission-sets', {
    read: async () => ({}),
    add: async (hashes) => hashes,
  });
  const vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    permissionSets,
    webhooks: { allowsPrivate: true },
    propagationWindowMs: 2_500,
    brand: {
      ...defaultBrand,
      name: 'Northwind Cloud',
      logo: { type: 'image/svg+xml', bytes: Buffer.from(mark) },
      homeUrl: 'https://app.northwind.example/settings',
      links: { help: 'https://northwind.example/help', privacy: 'https://northwind.example/privacy' },
    },
  });
  const ids = await fill(vendor);
  const newcomer = await vendor.service.createOrganization('Initech');
  const receiver = await startWebhookReceiver();
  for (const key of [operatorToken, vendor.apiKey]) await deliver(vendor, key, receiver);
  const close = async () => {
    await vendor.close();
    await receiver.close();
  };
  const pages = pagesOf(vendor, ids);
  return { vendor: { ...vendor, close }, ids, newcomerKey: newcomer.apiKey, pages };
}

/** An endpoint of that caller, with one message. */
async function deliver(vendor: Vendor, key: string, receiver: WebhookReceiver): Promise<void> {
  const { body } = await vendor.call('POST', '/v1/webhook-endpoints', { url: receiver.url }, key);
  receiver.secret = body.secret;
  const path = `/v1/webhook-endpoints/${body.id}`;
  await vendor.call('POST', `${path}/test`, undefined, key);
  await until(async () => {
    const { deliveries } = (await vendor.call('GET', `${path}/deliveries`, undefined, key)).body;
    return deliveries[0]?.status === 'delivered';
  });
}

type Ids = Awaited<ReturnType<typeof fill>>;

interface Made {
  readonly id: string;
  readonly accountId: string;
  readonly admin: { accessKeyId: string; secretAccessKey: string };
  readonly externalId: string;
  readonly callbackSecret: string;
  readonly trustPolicy: object;
}

async function fill(vendor: Vendor) {
  const { sandbox, call } = vendor;
  const make = async (name: string, more: object = {}): Promise<Made> => {
    const { accountId, admin } = sandbox.createAccount({
      alias: `acme-${name.split(' ').join('-').toLowerCase()}`,
    });
    const given = { name, expectedAccountId: accountId, permissionSet: 'read', ...more };
    return { ...(await call('POST', '/v1/connections', given)).body, accountId, admin };
  };
  const roleFor = (made: Made, { trust = made.trustPolicy, readsItself = true } = {}): string =>
    sandbox.createRole(made.accountId, {
      roleName: 'vendor-access',
      trustPolicy: trust,
      inlinePolicies: {
        permissions: allow('acm:*', 'ce:*', 'ec2:*', 'rds:*', 's3:Create*', 's3:List*', 's3:Put*', 'tag:*'),
        ...(readsItself && {
          self: allow('iam:GetRole', 'iam:SimulatePrincipalPolicy', 'iam:ListAccountAliases'),
        }),
      },
    }).arn;
  const connect = async (made: Made, options?: Parameters<typeof roleFor>[1]) => {
    const roleArn = roleFor(made, options);
    await call('PUT', `/v1/connections/${made.id}/role`, { roleArn });
    return { ...made, roleArn };
  };
  const report = async ({ callbackSecret }: Made, event: object) => {
    const message = callbackMessage(callbackSecret, event);
    await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
  };
  const trusting = (condition?: object) =>
    policy({
      Effect: 'Allow',
      Principal: { AWS: vendor.principal },
      Action: 'sts:AssumeRole',
      ...(condition && { Condition: condition }),
    });

  await declareTargets(vendor);
  const production = { project: 'webshop', environment: 'production' };
  const proven = await connect(await make('webshop production', { scope: production }));
  const tested = await connect(await make('company default', { scope: {} }), { readsItself: false });
  const failed = await make('warehouse', { scope: { project: 'data', environment: 'analytics' } });
  await connect(failed, { trust: trusting() });
  await connect(await make('reporting', { scope: { project: 'data' } }), {
    trust: trusting({ StringLike: { 'sts:ExternalId': '*' } }),
  });
  const incomplete = await connect(
    await make('search', { scope: { ...production, architecture: 'search' } }),
  );
  await new IAMClient({ endpoint: sandbox.url, region: 'us-east-1', credentials: incomplete.admin }).send(
    new PutRolePolicyCommand({
      RoleName: 'vendor-access',
      PolicyName: 'permissions',
      PolicyDocument: JSON.stringify(allow('s3:ListAllMyBuckets')),
    }),
  );
  await call('POST', `/v1/connections/${incomplete.id}/verify`);
  const outdated = await make('checkout', {
    permissionSet: 'deploy',
    scope: { ...production, architecture: 'checkout' },
  });
  const event = provisioned(outdated.id, roleFor(outdated));
  await report(outdated, { ...event, data: { ...event.data, permissionSet: 'deploy@1' } });
  const unscoped = await connect(await make('New connection'));
  const rotating = await connect(await make('eu-west backups'));
  await call('POST', `/v1/connections/${rotating.id}/rotate-external-id`, {});
  const bothAccepted = await connect(await make('mobile app'));
  const next = await call('POST', `/v1/connections/${bothAccepted.id}/rotate-external-id`, {});
  const both = [bothAccepted.externalId, next.body.pendingExternalId];
  sandbox.updateTrustPolicy(bothAccepted.roleArn, trusting({ StringEquals: { 'sts:ExternalId': both } }));
  await call('POST', `/v1/connections/${bothAccepted.id}/verify`);
  const gone = await connect(await make('old shop'));
  await report(gone, deprovisioned(gone.id, gone.roleArn));
  const pending = await make('webshop staging', { scope: { project: 'webshop', environment: 'staging' } });
  const spare = await make('warehouse');
  await call('POST', `/v1/connections/${spare.id}/setup-code`);
  await call('POST', '/v1/api-keys', { name: 'nightly deploy', permissions: ['credentials:issue'] });
  const { admin } = sandbox.createAccount();
  const accessKey = await call('POST', '/v1/connections', {
    name: 'legacy reports',
    method: 'access_key',
    accessKeyId: admin.accessKeyId,
    secretAccessKey: admin.secretAccessKey,
    scope: { project: 'reports' },
  });
  const other = await vendor.service.createOrganization('Globex');
  for (const name of ['shared account', 'production'])
    await callApi(vendor.service.url, other.apiKey, 'POST', '/v1/connections', { name });
  return {
    proven: proven.id,
    tested: tested.id,
    failed: failed.id,
    incomplete: incomplete.id,
    outdated: outdated.id,
    unscoped: unscoped.id,
    rotating: rotating.id,
    bothAccepted: bothAccepted.id,
    gone: gone.id,
    pending: pending.id,
    spare: spare.id,
    accessKey: String(accessKey.body.id),
  };
}

async function declareTargets({ call }: Vendor): Promise<void> {
  const architecture = (id: string, name: string) => ({ id, name });
  await call('PUT', '/v1/projects/webshop', {
    name: 'Webshop',
    environments: [
      {
        id: 'production',
        name: 'Production',
        architectures: [architecture('checkout', 'Checkout'), architecture('search', 'Search')],
      },
      { id: 'staging', name: 'Staging', architectures: [] },
    ],
  });
  await call('PUT', '/v1/projects/data', {
    name: 'Data platform',
    environments: [
      { id: 'analytics', name: 'Analytics', architectures: [architecture('warehouse', 'Warehouse')] },
    ],
  });
}

function pagesOf(vendor: Vendor, ids: Ids): PageState[] {
  const of = (id: string, end = '') => `/connections/${id}${end}`;
  const press = (page: Page) =>
    page.locator('main form:not([role=search]) button[type=submit]').first().click();
  const setup = (format: string) => of(ids.pending, `/setup?format=${format}`);
  return [
    { name: 'sign-in', path: '/sign-in', as: 'anonymous' },
    {
      name: 'sign-in-refused',
      path: '/sign-in',
      as: 'anonymous',
      act: async (page) => {
        await page.locator('#apiKey').fill('rbk_wrong');
        await press(page);
        await page.getByRole('alert').waitFor();
      },
    },
    { name: 'link', path: '/sign-in/link?token=x', as: 'anonymous' },
    {
      name: 'link-dead',
      path: '/sign-in/link?token=x',
      as: 'anonymous',
      act: async (page) => {
        await press(page);
        await page.locator('.plain code').first().waitFor();
      },
    },
    { name: 'list', path: '/connections' },
    { name: 'list-failed', path: '/connections?status=failed' },
    { name: 'list-by-account', path: '/connections?sort=account' },
    { name: 'list-none', path: '/connections?q=nothing+like+this' },
    { name: 'list-deleted', path: '/connections?done=deleted' },
    { name: 'list-empty', path: '/connections', as: 'newcomer' },
    { name: 'setup-1', path: '/connections/new' },
    {
      name: 'setup-1-error',
      path: '/connections/new',
      act: async (page) => {
        await page.locator('#account').fill('12345');
        await press(page);
        await page.locator('[aria-invalid=true]').waitFor();
      },
    },
    { name: 'access-key-new', path: '/connections/new/access-key' },
    {
      name: 'access-key-error',
      path: '/connections/new/access-key',
      act: async (page) => {
        await page.locator('#accessKeyId').fill('AKIAWRONG');
        await press(page);
        await page.locator('[aria-invalid=true]').first().waitFor();
      },
    },
    ...['console', 'cloudformation', 'terraform', 'cdktn', 'cdktf', 'aws-cli'].map((format) => ({
      name: `setup-2-${format}`,
      path: setup(format),
    })),
    { name: 'setup-2-code', path: of(ids.spare, '/setup?format=cdktf') },
    { name: 'setup-2-account', path: of(ids.pending, '/setup?step=account') },
    {
      name: 'setup-2-arn-error',
      path: setup('console'),
      act: async (page) => {
        await page.locator('#roleArn').fill('arn:aws:iam::12:role/x');
        await page.locator('form[data-check] button').last().click();
        await page.locator('[aria-invalid=true]').waitFor();
      },
    },
    { name: 'setup-2-failed', path: of(ids.failed, '/setup') },
    { name: 'setup-3', path: of(ids.unscoped, '/setup') },
    {
      name: 'setup-3-error',
      path: of(ids.unscoped, '/setup'),
      act: async (page) => {
        await page.locator('form[action$="/finish"] button[type=submit]').first().click();
        await page.getByRole('alert').first().waitFor();
      },
    },
    { name: 'success', path: of(ids.proven, '/connected') },
    { name: 'success-tested', path: of(ids.tested, '/connected') },
    { name: 'connection', path: of(ids.proven) },
    { name: 'connection-menu', path: of(ids.proven), act: (page) => page.locator('.menu summary').click() },
    {
      name: 'connection-checks',
      path: of(ids.proven),
      act: (page) => page.locator('section .fold summary').first().click(),
    },
    { name: 'connection-verified', path: of(ids.proven, '?done=verified') },
    { name: 'connection-tested', path: of(ids.tested) },
    { name: 'connection-failed', path: of(ids.failed) },
    { name: 'connection-incomplete', path: of(ids.incomplete) },
    { name: 'connection-outdated', path: of(ids.outdated) },
    { name: 'connection-rotating', path: of(ids.rotating) },
    { name: 'connection-gone', path: of(ids.gone) },
    { name: 'connection-pending', path: of(ids.pending) },
    { name: 'connection-key', path: of(ids.accessKey) },
    { name: 'replace-key', path: of(ids.accessKey, '/access-key') },
    { name: 'replace-role', path: of(ids.proven, '/setup?step=role') },
    { name: 'as-code', path: of(ids.proven, '/setup?step=role&format=terraform') },
    { name: 'scope', path: of(ids.proven, '/scope') },
    {
      name: 'scope-conflict',
      path: of(ids.proven, '/scope'),
      act: async (page) => {
        await page.locator('input[type=checkbox][name=scope]').first().check();
      },
    },
    { name: 'keys', path: '/keys' },
    {
      name: 'keys-error',
      path: '/keys',
      act: async (page) => {
        await page.locator('#name').fill('runner');
        await page.locator('#scope').fill('a/b/c/d');
        await page.locator('form[action$="/keys"] button').last().click();
        await page.locator('[aria-invalid=true]').first().waitFor();
      },
    },
    { name: 'name', path: of(ids.proven, '/name') },
    { name: 'rotate-ask', path: of(ids.proven, '/rotate') },
    { name: 'rotate', path: of(ids.rotating, '/rotate') },
    { name: 'rotate-old-accepted', path: of(ids.bothAccepted, '/rotate') },
    { name: 'delete', path: of(ids.proven, '/delete') },
    {
      name: 'delete-error',
      path: of(ids.proven, '/delete'),
      act: async (page) => {
        await page.locator('#name').fill('something else');
        await press(page);
        await page.locator('[aria-invalid=true]').waitFor();
      },
    },
    { name: 'not-found', path: '/connections/nothing' },
    { name: 'not-found-anywhere', path: '/nothing-here', as: 'anonymous' },
    { name: 'problem', path: '/problems/external_id_not_required', as: 'anonymous' },
    { name: 'operator-sign-in', path: '/operator/sign-in', as: 'anonymous' },
    { name: 'operator-link', path: '/operator/sign-in/link?token=x', as: 'anonymous' },
    { name: 'operator', path: '/operator', as: 'operator' },
    { name: 'operator-failed', path: '/operator?status=failed', as: 'operator' },
    { name: 'operator-organizations', path: '/operator/organizations', as: 'operator' },
    { name: 'operator-none', path: '/operator/organizations?q=nothing+like+this', as: 'operator' },
    { name: 'operator-not-found', path: '/operator/organizations/org_none', as: 'operator' },
    {
      name: 'operator-organization',
      path: `/operator/organizations/${vendor.organization.id}`,
      as: 'operator',
    },
    { name: 'operator-oldest', path: '/operator?status=connected&sort=checked', as: 'operator' },
    { name: 'operator-found', path: '/operator?q=o', as: 'operator' },
    { name: 'operator-audit', path: '/operator/audit', as: 'operator' },
    {
      name: 'operator-audit-connection',
      path: `/operator/organizations/${vendor.organization.id}/audit?connection=${ids.failed}`,
      as: 'operator',
    },
    { name: 'operator-webhooks-none', path: '/operator/webhooks?status=failed', as: 'operator' },
    { name: 'operator-webhooks-all', path: '/operator/webhooks', as: 'operator' },
    {
      name: 'operator-webhooks',
      path: `/operator/organizations/${vendor.organization.id}/webhooks`,
      as: 'operator',
    },
  ];
}
