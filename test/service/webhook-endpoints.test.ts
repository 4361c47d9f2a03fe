/** Webhook endpoints that are created by calls, over real HTTP. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebhookEndpoint } from '../../service/domain/webhook-endpoint.js';
import { hour, until } from '../passing-clock.js';
import { callApi } from '../vendor.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';
import { startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

const operatorToken = 'the-operator-token-of-the-tests-1';
let vendor: WatchedVendor;
const receivers: WebhookReceiver[] = [];
beforeEach(async () => {
  vendor = await startWatchedVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    webhooks: { allowsPrivate: true },
  });
});
afterEach(async () => {
  await vendor.close();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

/** An endpoint created through the API, and its messages. */
async function endpoint(members: object = {}, key = vendor.apiKey) {
  const receiver = await startWebhookReceiver();
  receivers.push(receiver);
  const body = { url: receiver.url, ...members };
  const made = await vendor.call('POST', '/v1/webhook-endpoints', body, key);
  expect([made.status, made.body.code]).toEqual([201, undefined]);
  receiver.secret = made.body.secret;
  const path = `/v1/webhook-endpoints/${made.body.id}`;
  const list = async (query = '') =>
    (await vendor.call('GET', `${path}/deliveries${query}`, undefined, key)).body.deliveries;
  return { receiver, path, list, made: made.body };
}

const project = () => ({ project: `p-${randomBytes(4).toString('hex')}` });

test('endpoints that never answer take a part of the deliveries, and hold up no other organization', async () => {
  const slow = [await endpoint(), await endpoint()];
  for (const { receiver } of slow) receiver.answer = () => {};
  const other = await vendor.service.createOrganization('other');
  const quick = await endpoint({}, other.apiKey);
  await Promise.all(Array.from({ length: 40 }, () => vendor.connected(project())));
  await until(() => slow.every(({ receiver }) => receiver.received.length === 16));
  const made = await vendor.connected(project(), other.apiKey);
  // Well before the first of the others is cut off after 15 seconds.
  await until(() => quick.receiver.types(made.id).length === 1, 'the other organization’s message', 5_000);
  expect(slow.map(({ receiver }) => receiver.received.length)).toEqual([16, 16]);
});

test('a change of an endpoint that is deleted at the same time fails, in the audit log too', async () => {
  const { store } = vendor;
  const racing = new Proxy(store, {
    get(target, name) {
      if (name === 'close') return async () => {};
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        if (name === 'changeWebhookEndpoint') await store.deleteWebhookEndpoint(given[0] as WebhookEndpoint);
        return Reflect.apply(value, target, given);
      };
    },
  });
  const another = await vendor.startAnother({ store: racing, jobs: false });
  const outcomes = async () =>
    (await vendor.call('GET', '/v1/audit?limit=20')).body.records.filter(
      ({ action, phase }: { action: string; phase: string }) =>
        phase === 'outcome' && /webhook_endpoint\.(change|rotate_secret)/.test(action),
    );
  for (const [method, end, body] of [
    ['PATCH', '', { description: 'late' }],
    ['POST', '/rotate-secret', {}],
  ] as const) {
    const { path } = await endpoint();
    const answer = await callApi(another.url, vendor.apiKey, method, `${path}${end}`, body);
    expect([answer.status, answer.body.code]).toEqual([404, 'webhook_endpoint_not_found']);
    expect((await outcomes())[0]).toMatchObject({ outcome: 'refused', code: 'webhook_endpoint_not_found' });
  }
  await another.close();
});

test("an organization's endpoint gets its events, the operator's those of all, each with its own secret", async () => {
  const own = await endpoint();
  const all = await endpoint({}, operatorToken);
  expect(own.made).toMatchObject({
    id: expect.stringMatching(/^whe_[a-z2-7]{24}$/),
    organizationId: vendor.organization.id,
    enabled: true,
    source: 'call',
    secret: expect.stringMatching(/^whsec_/),
  });
  expect(all.made).not.toHaveProperty('organizationId');
  expect(own.made.secret).not.toBe(all.made.secret);
  const other = await vendor.service.createOrganization('other');
  const mine = await vendor.connected(project());
  const theirs = await vendor.connected(project(), other.apiKey);
  await until(() => all.receiver.received.length === 2 && own.receiver.received.length === 1);
  expect(own.receiver.types(mine.id)).toEqual(['connection.connected']);
  expect(all.receiver.types(theirs.id)).toEqual(['connection.connected']);
  expect([own.receiver.refused, all.receiver.refused]).toEqual([[], []]);
  // Each sees its own endpoints.
  const ids = async (key: string) =>
    (await vendor.call('GET', '/v1/webhook-endpoints', undefined, key)).body.webhookEndpoints.map(
      ({ id }: { id: string }) => id,
    );
  expect(await ids(vendor.apiKey)).toEqual([own.made.id]);
  expect(await ids(operatorToken)).toEqual([all.made.id]);
  expect(await ids(other.apiKey)).toEqual([]);
  expect((await vendor.call('GET', own.path, undefined, other.apiKey)).body.code).toBe(
    'webhook_endpoint_not_found',
  );
  // Deliveries of one for all name the organization.
  const deliveries = await all.list();
  expect(deliveries.map(({ organizationId }: { organizationId: string }) => organizationId)).toEqual([
    other.organization.id,
    vendor.organization.id,
  ]);
});

