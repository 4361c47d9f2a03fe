/** Labels of connections: reference, metadata, region, and filters. */
import { callbackMessage, provisioned } from '../callback-message.js';
import { type OperatedVendor, startOperator } from '../operator.js';

let vendor: OperatedVendor;

beforeAll(async () => {
  vendor = await startOperator();
});
afterAll(() => vendor.close());

const create = (body: object) => vendor.call('POST', '/v1/connections', body);
const names = (answer: { body: { connections: { name: string }[] } }) =>
  answer.body.connections.map(({ name }) => name);

it('keeps a reference, metadata and a region, and passes the region on with credentials', async () => {
  const labels = { reference: 'account-1', metadata: { tier: 'gold' }, defaultRegion: 'eu-central-1' };
  const { body } = await create({ name: 'labelled', scope: { project: 'labelled' }, ...labels });
  expect(body).toMatchObject(labels);
  const { accountId } = vendor.sandbox.createAccount();
  const role = vendor.sandbox.createRole(accountId, { roleName: 'vendor', trustPolicy: body.trustPolicy });
  const message = callbackMessage(body.callbackSecret, provisioned(body.id, role.arn));
  await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
  expect((await vendor.call('GET', `/v1/connections/${body.id}`)).body).toMatchObject({
    status: 'connected',
    ...labels,
  });
  const issued = await vendor.call('POST', '/v1/credentials', { project: 'labelled' });
  expect(issued.body).toMatchObject({ region: 'eu-central-1' });
  const change = (more: object) => vendor.call('PATCH', `/v1/connections/${body.id}`, more);
  expect((await change({ defaultRegion: null, metadata: {} })).body).toMatchObject({ metadata: {} });
  expect((await vendor.call('POST', '/v1/credentials', { project: 'labelled' })).body.region).toBeUndefined();
});

it('lists by each filter, alone and together, page by page', async () => {
  for (const [name, scope] of [
    ['one', { project: 'shop', environment: 'test' }],
    ['two', { project: 'shop', environment: 'test', architecture: 'web' }],
    ['three', { project: 'shop2' }],
  ] as const)
    await create({ name, scope, reference: `of-${name}`, expectedAccountId: '111122223333' });
  const list = (query: string) => vendor.call('GET', `/v1/connections?${query}`);
  expect(names(await list('scope=shop'))).toEqual(['one', 'two']);
  expect(names(await list('scope=shop/test/web'))).toEqual(['two']);
  expect(names(await list('reference=of-two'))).toEqual(['two']);
  expect(names(await list('accountId=111122223333&status=pending'))).toEqual(['one', 'two', 'three']);
  expect(names(await list('accountId=111122223333&status=connected'))).toEqual([]);
  expect(names(await list('code=role_not_assumable'))).toEqual([]);
  const first = await list('scope=shop&limit=1');
  expect(names(first)).toEqual(['one']);
  const second = await list(`scope=shop&limit=1&after=${first.body.next}`);
  expect([names(second), second.body.next]).toEqual([['two'], undefined]);
});

it('lists across organizations for the operator, each with its organization', async () => {
  const other = await vendor.service.createOrganization('other', { reference: 'tenant-2' });
  await vendor.call('POST', '/v1/connections', { name: 'theirs', reference: 'shared' }, other.apiKey);
  await create({ name: 'ours', reference: 'shared' });
  const { body } = await vendor.operate('GET', '/v1/operator/connections?reference=shared');
  expect(body.connections).toMatchObject([
    { organization: { id: other.organization.id, reference: 'tenant-2' }, connection: { name: 'theirs' } },
    { organization: { id: vendor.organization.id }, connection: { name: 'ours' } },
  ]);
  expect((await vendor.call('GET', '/v1/operator/connections')).status).toBe(401);
});

it.each([
  { reference: 'con_x' },
  { reference: 'ü' },
  { metadata: { 'a b': '' } },
  { metadata: [] },
  { defaultRegion: 'europe' },
  { defaultRegion: 'eu-central-1; rm -rf /' },
  { defaultRegion: '' },
])('refuses %j', async (label) => {
  expect(await create({ name: 'x', ...label })).toMatchObject({ status: 400 });
});

it.each([
  'scope=shop/',
  'scope=a/b/c/d',
  'scope=',
  'code=none',
  'assurance=sure',
  'accountId=1',
  'reference=con_x',
  'account=1',
])('refuses to list by %s', async (query) => {
  expect(await vendor.call('GET', `/v1/connections?${query}`)).toMatchObject({ status: 400 });
  expect(await vendor.operate('GET', `/v1/operator/connections?${query}`)).toMatchObject({ status: 400 });
});

it('is called "New connection" until it gets a name', async () => {
  expect((await create({})).body.name).toBe('New connection');
});
