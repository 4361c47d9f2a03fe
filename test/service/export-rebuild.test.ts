/**
 * An export is complete: an organization that was erased is created anew from its lines, through the public API alone.
 *
 * Not restored from an export, and why:
 * - secrets (API keys, callback secrets, webhook secrets, links' URLs, access keys): no answer has them a second time, so
 *   the customer gives the access key again;
 * - ids, external IDs and times: the service makes them. A connection with a role is pending, bound to the same account,
 *   until the role's trust policy requires the new external ID;
 * - the audit log: it records this service's actions, and can't be written;
 * - revoked or expired keys, links and enrollments: they no longer work; the accounts that registered with an enrollment
 *   are connections.
 */
import { keyOf } from '../access-key-vendor.js';
import { type OperatedVendor, startOperator } from '../operator.js';
import { type ApiAnswer, callApi } from '../vendor.js';

type Value = ApiAnswer['body'];
interface Line {
  readonly kind: string;
  readonly value: Value;
}

let vendor: OperatedVendor;
let customer: ReturnType<OperatedVendor['sandbox']['createAccount']>;

beforeEach(async () => {
  vendor = await startOperator();
  customer = vendor.sandbox.createAccount();
});
afterEach(() => vendor.close());

test('an erased organization can be rebuilt from its export', async () => {
  const before = await vendor.exported(await furnished());
  expect((await vendor.operate('DELETE', '/v1/organizations/tenant-9')).status).toBe(204);
  const after = await vendor.exported(await rebuilt(before));

  expect(comparable(after)).toEqual(comparable(before));
  expect(count(before)).toEqual({
    organization: 1,
    api_key: 4,
    sign_in_link: 2,
    enrollment: 1,
    webhook_endpoint: 2,
    project: 2,
    connection: 3,
    audit_record: expect.any(Number),
    end: 1,
  });
});

async function furnished(): Promise<string> {
  const { id, apiKey } = await operated('POST', '/v1/organizations', {
    name: 'Größe & Söhne',
    reference: 'tenant-9',
    metadata: { plan: 'team' },
  });
  const call = callsOf(apiKey);
  const environments = [
    { id: 'production', name: '本番', architectures: [{ id: 'web', name: 'Web' }] },
    { id: 'staging', name: 'Staging' },
  ];
  await call('PUT', '/v1/projects/shop', { name: 'Webshop', environments });
  await call('PUT', '/v1/projects/blog', { name: 'Blog', environments: [] });
  await operated('PATCH', `/v1/organizations/${id}`, { targets: 'declared' });

  const shop = await call('POST', '/v1/connections', {
    name: 'shop',
    reference: 'aws-1',
    metadata: { team: 'checkout' },
    defaultRegion: 'eu-central-1',
    scope: { project: 'shop' },
  });
  const scopes = [{ project: 'shop', environment: 'production' }, { project: 'blog' }];
  await call('PUT', `/v1/connections/${shop.id}/scopes`, { scopes });
  const role = { roleName: 'vendor', trustPolicy: shop.trustPolicy };
  const { arn: roleArn } = vendor.sandbox.createRole(customer.accountId, role);
  await call('PUT', `/v1/connections/${shop.id}/role`, { roleArn });
  await call('POST', '/v1/connections', {
    name: 'later',
    expectedAccountId: customer.accountId,
    scopeFrom: 'callback',
  });
  await call('POST', '/v1/connections', {
    name: 'archive',
    method: 'access_key',
    scope: {},
    ...keyOf(customer.admin),
  });

  await call('POST', '/v1/api-keys', {
    name: 'deploy',
    permissions: ['credentials:issue'],
    scope: { project: 'shop', environment: 'production' },
    ceilings: { durationSeconds: 900 },
    expiresAt: '2999-01-01T00:00:00.000Z',
  });
  const permissions = ['connections:read', 'keys:write'];
  const manager = await call('POST', '/v1/api-keys', { name: 'manager', permissions });
  await callsOf(manager.apiKey)('POST', '/v1/api-keys', {
    name: 'reader',
    permissions: ['connections:read'],
  });

  await call('POST', '/v1/sign-in-links', { expiresInSeconds: 86_400 });
  const user = { id: 'u-117', name: 'Ada Lovelace', email: 'ada@example.com' };
  await call('POST', '/v1/sign-in-links', { connectionId: shop.id, access: 'read', user });
  await call('POST', '/v1/enrollments', {
    name: 'acme',
    accountIds: [customer.accountId],
    scopeRule: { otherwise: { project: 'shop', environment: '{label}' } },
    rolePattern: 'deploy-*',
    expiresInSeconds: 86_400,
  });
  await call('POST', '/v1/webhook-endpoints', { url: 'https://hooks.tenant.example/', enabled: false });
  await call('POST', '/v1/webhook-endpoints', {
    url: 'https://hooks.tenant.example/alarms',
    description: 'Pager',
    events: ['connection.failed'],
  });
  return id;
}

