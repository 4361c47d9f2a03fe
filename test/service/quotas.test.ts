import { type QuotaName, quotaNames } from '../../service/domain/quotas.js';
import { type OperatedVendor, startOperator } from '../operator.js';
import { openWebClient } from '../web-client.js';

let vendor: OperatedVendor;
const quotas = {
  connections: 4,
  deletedConnections: 1,
  projects: 3,
  apiKeys: 4,
  signInLinks: 3,
  setupCodes: 2,
  webSessions: 2,
  enrollments: 2,
  webhookEndpoints: 2,
  idempotencyKeys: 2,
};
beforeEach(async () => {
  vendor = await startOperator({ quotas });
});
afterEach(() => vendor.close());

type Add = (index: number) => Promise<number>;
/** How a caller adds one of each kind, and the status of the answer. */
const adders: Record<QuotaName, () => Promise<Add>> = {
  connections: async () => post('/v1/connections', { name: 'c' }),
  async deletedConnections() {
    return async () => {
      const made = await vendor.call('POST', '/v1/connections', { name: 'c' });
      if (made.status === 201) await vendor.call('DELETE', `/v1/connections/${made.body.id}`);
      return made.status;
    };
  },
  projects: async () => async (index) =>
    (await vendor.call('PUT', `/v1/projects/p${index}`, { name: 'p', environments: [] })).status,
  apiKeys: async () => post('/v1/api-keys', { name: 'k' }),
  signInLinks: async () => post('/v1/sign-in-links', {}),
  async setupCodes() {
    const ids: string[] = [];
    for (let count = 0; count < quotas.connections; count++)
      ids.push((await vendor.call('POST', '/v1/connections', { name: 'c' })).body.id);
    return async (index) =>
      (await vendor.call('POST', `/v1/connections/${ids[index % ids.length]}/setup-code`)).status;
  },
  webSessions: async () => async () =>
    (await openWebClient(vendor.service.url).signIn(vendor.apiKey)).status === 200 ? 201 : 409,
  enrollments: async () => post('/v1/enrollments', { name: 'e' }),
  webhookEndpoints: async () => post('/v1/webhook-endpoints', { url: 'https://hooks.vendor.example/' }),
  async idempotencyKeys() {
    return async (index) => {
      const { status } = await fetch(`${vendor.service.url}/v1/sign-in-links`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${vendor.apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': `key-${index}`,
        },
        body: '{}',
      });
      return status;
    };
  },
};

async function post(path: string, body: object): Promise<Add> {
  return async () => (await vendor.call('POST', path, body)).status;
}

const used = async (name: QuotaName) =>
  (await vendor.operate('GET', `/v1/organizations/${vendor.organization.id}`)).body.quotas[name];

describe.each(quotaNames)('%s', (name) => {
  test('an organization reaches exactly its quota, even under concurrency', async () => {
    const limit = quotas[name];
    const add = await adders[name]();
    const before = (await used(name)).used;
    const room = limit - before;
    const isParallel = name !== 'deletedConnections';
    const statuses = isParallel
      ? await Promise.all(Array.from({ length: limit + 2 }, (_, index) => add(index)))
      : [await add(0), await add(1), await add(2)];
    expect(statuses.filter((status) => status === 409)).toHaveLength(statuses.length - room);
    expect(await used(name)).toEqual({ used: limit, limit });
    const other = await vendor.service.createOrganization('other');
    const answer = await vendor.operate('GET', `/v1/organizations/${other.organization.id}`);
    expect(answer.body.quotas[name].used).toBe(name === 'apiKeys' ? 1 : 0);
    expect((await vendor.call('POST', '/v1/connections', { name: 'c' }, other.apiKey)).status).toBe(201);
  });
});

test('the error names the quota, and a released object frees it', async () => {
  const made: string[] = [];
  for (let count = 0; count < quotas.connections; count++)
    made.push((await vendor.call('POST', '/v1/connections', { name: 'c' })).body.id);
  const refused = await vendor.call('POST', '/v1/connections', { name: 'c' });
  expect([refused.status, refused.body]).toEqual([
    409,
    expect.objectContaining({
      code: 'quota_exceeded',
      quota: 'connections',
      detail: 'An organization has at most 4 connections.',
    }),
  ]);
  expect((await vendor.call('DELETE', `/v1/connections/${made[0]}`)).status).toBe(204);
  // Its row stays, and there is a quota for those.
  expect((await vendor.call('POST', '/v1/connections', { name: 'c' })).body.quota).toBe('deletedConnections');
});

test('revoked keys are deleted when their rows reach the limit', async () => {
  for (let count = 0; count < 12; count++) {
    const { status, body } = await vendor.call('POST', '/v1/api-keys', {
      name: `k${count}`,
      permissions: ['keys:write', 'connections:read'],
    });
    expect(status).toBe(201);
    const child = await vendor.call(
      'POST',
      '/v1/api-keys',
      { name: 'child', permissions: ['connections:read'] },
      body.apiKey,
    );
    expect(child.status).toBe(201);
    expect((await vendor.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
    expect((await vendor.call('GET', '/v1/connections', undefined, child.body.apiKey)).status).toBe(401);
    expect((await used('apiKeys')).used).toBeLessThanOrEqual(quotas.apiKeys);
  }
});

test('an existing project can be declared again at the quota', async () => {
  const declare = (id: string) => vendor.call('PUT', `/v1/projects/${id}`, { name: id, environments: [] });
  for (const id of ['a', 'b', 'c']) expect((await declare(id)).status).toBe(200);
  expect((await declare('d')).body.code).toBe('quota_exceeded');
  expect((await declare('a')).status).toBe(200);
});

test('keys are listed in pages', async () => {
  for (const name of ['one', 'two']) await vendor.call('POST', '/v1/api-keys', { name });
  const all = (await vendor.call('GET', '/v1/api-keys')).body.apiKeys;
  const first = (await vendor.call('GET', '/v1/api-keys?limit=2')).body;
  const second = (await vendor.call('GET', `/v1/api-keys?limit=100&after=${first.next}`)).body;
  expect([...first.apiKeys, ...second.apiKeys].map(({ id }) => id)).toEqual(
    all.map(({ id }: { id: string }) => id),
  );
  expect(second.next).toBeUndefined();
});

test('links are listed in pages, newest first', async () => {
  const made = [];
  for (let count = 0; count < 3; count++)
    made.push((await vendor.call('POST', '/v1/sign-in-links', {})).body.id);
  const first = (await vendor.call('GET', '/v1/sign-in-links?limit=2')).body;
  const second = (await vendor.call('GET', `/v1/sign-in-links?before=${encodeURIComponent(first.next)}`))
    .body;
  const listed = [...first.signInLinks, ...second.signInLinks].map(({ id }) => id);
  expect([listed.sort(), second.next]).toEqual([made.sort(), undefined]);
});
