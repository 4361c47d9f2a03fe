import fc from 'fast-check';
import { systemClock } from '../../service/server/wiring.js';
import { until } from '../passing-clock.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;

beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

const make = (more = {}, by = vendor.apiKey) =>
  vendor.call('POST', '/v1/api-keys', { name: 'runner', ...more }, by);
const listed = async () => (await vendor.call('GET', '/v1/api-keys')).body.apiKeys;

describe('API keys', () => {
  it('are shown once and authenticate for the organization', async () => {
    const made = await make();
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'runner', apiKey: expect.stringMatching(/^rbk_/) },
    });
    expect((await callApi(vendor.service.url, made.body.apiKey, 'GET', '/v1/connections')).status).toBe(200);
    const { apiKey, ...shown } = made.body;
    expect((await listed()).at(-1)).toMatchObject(shown);
    expect(JSON.stringify(await listed())).not.toContain(apiKey.split('_')[2]);
  });

  it('stop working when revoked, and stay listed with the time', async () => {
    const { body } = await make();
    expect((await vendor.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
    const refused = await callApi(vendor.service.url, body.apiKey, 'GET', '/v1/connections');
    const unknown = await callApi(
      vendor.service.url,
      body.apiKey.replace(/.$/, 'x'),
      'GET',
      '/v1/connections',
    );
    expect(refused.status).toBe(401);
    expect(refused.body).toEqual(unknown.body);
    expect((await listed()).at(-1)).toMatchObject({ id: body.id, revokedAt: expect.any(String) });
    expect((await vendor.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
  });

  it("can't revoke themselves, which prevents a lockout", async () => {
    const { body } = await make({ permissions: ['keys:write'] });
    const answer = await callApi(vendor.service.url, body.apiKey, 'DELETE', `/v1/api-keys/${body.id}`);
    expect([answer.status, answer.body.code]).toEqual([409, 'api_key_in_use']);
  });

  it('of another organization are not found', async () => {
    const other = await vendor.service.createOrganization('other');
    const { body } = await callApi(vendor.service.url, other.apiKey, 'POST', '/v1/api-keys', {
      name: 'theirs',
    });
    for (const id of [body.id, 'key_aaaaaaaaaaaaaaaa', '__proto__', 'x']) {
      const answer = await vendor.call('DELETE', `/v1/api-keys/${id}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'api_key_not_found']);
    }
    expect((await listed()).map((key: { name: string }) => key.name)).toEqual(['first key']);
  });

  it.each([{}, { name: '' }, { name: ' x' }, { name: 'x', id: 'key_x' }, { name: 'x\n' }])(
    'are not created from %j',
    async (body) => {
      const answer = await vendor.call('POST', '/v1/api-keys', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    },
  );
});

describe('an API key with permissions', () => {
  const codeOf = async (apiKey: string, method: string, path: string, body?: unknown) => {
    const answer = await vendor.call(method, path, body, apiKey);
    return answer.body?.code ?? answer.status;
  };

  it('reads connections and issues credentials by default', async () => {
    const { apiKey, permissions } = (await make()).body;
    expect(permissions).toEqual(['connections:read', 'credentials:issue']);
    expect(await codeOf(apiKey, 'GET', '/v1/connections')).toBe(200);
    expect(await codeOf(apiKey, 'POST', '/v1/credentials', { project: 'x' })).toBe(
      'no_connection_for_target',
    );
    expect(await codeOf(apiKey, 'POST', '/v1/connections', { name: 'x' })).toBe('permission_denied');
    expect(await codeOf(apiKey, 'POST', '/v1/api-keys', { name: 'x' })).toBe('permission_denied');
    expect(await codeOf(apiKey, 'GET', '/v1/audit')).toBe('permission_denied');
  });

  it('creates keys only within its permissions, scope, ceilings and expiry', async () => {
    const within = {
      permissions: ['connections:read', 'keys:write'],
      scope: { project: 'shop', environment: 'production' },
      ceilings: { durationSeconds: 1800, sessionPolicy: '{}' },
      expiresAt: '2090-01-01T00:00:00Z',
    };
    const { apiKey } = (await make(within)).body;
    const child = (more: object) => make({ permissions: ['keys:write'], ...more }, apiKey);
    const born = await child({});
    expect(born).toMatchObject({
      status: 201,
      body: { ...within, permissions: ['keys:write'], parentId: expect.stringMatching(/^key_/) },
    });
    const narrower = { scope: { ...within.scope, architecture: 'web' }, ceilings: { durationSeconds: 900 } };
    expect((await child(narrower)).body).toMatchObject({
      scope: narrower.scope,
      ceilings: { durationSeconds: 900, sessionPolicy: '{}' },
    });
    for (const wider of [
      { permissions: ['connections:write'] },
      { scope: { project: 'shop' } },
      { scope: { project: 'blog' } },
      { ceilings: { durationSeconds: 3600 } },
      { ceilings: { sessionPolicy: '{"Statement":[]}' } },
      { expiresAt: '2090-01-01T00:00:01Z' },
    ])
      expect([wider, (await child(wider)).body.code]).toEqual([wider, 'permission_denied']);
    // "{}" is no scope: the limit stays.
    expect((await child({ scope: {} })).body.scope).toEqual(within.scope);
    expect((await child({ expiresAt: '2020-01-01T00:00:00Z' })).body.code).toBe('request_invalid');
  });

  it('creates nothing wider than itself, whatever is asked for', async () => {
    const permissions = ['connections:read', 'credentials:issue', 'keys:write'];
    const ceilings = { durationSeconds: 1800, sessionPolicy: '{"Statement":[]}' };
    const scope = { project: 'shop', environment: 'production' };
    const own = { permissions, scope, ceilings, expiresAt: '2090-01-01T00:00:00Z' };
    const { apiKey } = (await make(own)).body;
    const count = async () =>
      (await vendor.call('GET', '/v1/api-keys?limit=100', undefined, apiKey)).body.apiKeys.length;
    const segment = fc.constantFrom('shop', 'production', 'web', 'Shop', 'shop ', '', '*', '__proto__', null);
    const asked = fc.record(
      {
        permissions: fc.array(
          fc.constantFrom(
            ...permissions,
            'connections:write',
            'connections:release',
            'organizations:write',
            '*',
          ),
          { maxLength: 4 },
        ),
        scope: fc.record(
          { project: segment, environment: segment, architecture: segment },
          { requiredKeys: [] },
        ),
        ceilings: fc.record(
          {
            durationSeconds: fc.constantFrom(0, 899, 900, 900.5, 1800, 1801, 43_200, 43_201, -1, '900', null),
            sessionPolicy: fc.constantFrom('{"Statement":[]}', '{"Statement": []}', '{}', 'x', '', null),
          },
          { requiredKeys: [] },
        ),
        expiresAt: fc.constantFrom(
          '2089-01-01T00:00:00Z',
          '2090-01-01T00:00:00.001Z',
          '2089-12-31T23:59:59-01:00',
          '2020-01-01T00:00:00Z',
          '+010000-01-01T00:00:00Z',
          'tomorrow',
          0,
          null,
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(asked, async (body) => {
        const before = await count();
        const { status, body: made } = await make(body, apiKey);
        if (status !== 201) {
          expect([body, [400, 403].includes(status), (await count()) - before]).toEqual([body, true, 0]);
          return;
        }
        const isWithin =
          made.permissions.every((permission: string) => permissions.includes(permission)) &&
          made.scope.project === 'shop' &&
          made.scope.environment === 'production' &&
          made.ceilings.durationSeconds <= 1800 &&
          made.ceilings.durationSeconds >= 900 &&
          made.ceilings.sessionPolicy === ceilings.sessionPolicy &&
          Date.parse(made.expiresAt) <= Date.parse(own.expiresAt) &&
          Date.parse(made.expiresAt) > Date.now();
        expect([body, made, isWithin]).toEqual([body, made, true]);
      }),
      { numRuns: 80 },
    );
  });

  it('is revoked with its parent, together with its children', async () => {
    const all = { permissions: ['connections:read', 'keys:write'] };
    const parent = (await make(all)).body;
    const child = (await make(all, parent.apiKey)).body;
    const grandchild = (await make(all, child.apiKey)).body;
    const stranger = (await make(all)).body;
    // It sees and revokes its children, and no siblings or parents.
    const seen = await vendor.call('GET', '/v1/api-keys', undefined, child.apiKey);
    expect(seen.body.apiKeys.map(({ id }: { id: string }) => id)).toEqual([child.id, grandchild.id]);
    for (const { id } of [parent, stranger])
      expect(await codeOf(child.apiKey, 'DELETE', `/v1/api-keys/${id}`)).toBe('api_key_not_found');
    expect(await codeOf(vendor.apiKey, 'DELETE', `/v1/api-keys/${parent.id}`)).toBe(204);
    for (const { apiKey } of [parent, child, grandchild])
      expect(await codeOf(apiKey, 'GET', '/v1/connections')).toBe('unauthorized');
    expect(await codeOf(stranger.apiKey, 'GET', '/v1/connections')).toBe(200);
  });

  it('records creator, authority and last use', async () => {
    const made = (await make({ permissions: ['audit:read'], scope: { project: 'shop' } })).body;
    const { records } = (await vendor.call('GET', '/v1/audit')).body;
    expect(records[0]).toMatchObject({
      action: 'api_key.create',
      outcome: 'succeeded',
      details: { keyId: made.id, permissions: 'audit:read', scope: 'project shop' },
    });
    await vendor.call('GET', '/v1/connections', undefined, made.apiKey);
    // Stored beside the answer.
    await until(async () => (await listed()).at(-1).lastUsedAt !== undefined, 'the mark of the use');
    expect((await listed()).at(-1).lastUsedAt).toMatch(/^\d{4}-/);
  });

  it('stops working at its expiry', async () => {
    await vendor.close();
    let now = Date.parse('2026-11-24T00:00:00Z');
    vendor = await startVendor({ clock: { now: () => now, sleep: systemClock.sleep } });
    const { apiKey } = (await make({ expiresAt: '2026-11-24T01:00:00Z' })).body;
    expect(await codeOf(apiKey, 'GET', '/v1/connections')).toBe(200);
    now += 3_600_000;
    expect(await codeOf(apiKey, 'GET', '/v1/connections')).toBe('unauthorized');
  });
});
