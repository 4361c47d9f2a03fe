/** Declared targets: projects with environments and architectures, and the effects of a change. */
import { RolebridgeError } from '../../service/domain/errors.js';
import { createRecordStore } from '../../service/records/record-store.js';
import { createMapBackend } from '../contract/map-backend.js';
import { type OperatedVendor, startOperator } from '../operator.js';
import { callApi } from '../vendor.js';

let vendor: OperatedVendor;

beforeEach(async () => {
  vendor = await startOperator();
});
afterEach(() => vendor.close());

const environment = (id: string, ...architectures: string[]) => ({
  id,
  name: `${id} – 環境`,
  architectures: architectures.map((each) => ({ id: each, name: each.toUpperCase() })),
});
const declare = (environments: object[], query = '', id = 'shop') =>
  vendor.call('PUT', `/v1/projects/${id}${query}`, { name: 'Größe', environments });
const connect = async (name: string, scope: object) =>
  (await vendor.call('POST', '/v1/connections', { name, scope })).body;
const scopesOf = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body.scopes;

it('declares targets with names in any language, and lists them', async () => {
  const { status, body } = await declare([environment('production', 'web'), environment('test')]);
  expect([status, body.project]).toMatchObject([200, { id: 'shop', name: 'Größe' }]);
  await declare([], '', 'blog');
  const { projects } = (await vendor.call('GET', '/v1/projects')).body;
  expect(projects.map((project: { id: string }) => project.id)).toEqual(['blog', 'shop']);
  expect(projects[1]).toEqual(body.project);
});

it('an architecture that moves keeps its scope; a dry run reports it without changes', async () => {
  await declare([environment('production', 'web', 'api'), environment('test')]);
  const web = await connect('web', { project: 'shop', environment: 'production', architecture: 'web' });
  const production = await connect('production', { project: 'shop', environment: 'production' });
  const test = await connect('test', { project: 'shop', environment: 'test' });
  const moved = [environment('production'), environment('test', 'web', 'api')];
  const place = (environment: string, architecture: string) => ({
    project: 'shop',
    environment,
    architecture,
  });
  const moves = [
    {
      from: place('production', 'web'),
      to: place('test', 'web'),
      takesScope: true,
      before: { id: web.id, name: 'web' },
      after: { id: web.id, name: 'web' },
    },
    {
      from: place('production', 'api'),
      to: place('test', 'api'),
      takesScope: false,
      before: { id: production.id, name: 'production' },
      after: { id: test.id, name: 'test' },
    },
  ];
  expect((await declare(moved, '?dryRun=true')).body).toMatchObject({ moves, orphans: [] });
  expect(await scopesOf(web.id)).toEqual([place('production', 'web')]);
  expect((await declare(moved)).body).toMatchObject({ moves, orphans: [] });
  expect(await scopesOf(web.id)).toEqual([place('test', 'web')]);
  expect((await declare(moved)).body.moves).toEqual([]);
});

it.each(['open', 'declared'])(
  'a move interrupted by a crash is completed by the same declaration (targets: %s)',
  async (targets) => {
    await vendor.close();
    const store = createRecordStore(createMapBackend());
    vendor = await startOperator({ store });
    await declare([environment('production', 'web', 'api'), environment('test')]);
    await vendor.operate('PATCH', `/v1/organizations/${vendor.organization.id}`, { targets });
    const at = (environment: string, architecture: string) => ({
      project: 'shop',
      environment,
      architecture,
    });
    const web = await connect('web', at('production', 'web'));
    const api = await connect('api', at('production', 'api'));
    const moved = [environment('production'), environment('test', 'web', 'api')];
    // The process ends at its second change: a scope, or the project.
    for (const lastWrite of ['commit', 'saveProject'] as const) {
      let left = lastWrite === 'commit' ? 1 : 0;
      const dying = new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (name === 'close') return async () => {};
          if (typeof value !== 'function' || name !== lastWrite) return value;
          return async (...given: unknown[]) => {
            if (left-- > 0) return Reflect.apply(value, target, given);
            throw new RolebridgeError('store_unavailable', 'The process ends.');
          };
        },
      });
      const other = await vendor.startAnother({ store: dying });
      const body = { name: 'Größe', environments: moved };
      const cut = await callApi(other.url, vendor.apiKey, 'PUT', '/v1/projects/shop', body);
      expect(cut.body.code).toBe('store_unavailable');
      await other.close();
    }
    expect((await declare(moved)).status).toBe(200);
    expect([await scopesOf(web.id), await scopesOf(api.id)]).toEqual([
      [at('test', 'web')],
      [at('test', 'api')],
    ]);
    expect((await declare(moved)).body.moves).toEqual([]);
  },
);

it('a rename changes no scope; removed or deleted targets list the scopes that match nothing', async () => {
  await declare([environment('production', 'web')]);
  const web = await connect('web', { project: 'shop', environment: 'production', architecture: 'web' });
  const orphan = {
    connectionId: web.id,
    name: 'web',
    scope: { project: 'shop', environment: 'production', architecture: 'web' },
  };
  expect((await declare([{ ...environment('production', 'web'), name: 'Prod' }])).body.orphans).toEqual([]);
  expect((await declare([environment('production')], '?dryRun=true')).body.orphans).toEqual([orphan]);
  const remove = (query = '') => vendor.call('DELETE', `/v1/projects/shop${query}`);
  expect((await remove('?dryRun=true')).body).toEqual({ orphans: [orphan], moves: [] });
  expect((await remove()).body.orphans).toEqual([orphan]);
  expect((await remove()).body.code).toBe('project_not_found');
  expect(await scopesOf(web.id)).toEqual([orphan.scope]);
});

