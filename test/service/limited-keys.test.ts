/** A key that is limited to a scope: objects outside look unknown. */
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor();
});
afterAll(() => vendor.close());

const everything = [
  'connections:read',
  'connections:write',
  'connections:release',
  'credentials:issue',
  'keys:write',
  'links:write',
  'audit:read',
];

async function connected(name: string, scopes: readonly object[]) {
  const made = (await vendor.call('POST', '/v1/connections', { name, scope: scopes[0] })).body;
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: made.trustPolicy });
  await vendor.call('PUT', `/v1/connections/${made.id}/role`, { roleArn: arn });
  if (scopes.length > 1) await vendor.call('PUT', `/v1/connections/${made.id}/scopes`, { scopes });
  return made.id as string;
}

describe('an API key that is limited to a scope', () => {
  const shop = { project: 'shop' };
  const web = { project: 'shop', environment: 'production', architecture: 'web' };
  let within: string;
  let outside: string;
  let both: string;
  let byDefault: string;
  let key: string;
  const call = (method: string, path: string, body?: unknown) => vendor.call(method, path, body, key);

  beforeAll(async () => {
    within = await connected('within', [{ project: 'shop', environment: 'production' }]);
    outside = await connected('outside', [{ project: 'blog' }]);
    both = await connected('both', [
      { project: 'shop', environment: 'staging' },
      { project: 'blog', environment: 'dev' },
    ]);
    byDefault = await connected('default', [{}]);
    key = (await vendor.call('POST', '/v1/api-keys', { name: 'k', permissions: everything, scope: shop }))
      .body.apiKey;
  });

  test('lists connections that are entirely within it', async () => {
    const { body } = await call('GET', '/v1/connections');
    expect(body.connections.map(({ id }: { id: string }) => id)).toEqual([within]);
    const page = await call('GET', `/v1/connections?after=${outside}`);
    expect(page.body).toEqual((await call('GET', '/v1/connections?after=con_aaaaaaaaaaaaaaaaaaaaaaaa')).body);
  });

  test.each([
    ['GET', '', undefined],
    ['PATCH', '', { name: 'mine' }],
    ['DELETE', '', undefined],
    ['PUT', '/role', { roleArn: 'arn:aws:iam::210987654321:role/vendor' }],
    ['POST', '/verify', undefined],
    ['PUT', '/scopes', { scopes: [shop] }],
    ['POST', '/release-account', { expectedAccountId: '210987654321' }],
    ['GET', '/role-templates', undefined],
    ['POST', '/rotate-external-id', {}],
    ['POST', '/rotate-callback-secret', {}],
  ])(
    '%s /v1/connections/{id}%s answers alike for hidden and unknown connections',
    async (method, path, body?: object) => {
      const none = await call(method, `/v1/connections/con_aaaaaaaaaaaaaaaaaaaaaaaa${path}`, body);
      expect([none.status, none.body.code]).toEqual([404, 'connection_not_found']);
      for (const id of [outside, both, byDefault])
        expect((await call(method, `/v1/connections/${id}${path}`, body)).body).toEqual(none.body);
    },
  );

  test('resolves and issues for targets within it, even from a wider connection, and hides shadowed ones', async () => {
    const resolved = await call('GET', '/v1/resolve?project=shop&environment=production');
    expect(resolved.body).toMatchObject({ connection: { id: within }, shadows: [] });
    expect((await call('POST', '/v1/credentials', web)).status).toBe(200);
    expect(
      (await call('POST', '/v1/credentials', { project: 'shop', environment: 'new' })).body,
    ).toMatchObject({
      connection: { id: byDefault },
    });
    for (const target of [{}, { project: 'blog' }, { project: 'none' }])
      expect((await call('POST', '/v1/credentials', target)).body.code).toBe('permission_denied');
    expect((await call('GET', '/v1/resolve?project=blog')).body.code).toBe('permission_denied');
  });

  test('creates and moves connections only within it', async () => {
    for (const body of [{ name: 'x' }, { name: 'x', scope: {} }, { name: 'x', scope: { project: 'new' } }])
      expect((await call('POST', '/v1/connections', body)).body.code).toBe('permission_denied');
    expect(
      (
        await call('POST', '/v1/connections', {
          name: 'x',
          scope: { ...shop, environment: 'x' },
          scopeFrom: 'callback',
        })
      ).body.code,
    ).toBe('permission_denied');
    const made = await call('POST', '/v1/connections', { name: 'x', scope: { ...shop, environment: 'x' } });
    expect(made.status).toBe(201);
    const path = `/v1/connections/${made.body.id}/scopes`;
    expect((await call('PUT', path, { scopes: [{ project: 'blog' }], replace: true })).body.code).toBe(
      'permission_denied',
    );
    // "both" also has a scope outside, so it isn't listed.
    const taken = { scopes: [{ ...shop, environment: 'staging' }], replace: true };
    expect((await call('PUT', path, taken)).body.code).toBe('scope_taken');
    const own = { scopes: [{ ...shop, environment: 'production' }], replace: true };
    expect((await call('PUT', path, own)).status).toBe(200);
    expect((await vendor.call('GET', `/v1/connections/${within}`)).body.scopes).toEqual([]);
    await vendor.call('PUT', `/v1/connections/${within}/scopes`, { ...own });
  });

  test("can't do anything for the whole organization", async () => {
    for (const [method, path, body] of [
      ['GET', '/v1/enrollments'],
      ['POST', '/v1/enrollments', { name: 'all' }],
      ['GET', '/v1/audit'],
    ] as const)
      expect([path, (await call(method, path, body)).body.code]).toEqual([path, 'permission_denied']);
    expect((await call('GET', `/v1/audit?connection=${within}`)).status).toBe(200);
    expect((await call('GET', `/v1/audit?connection=${outside}`)).body.code).toBe('connection_not_found');
  });
});

describe('ceilings', () => {
  test('limit the duration and apply their session policy to every session', async () => {
    await connected('ceilings', [{ project: 'bounded' }]);
    const sessionPolicy =
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';
    const make = async (ceilings: object) =>
      (await vendor.call('POST', '/v1/api-keys', { name: 'k', ceilings })).body.apiKey as string;
    const key = await make({ durationSeconds: 900, sessionPolicy });
    const issue = (more: object, by = key) =>
      vendor.call('POST', '/v1/credentials', { project: 'bounded', ...more }, by);
    const asked = () => {
      const last = vendor.sandbox.requests.filter(({ action }) => action === 'AssumeRole').at(-1);
      return [last?.durationSeconds, last?.sessionPolicy];
    };
    expect((await issue({})).status).toBe(200);
    expect(asked()).toEqual([900, sessionPolicy]);
    expect((await issue({ durationSeconds: 901 })).body.code).toBe('permission_denied');
    expect((await issue({ sessionPolicy: '{"Version":"2012-10-17"}' })).body.code).toBe('permission_denied');
    expect((await issue({ sessionPolicy })).status).toBe(200);
    const longer = await make({ durationSeconds: 7200 });
    expect((await issue({}, longer)).status).toBe(200);
    expect(asked()).toEqual([3600, undefined]);
    const { records } = (await vendor.call('GET', '/v1/audit?limit=20')).body;
    expect(records).toContainEqual(
      expect.objectContaining({ action: 'credentials.issue', outcome: 'refused', code: 'permission_denied' }),
    );
  });
});