/** As a program would that has nothing but the lines, the operator's token and the customer's access key. */
async function rebuilt(lines: readonly Line[]): Promise<string> {
  const of = (kind: string): Value[] => valuesOf(lines, kind);
  const [{ name, reference, metadata, targets }] = of('organization');
  const made = await operated('POST', '/v1/organizations', { name, reference, metadata });
  const call = callsOf(made.apiKey);
  for (const { id, name, environments } of of('project'))
    await call('PUT', `/v1/projects/${id}`, { name, environments });
  await operated('PATCH', `/v1/organizations/${made.id}`, { targets });

  const connectionIds = new Map<string, string>();
  for (const each of of('connection')) {
    const { name, reference, metadata, defaultRegion, method, partition, expectedAccountId } = each;
    const { scopeFrom, vendorScopes } = each;
    const labels = {
      name,
      reference,
      metadata,
      defaultRegion,
      method,
      partition,
      expectedAccountId,
      scopeFrom,
    };
    const key = method === 'access_key' ? keyOf(customer.admin) : {};
    const { id } = await call('POST', '/v1/connections', { ...labels, ...key });
    // Where the vendor has said nothing, a callback still may.
    if (vendorScopes) await call('PUT', `/v1/connections/${id}/scopes`, { scopes: vendorScopes });
    connectionIds.set(each.id, id);
  }

  const makeKeys = async (parent: Value, secret: string): Promise<void> => {
    for (const key of of('api_key').filter(({ parentId }) => parentId === parent.id)) {
      const { name, permissions, scope, ceilings, expiresAt } = key;
      const asked = { name, permissions, scope, ceilings, expiresAt };
      await makeKeys(key, (await callsOf(secret)('POST', '/v1/api-keys', asked)).apiKey);
    }
  };
  const first = of('api_key').find(({ parentId }) => parentId === undefined);
  await makeKeys(first, made.apiKey);

  for (const { access, user, returnUrl, connectionId, expiresAt } of of('sign_in_link'))
    await call('POST', '/v1/sign-in-links', {
      access,
      user,
      returnUrl,
      connectionId: connectionIds.get(connectionId),
      expiresInSeconds: secondsUntil(expiresAt),
    });
  for (const each of of('enrollment')) {
    const { name, partition, scopeRule, accountIds, maxAccounts, rolePattern, permissionSet, without } = each;
    const asked = {
      name,
      partition,
      scopeRule,
      accountIds,
      maxAccounts,
      rolePattern,
      permissionSet,
      without,
    };
    await call('POST', '/v1/enrollments', { ...asked, expiresInSeconds: secondsUntil(each.expiresAt) });
  }
  for (const { url, description, events, enabled } of of('webhook_endpoint'))
    await call('POST', '/v1/webhook-endpoints', { url, description, events, enabled });
  return made.id;
}

const secondsUntil = (time: string): number =>
  Math.max(60, Math.floor((Date.parse(time) - Date.now()) / 1000));

/** Everything except the list at the top, in an order independent of ids. */
function comparable(lines: readonly Line[]): unknown {
  const nameOf = (kind: string, wanted: string): string | undefined =>
    valuesOf(lines, kind).find(({ id }) => id === wanted)?.name;
  const views: Record<string, (value: Value) => Value> = {
    organization: ({ id: _, createdAt: _created, ...rest }) => rest,
    project: ({ updatedAt: _, ...rest }) => rest,
    connection: ({ name, reference, metadata, defaultRegion, method, ...rest }) => {
      const { partition, expectedAccountId, scopes, vendorScopes, scopeFrom, accessKeyLastFour } = rest;
      const bound = { partition, expectedAccountId, scopes, vendorScopes, scopeFrom, accessKeyLastFour };
      return { name, reference, metadata, defaultRegion, method, ...bound };
    },
    api_key: ({ id: _, createdAt: _created, lastUsedAt: _used, parentId, ...rest }) => ({
      ...rest,
      parent: nameOf('api_key', parentId),
    }),
    sign_in_link: ({ access, user, returnUrl, connectionId }) => ({
      access,
      user,
      returnUrl,
      connection: nameOf('connection', connectionId),
    }),
    enrollment: ({ name, partition, scopeRule, accountIds, maxAccounts, rolePattern }) => ({
      name,
      partition,
      scopeRule,
      accountIds,
      maxAccounts,
      rolePattern,
    }),
    webhook_endpoint: ({
      id: _,
      organizationId: _owner,
      createdAt: _created,
      updatedAt: _updated,
      ...rest
    }) => rest,
  };
  const entries = Object.entries(views).map(([kind, view]) => {
    const shown = valuesOf(lines, kind).map((value) => JSON.stringify(view(value)));
    return [kind, shown.sort().map((text) => JSON.parse(text))];
  });
  return Object.fromEntries(entries);
}

const valuesOf = (lines: readonly Line[], kind: string): Value[] =>
  lines.filter((line) => line.kind === kind).map(({ value }) => value);

function count(lines: readonly Line[]): Record<string, number> {
  const kinds = new Set(lines.map(({ kind }) => kind));
  return Object.fromEntries(
    [...kinds].map((kind) => [kind, lines.filter((line) => line.kind === kind).length]),
  );
}

/** As the organization with this key. A refusal fails the test. */
const callsOf = (key: string) => async (method: string, path: string, body?: unknown) =>
  accepted(await callApi(vendor.service.url, key, method, path, body));

const operated = async (method: string, path: string, body: unknown) =>
  accepted(await vendor.operate(method, path, body));

function accepted({ status, body }: ApiAnswer): Value {
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}
