/** A branded vendor whose customers are in every state that a page can show. */
import { createHash } from 'node:crypto';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { openPermissionSets } from '../../service/index.js';
import { defaultBrand } from '../../service/web/brand.js';
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { until } from '../passing-clock.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';
import { startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

export const operatorToken = 'an-operator-token-of-some-length-1';

const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="7" fill="#2456e6"/><path d="M8.500 20V8.500l11 11V8" fill="none" stroke="#fff" stroke-width="2.800" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

const allow = (...actions: string[]) => policy({ Effect: 'Allow', Action: actions, Resource: '*' });
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });

export async function startVendorWithConnections() {
  const permissionSets = await openPermissionSets('examples/permission-sets', {
    read: async () => ({}),
    add: async (hashes) => hashes,
  });
  const vendor = await startVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    permissionSets,
    webhooks: { allowsPrivate: true },
    // As long as a picture of a check that waits for AWS takes.
    propagationWindowMs: 6_000,
    brand: {
      ...defaultBrand,
      name: 'Northwind Cloud',
      logo: { type: 'image/svg+xml', bytes: Buffer.from(mark) },
      homeUrl: 'https://app.northwind.example/settings',
      embedOrigins: ['https://app.northwind.example'],
      links: { help: 'https://northwind.example/help', privacy: 'https://northwind.example/privacy' },
    },
  });
  const ids = await fill(vendor);
  const newcomer = await vendor.service.createOrganization('Initech');
  const large = await vendor.service.createOrganization('Umbrella Retail');
  for (let number = 1; number <= 120; number++)
    await callApi(vendor.service.url, large.apiKey, 'POST', '/v1/connections', { name: `store ${number}` });
  const receiver = await startWebhookReceiver();
  for (const key of [operatorToken, vendor.apiKey]) await deliver(vendor, key, receiver);
  const close = async () => {
    await vendor.close();
    await receiver.close();
  };
  return { vendor: { ...vendor, close }, ids, newcomerKey: newcomer.apiKey, largeKey: large.apiKey };
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

export type Ids = Awaited<ReturnType<typeof fill>>;

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
  const rotated = await connect(await make('payments'));
  const last = await call('POST', `/v1/connections/${rotated.id}/rotate-external-id`, {});
  sandbox.updateTrustPolicy(
    rotated.roleArn,
    trusting({ StringEquals: { 'sts:ExternalId': last.body.pendingExternalId } }),
  );
  await call('POST', `/v1/connections/${rotated.id}/verify`);
  const denied = await make('partner portal');
  await connect(denied, { trust: trusting({ StringEquals: { 'sts:ExternalId': 'rb-of-another-role' } }) });
  const gone = await connect(await make('old shop'));
  await report(gone, deprovisioned(gone.id, gone.roleArn));
  const pending = await make('webshop staging', { scope: { project: 'webshop', environment: 'staging' } });
  const spare = await make('warehouse');
  await call('POST', `/v1/connections/${spare.id}/setup-code`);
  await call('POST', '/v1/api-keys', { name: 'nightly deploy', permissions: ['credentials:issue'] });
  const withKey = async (name: string) => {
    const { admin } = sandbox.createAccount();
    const { accessKeyId, secretAccessKey } = admin;
    const given = { name, method: 'access_key', accessKeyId, secretAccessKey };
    return (await call('POST', '/v1/connections', { ...given, scope: { project: name } })).body;
  };
  const accessKey = await withKey('reports');
  const migrating = await withKey('invoices');
  await call('POST', `/v1/connections/${migrating.id}/migrate-to-role`);
  // AWS knows its role in an hour.
  const [slow, unanswered] = [await make('data lake'), await make('data mart')];
  sandbox.propagationDelayMs = 3_600_000;
  const [slowArn, unansweredArn] = [roleFor(slow), roleFor(unanswered)];
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
    accessKey: String(accessKey.id),
    migrating: String(migrating.id),
    rotated: rotated.id,
    rotatedTo: String(last.body.pendingExternalId),
    denied: denied.id,
    slow: slow.id,
    slowArn,
    unanswered: unanswered.id,
    unansweredArn,
    otherArn: proven.roleArn,
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