test('gets only its selected types', async () => {
  const some = await endpoint({ events: ['connection.disconnected'] });
  const made = await vendor.connected(project());
  await vendor.call('DELETE', made.path);
  await until(() => some.receiver.received.length === 1);
  expect(some.receiver.types(made.id)).toEqual(['connection.disconnected']);
  expect((await vendor.call('PATCH', some.path, { events: null })).body).not.toHaveProperty('events');
  const again = await vendor.connected(project());
  await until(() => some.receiver.types(again.id).length === 1);
});

test('its secret is shown once, stored encrypted, and both sign during a rotation', async () => {
  const { receiver, path, made, list } = await endpoint();
  expect((await vendor.call('GET', path)).body).not.toHaveProperty('secret');
  const rotated = await vendor.call('POST', `${path}/rotate-secret`, { previousValidSeconds: 3_600 });
  expect(rotated.body).toMatchObject({ previousSecretValidUntil: expect.any(String) });
  // The receiver still has the one before.
  await vendor.call('POST', `${path}/test`);
  await until(async () => (await list('?status=delivered')).length === 1);
  receiver.secret = rotated.body.secret;
  vendor.clock.pass(hour + 1_000);
  await vendor.call('POST', `${path}/test`);
  await until(() => receiver.received.length === 2);
  expect(receiver.received[1]?.headers['webhook-signature']).not.toContain(' ');
  const files = readdirSync(vendor.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  for (const text of [...vendor.logs, ...files])
    for (const secret of [made.secret, rotated.body.secret]) expect(text).not.toContain(secret);
});

test('deliveries show status, attempts and last answer, and can be replayed one by one or by time', async () => {
  const { receiver, path, list } = await endpoint();
  receiver.answer = (response) => response.writeHead(410).end();
  const made = await vendor.connected(project());
  await until(async () => (await list('?status=failed')).length === 1);
  const [failed] = await list();
  expect(failed).toMatchObject({
    id: expect.stringMatching(/^msg_/),
    type: 'connection.connected',
    connectionId: made.id,
    status: 'failed',
    attempts: 1,
    lastAttempt: { status: 410, at: expect.any(String) },
    finishedAt: expect.any(String),
  });
  receiver.answer = (response) => response.writeHead(204).end();
  // The endpoint is left alone for an hour, unless a test message finds that it works.
  const replayed = await vendor.call('POST', `${path}/deliveries/${failed.id}/replay`);
  expect([replayed.status, replayed.body.status]).toEqual([202, 'pending']);
  await vendor.call('POST', `${path}/test`);
  await until(async () => (await list('?status=delivered')).length === 2);
  expect(receiver.received.filter(({ id }) => id === failed.id)).toHaveLength(2);
  expect(receiver.received.map(({ body }) => body.type)).toContain('webhook.test');
  // The range, delivered ones too.
  const since = new Date(vendor.clock.now() - hour).toISOString();
  expect((await vendor.call('POST', `${path}/replay`, { since })).body).toEqual({ replayed: 0 });
  expect((await vendor.call('POST', `${path}/replay`, { since, status: 'delivered' })).body).toEqual({
    replayed: 2,
  });
  await until(() => receiver.received.filter(({ id }) => id === failed.id).length === 3);
  expect((await vendor.call('POST', `${path}/replay`, { since: '2999-01-01T00:00:00Z' })).body).toEqual({
    replayed: 0,
  });
});

test('waiting messages go to a new URL immediately, and a disabled endpoint gets none', async () => {
  const { receiver, path, list } = await endpoint();
  receiver.answer = (response) => response.writeHead(500).end();
  const made = await vendor.connected(project());
  await until(async () => (await list())[0]?.attempts === 1);
  const elsewhere = await startWebhookReceiver();
  receivers.push(elsewhere);
  elsewhere.secret = receiver.secret;
  await vendor.call('PATCH', path, { url: elsewhere.url });
  await until(() => elsewhere.types(made.id).length === 1);
  expect((await vendor.call('PATCH', path, { enabled: false })).body.enabled).toBe(false);
  await vendor.call('DELETE', made.path);
  expect(await list('?status=pending')).toEqual([]);
  expect((await vendor.call('DELETE', path)).status).toBe(204);
  expect((await vendor.call('GET', path)).body.code).toBe('webhook_endpoint_not_found');
});

test('deliveries are listed once in pages, newest first', async () => {
  const { receiver, path, list } = await endpoint();
  for (let count = 0; count < 5; count++) {
    vendor.clock.pass(1_000);
    await vendor.call('POST', `${path}/test`);
  }
  await until(() => receiver.received.length === 5);
  const first = (await vendor.call('GET', `${path}/deliveries?limit=3`)).body;
  const second = (await vendor.call('GET', `${path}/deliveries?limit=3&after=${first.next}`)).body;
  expect(second.next).toBeUndefined();
  const times = [...first.deliveries, ...second.deliveries].map(({ createdAt }) => createdAt);
  expect(times).toEqual([...times].sort().reverse());
  expect(times).toHaveLength(5);
  // A week later they are not shown any more.
  vendor.clock.pass(8 * 24 * hour);
  expect(await list()).toEqual([]);
});

describe('an endpoint is rejected', () => {
  test.each([
    ['http to a public address by name', { url: 'ftp://hooks.vendor.example/' }, 'body.url'],
    ['with a password', { url: 'https://u:p@hooks.vendor.example/' }, 'body.url'],
    ['with a fragment', { url: 'https://hooks.vendor.example/#x' }, 'body.url'],
    ['of a type that is none', { url: 'https://a.example/', events: ['everything'] }, 'body.events.0'],
    [
      'with service events for one organization',
      { url: 'https://a.example/', events: ['service.degraded'] },
      'body.events',
    ],
  ])('%s', async (_what, body, at) => {
    const { status, body: problem } = await vendor.call('POST', '/v1/webhook-endpoints', body);
    expect([status, problem.code]).toEqual([400, 'request_invalid']);
    expect(problem.detail).toContain(at);
  });

  test('without TLS, unless private addresses are allowed', async () => {
    await vendor.close();
    vendor = await startWatchedVendor({ webhooks: {} });
    const plain = await vendor.call('POST', '/v1/webhook-endpoints', { url: 'http://127.0.0.1:9/' });
    expect([plain.status, plain.body.code]).toEqual([400, 'request_invalid']);
    // By https it is stored, and judged by its address when it is sent to.
    const made = await vendor.call('POST', '/v1/webhook-endpoints', { url: 'https://127.0.0.1:9/' });
    const path = `/v1/webhook-endpoints/${made.body.id}`;
    await vendor.call('POST', `${path}/test`);
    await until(async () => {
      const [delivery] = (await vendor.call('GET', `${path}/deliveries`)).body.deliveries;
      return delivery.lastAttempt?.reason.includes('private address');
    });
  });
});

test("endpoints from settings are listed for the operator, can be tested, and can't be changed", async () => {
  await vendor.close();
  vendor = await startWatchedVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
  });
  const { body } = await vendor.call('GET', '/v1/webhook-endpoints', undefined, operatorToken);
  expect(body.webhookEndpoints).toMatchObject([{ url: vendor.receiver.url, source: 'settings' }]);
  const path = `/v1/webhook-endpoints/${body.webhookEndpoints[0].id}`;
  expect((await vendor.call('POST', `${path}/test`, undefined, operatorToken)).status).toBe(202);
  await until(() => vendor.receiver.received.length === 1);
  for (const [method, where] of [
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/rotate-secret'],
  ] as const) {
    const change = method === 'PATCH' ? { enabled: false } : {};
    const refused = await vendor.call(method, path + where, change, operatorToken);
    expect([method, refused.body.code]).toEqual([method, 'webhook_endpoint_of_settings']);
  }
});

test('every call is audited', async () => {
  const { path } = await endpoint();
  await vendor.call('POST', `${path}/test`);
  await vendor.call('PATCH', path, { description: 'Pager' });
  await vendor.call('POST', `${path}/rotate-secret`, {});
  await vendor.call('DELETE', path);
  const { records } = (await vendor.call('GET', '/v1/audit?limit=100')).body;
  const actions = records
    .filter(({ phase }: { phase: string }) => phase === 'outcome')
    .map(({ action }: { action: string }) => action);
  expect(actions).toEqual(
    expect.arrayContaining([
      'webhook_endpoint.create',
      'webhook_endpoint.test',
      'webhook_endpoint.change',
      'webhook_endpoint.rotate_secret',
      'webhook_endpoint.delete',
    ]),
  );
});
