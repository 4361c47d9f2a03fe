import { type AccessKeyVendor, keyOf, startAccessKeyVendor } from '../access-key-vendor.js';
import { minute, passingClock } from '../passing-clock.js';

const clock = passingClock();
let vendor: AccessKeyVendor;
beforeAll(async () => {
  vendor = await startAccessKeyVendor({ clock });
});
afterAll(() => vendor.close());

const ask = (body: object) => vendor.call('POST', '/v1/credentials', body);

it('returns the access key of the connection', async () => {
  const { accountId, admin } = vendor.customer();
  const { body: connection } = await vendor.create(admin, { scope: { project: 'keyed' } });
  const { status, body, headers } = await ask({ project: 'keyed', environment: 'production' });
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    accessKeyId: admin.accessKeyId,
    secretAccessKey: admin.secretAccessKey,
    accountId,
    connection: { id: connection.id, name: connection.name },
    matchedScope: { project: 'keyed' },
  });
});

it('returns the expiry of a session token, and rejects it afterwards', async () => {
  const { accountId } = vendor.customer();
  const key = vendor.session(accountId);
  const inAMinute = new Date(clock.now() + minute).toISOString();
  await vendor.create(keyOf(key), { scope: { project: 'session' }, sessionExpiresAt: inAMinute });
  const held = await ask({ project: 'session' });
  expect(held.body).toMatchObject({ sessionToken: key.sessionToken, expiration: inAMinute });
  clock.pass(minute);
  const ended = await ask({ project: 'session' });
  expect([ended.status, ended.body.code]).toEqual([422, 'access_key_expired']);
});

it.each([
  ['a session policy', { sessionPolicy: '{}' }],
  ['tags', { tags: { team: 'a' } }],
])("rejects %s, which an access key can't honor", async (name, extra) => {
  await vendor.create(vendor.customer().admin, { scope: { project: name.replaceAll(' ', '-') } });
  const answer = await ask({ project: name.replaceAll(' ', '-'), ...extra });
  expect([answer.status, answer.body.code]).toEqual([422, 'method_mismatch']);
});

it('issues nothing after the connection was deleted', async () => {
  const { body } = await vendor.create(vendor.customer().admin, { scope: { project: 'gone' } });
  await vendor.call('DELETE', `/v1/connections/${body.id}`);
  const answer = await ask({ project: 'gone' });
  expect([answer.status, answer.body.code]).toEqual([404, 'no_connection_for_target']);
});