it('with declared targets, a typo never resolves to the widest connection', async () => {
  await connect('default', {});
  const typo = await connect('typo', { project: 'shpo' });
  await declare([environment('production', 'web')]);
  const on = await vendor.operate('PATCH', `/v1/organizations/${vendor.organization.id}`, {
    targets: 'declared',
  });
  expect(on.body).toMatchObject({
    targets: 'declared',
    undeclaredScopes: [{ connectionId: typo.id, name: 'typo', scope: { project: 'shpo' } }],
  });
  const resolve = (query: string) => vendor.call('GET', `/v1/resolve?${query}`);
  expect((await resolve('project=shop&environment=production')).status).toBe(200);
  expect((await resolve('')).status).toBe(200);
  const refused = await resolve('project=shop&environment=prodution');
  expect(refused).toMatchObject({
    status: 422,
    body: { code: 'target_unknown', nearest: { project: 'shop', environment: 'production' } },
  });
  expect((await vendor.call('POST', '/v1/credentials', { project: 'shpo' })).body.code).toBe(
    'target_unknown',
  );
  expect(
    (await vendor.call('POST', '/v1/connections', { name: 'x', scope: { project: 'none' } })).body.code,
  ).toBe('target_unknown');
  const set = await vendor.call('PUT', `/v1/connections/${typo.id}/scopes`, {
    scopes: [{ project: 'shoop' }],
  });
  expect(set.body).toMatchObject({ code: 'target_unknown', nearest: { project: 'shop' } });
  await vendor.operate('PATCH', `/v1/organizations/${vendor.organization.id}`, { targets: 'open' });
  expect((await resolve('project=shop&environment=prodution')).status).toBe(200);
});

it('resolves up to 100 targets in one call, each like a single one', async () => {
  await connect('default', {});
  await connect('shop', { project: 'shop' });
  await connect('web', { project: 'shop', environment: 'production', architecture: 'web' });
  const targets = Array.from({ length: 100 }, (_, number) => ({
    project: number % 2 ? 'shop' : `p${number}`,
    ...(number % 3 ? { environment: 'production', architecture: number % 5 ? 'web' : 'api' } : {}),
  }));
  const { body } = await vendor.call('POST', '/v1/resolve', { targets });
  for (const [index, target] of targets.entries()) {
    const alone = await vendor.call(
      'GET',
      `/v1/resolve?${new URLSearchParams(target as Record<string, string>)}`,
    );
    const { connection, matchedScope, shadows } = alone.body;
    const wider = shadows.map(
      ({ scope, connection: { id } }: { scope: object; connection: { id: string } }) => ({
        scope,
        connectionId: id,
      }),
    );
    const resolution = { connectionId: connection.id, matchedScope, shadows: wider };
    expect(body.results[index]).toEqual({ target, resolution });
    expect(body.connections).toContainEqual(connection);
  }
  expect(body.connections).toHaveLength(3);
  expect((await vendor.call('POST', '/v1/resolve', { targets: [...targets, {}] })).status).toBe(400);
});

it('describes a connection once when targets match several of its scopes', async () => {
  await vendor.close();
  // As on PostgreSQL, each read gives another object.
  vendor = await startOperator({ store: createRecordStore(createMapBackend()) });
  const { id } = await connect('both', { project: 'shop' });
  const scopes = [{ project: 'shop' }, { project: 'blog' }];
  await vendor.call('PUT', `/v1/connections/${id}/scopes`, { scopes });
  const { body } = await vendor.call('POST', '/v1/resolve', { targets: scopes });
  expect(body.results.map((each: { resolution: object }) => each.resolution)).toMatchObject(
    scopes.map((matchedScope) => ({ connectionId: id, matchedScope })),
  );
  expect(body.connections.map((each: { id: string }) => each.id)).toEqual([id]);
});

it.each([
  ['shop', { name: '', environments: [] }],
  ['shop', { name: 'x', environments: [{ id: 'a b', name: 'x' }] }],
  ['shop', { name: 'x', environments: [{ id: 'a', name: 'x\u202e' }] }],
  [
    'shop',
    {
      name: 'x',
      environments: [
        {
          id: 'a',
          name: 'x',
          architectures: [
            { id: 'w', name: '1' },
            { id: 'w', name: '2' },
          ],
        },
      ],
    },
  ],
  ['shop', { name: 'x', environments: [{ id: '__proto__', name: 'x' }] }],
  ['.hidden', { name: 'x' }],
  ['a%2Fb', { name: 'x' }],
  ['x'.repeat(65), { name: 'x' }],
])('rejects project %.20s with %j', async (id, body) => {
  expect(await vendor.call('PUT', `/v1/projects/${id}`, body)).toMatchObject({
    status: 400,
    body: { code: 'request_invalid' },
  });
});
