/** Webhook delivery over real HTTP. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { readContract } from '../api-contract.js';
import { hour, minute, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';
import { newWebhookSecret, startWebhookReceiver, type WebhookReceiver } from '../webhook-receiver.js';

let vendor: WatchedVendor;
const receivers: WebhookReceiver[] = [];
afterEach(async () => {
  await vendor.close();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function startReceiver(): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver();
  receivers.push(receiver);
  return receiver;
}

const start = async (options: Parameters<typeof startWatchedVendor>[0] = {}) => {
  vendor = await startWatchedVendor(options);
};

test('each message of a connection’s life matches /openapi.json', async () => {
  await start();
  const made = await vendor.connected({ project: 'shop' });
  const { Condition: _, ...open } = made.connection.trustPolicy.Statement[0];
  made.setTrust({ ...made.connection.trustPolicy, Statement: [open] });
  await vendor.call('POST', `${made.path}/verify`);
  made.setTrust(made.connection.trustPolicy);
  await vendor.call('POST', `${made.path}/verify`);
  await vendor.call('DELETE', made.path);
  await until(() => vendor.receiver.types(made.id).length === 4);
  const response = await fetch(`${vendor.service.url}/openapi.json`);
  const document = (await response.json()) as { webhooks: object };
  expect(Object.keys(document.webhooks)).toEqual(expect.arrayContaining(vendor.receiver.types(made.id)));
  const { faultOfMessage } = readContract(document);
  expect(vendor.receiver.of(made.id).flatMap(({ body }) => faultOfMessage(body) ?? [])).toEqual([]);
  expect(faultOfMessage({ type: 'connection.connected', data: {} } as never)).toBeDefined();
});

test('each status change is one signed message without secret or external ID', async () => {
  await start();
  const made = await vendor.connected({ project: 'shop' });
  await until(() => vendor.receiver.received.length === 1);
  const [message] = vendor.receiver.received;
  expect(message?.body).toEqual({
    type: 'connection.connected',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: {
      connectionId: made.id,
      organizationId: vendor.organization.id,
      name: 'customer',
      method: 'assume_role',
      status: 'connected',
      previousStatus: 'pending',
      accountId: made.accountId,
      roleArn: made.arn,
      assurance: 'tested',
      version: 2,
    },
  });
  expect(message?.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': expect.stringMatching(/^msg_[a-z2-7]{24}$/),
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
  });
  for (const secret of [made.connection.callbackSecret, made.connection.externalId, vendor.apiKey])
    expect(message?.raw).not.toContain(secret);
  // A new name and the same finding are nothing to hear of.
  await vendor.call('PATCH', made.path, { name: 'renamed' });
  await vendor.call('POST', `${made.path}/verify`);
  await vendor.call('PUT', `${made.path}/scopes`, { scopes: [{}] });
  await vendor.call('DELETE', made.path);
  await until(() => vendor.receiver.received.length > 2);
  expect(vendor.receiver.types(made.id).sort()).toEqual([
    'connection.connected',
    'connection.disconnected',
    'connection.scopes_changed',
  ]);
  const ended = vendor.receiver.of(made.id).find(({ body }) => body.type === 'connection.disconnected');
  expect(ended?.body.data).toMatchObject({ name: 'renamed', reason: 'deleted' });
  expect(vendor.receiver.refused).toEqual([]);
});

test('both secrets sign during a rotation, so an endpoint can know either', async () => {
  const secrets = [newWebhookSecret(), newWebhookSecret()];
  const [first = '', second = ''] = secrets;
  const endpoint = await startReceiver();
  endpoint.secret = second;
  await start({ webhooks: { endpoints: [endpoint.url], secrets, allowsPrivate: true } });
  const made = await vendor.connected();
  await until(() => endpoint.received.length === 1);
  const [message] = endpoint.received;
  for (const secret of [first, second])
    expect(
      new Webhook(secret).verify(message?.raw ?? '', message?.headers as Record<string, string>),
    ).toMatchObject({
      data: { connectionId: made.id },
    });
  expect(() =>
    new Webhook(newWebhookSecret()).verify(message?.raw ?? '', message?.headers as Record<string, string>),
  ).toThrow();
});

test("two endpoints get the same message with the same id, and a failing one doesn't delay the other", async () => {
  const [one, other] = [await startReceiver(), await startReceiver()];
  other.secret = one.secret;
  await start({
    webhooks: {
      endpoints: [one.url, 'http://127.0.0.1:9/closed', other.url],
      secrets: [one.secret],
      allowsPrivate: true,
    },
  });
  for (const project of ['a', 'b', 'c', 'd']) await vendor.connected({ project });
  await until(() => one.received.length === 4 && other.received.length === 4);
  const ids = (receiver: typeof one) => receiver.received.map(({ id }) => id).sort();
  expect(ids(one)).toEqual(ids(other));
  expect(new Set(ids(one)).size).toBe(4);
  expect(vendor.logged('webhook not delivered')[0]).toMatchObject({
    endpoint: '127.0.0.1:9',
    reason: 'ECONNREFUSED',
  });
});

describe('an endpoint that fails', () => {
  test('gets retries for a day, each with the same id and body and a new timestamp', async () => {
    await start();
    const { receiver } = vendor;
    receiver.answer = (response) => response.writeHead(500).end('no');
    const made = await vendor.connected();
    const began = vendor.clock.now();
    await until(() => receiver.received.length === 1);
    const gaps: number[] = [];
    for (const [index, waitMs] of [
      5_000,
      5 * minute,
      30 * minute,
      2 * hour,
      5 * hour,
      10 * hour,
      10 * hour,
    ].entries()) {
      const before = vendor.clock.now();
      await until(() => vendor.logged('will be retried').length === index + 1);
      const nextAt = Date.parse(vendor.logged('will be retried').at(-1)?.nextAt);
      gaps.push((nextAt - before) / waitMs);
      vendor.clock.pass(waitMs * 1.2 + 1_000);
      await until(() => receiver.received.length === index + 2);
    }
    for (const gap of gaps) expect(gap).toBeCloseTo(1.1, 0);
    await until(() => vendor.logged('webhook dropped').length === 1);
    expect(vendor.logged('webhook dropped')).toMatchObject([
      { level: 'error', attempts: 8, connectionId: made.id },
    ]);
    expect(vendor.clock.now() - began).toBeGreaterThan(27 * hour);
    expect(new Set(receiver.received.map(({ id, raw }) => id + raw)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(8);
    await until(async () => (await vendor.store.nextMessageAt()) === undefined);
    expect((await vendor.call('GET', made.path)).body.status).toBe('connected');
  });

  test('with 410 gets no retry', async () => {
    await start();
    vendor.receiver.answer = (response) => response.writeHead(410).end();
    await vendor.connected();
    await until(() => vendor.logged('answers 410 (gone)').length === 1);
    await until(async () => (await vendor.store.nextMessageAt()) === undefined);
  });

  test('with 410 is paused for an hour: messages wait, and the next one is a probe', async () => {
    await start({ metricsListener: { host: '127.0.0.1', port: 0 } });
    vendor.receiver.answer = (response) => response.writeHead(410).end();
    const first = await vendor.connected({ project: 'first' });
    await until(() => vendor.logged('paused for an hour').length === 1);
    expect(vendor.logged('paused for an hour')).toMatchObject([{ level: 'error', connectionId: first.id }]);
    const second = await vendor.connected({ project: 'second' });
    await until(async () => {
      const next = await vendor.store.nextMessageAt();
      return next !== undefined && Date.parse(next) - vendor.clock.now() > 59 * minute;
    });
    expect(vendor.receiver.of(second.id)).toEqual([]);
    const metrics = await (await fetch(vendor.service.metricsUrl ?? '')).text();
    expect(metrics).toContain('rolebridge_webhook_deliveries_total{outcome="gone"} 1');
    vendor.receiver.answer = (response) => response.writeHead(204).end();
    vendor.clock.pass(hour + 2_000);
    await until(() => vendor.receiver.types(second.id).length === 1);
  });

  test('says 410 before a restart and is left alone after it', async () => {
    await start();
    const { receiver, openStore, sandbox } = vendor;
    receivers.push(receiver);
    const webhooks = { endpoints: [receiver.url], secrets: [receiver.secret], allowsPrivate: true };
    receiver.answer = (response) => response.writeHead(410).end();
    await vendor.connected();
    await until(() => vendor.logged('answers 410 (gone)').length === 1);
    await until(async () => (await vendor.store.nextMessageAt()) === undefined);
    const { apiKey } = vendor;
    await vendor.service.close();
    await start({ store: await openStore(), webhooks });
    await vendor.connected({ project: 'later' }, apiKey);
    await until(async () => {
      const next = await vendor.store.nextMessageAt();
      return next !== undefined && Date.parse(next) - vendor.clock.now() > 55 * minute;
    });
    expect(receiver.received).toHaveLength(1);
    await sandbox.close();
  });

  test('is retried as its Retry-After says', async () => {
    await start();
    vendor.receiver.answer = (response) => response.writeHead(429, { 'retry-after': '600' }).end();
    await vendor.connected();
    await until(() => vendor.logged('will be retried').length === 1);
    const nextAt = Date.parse(vendor.logged('will be retried')[0]?.nextAt);
    expect(nextAt - vendor.clock.now()).toBeGreaterThan(590_000);
    expect(nextAt - vendor.clock.now()).toBeLessThan(610_000);
  });

  test('that redirects is not followed', async () => {
    const elsewhere = await startReceiver();
    await start();
    vendor.receiver.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
    await vendor.connected();
    await until(() => vendor.logged('redirects').length === 1);
    expect([elsewhere.received.length, elsewhere.refused.length]).toEqual([0, 0]);
  });

  test('that never answers is cut off', async () => {
    const endpoint = await startReceiver();
    endpoint.answer = () => {};
    await start({
      webhooks: {
        endpoints: [endpoint.url],
        secrets: [endpoint.secret],
        allowsPrivate: true,
        timeoutMs: 300,
      },
    });
    await vendor.connected();
    await until(() => vendor.logged('no answer within 0.3 s').length === 1);
  });

  test('with an endless answer is not read', async () => {
    let written = 0;
    await start();
    vendor.receiver.answer = (response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536);
      const write = () => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    };
    await vendor.connected();
    await until(() => vendor.logged('webhook delivered').length === 1);
    expect(written).toBeLessThan(20_000_000);
    await until(async () => (await vendor.store.nextMessageAt()) === undefined);
  });
});

describe('addresses that are never contacted', () => {
  const secrets = [newWebhookSecret()];
  const resolvesTo =
    (...answers: string[][]): LookupFunction =>
    (_name, _options, callback) => {
      const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };

  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback, another', '127.8.9.10'],
    ['this host', '0.0.0.0'],
    ['a private network', '10.1.2.3'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.0.1'],
    ['the metadata service', '169.254.169.254'],
    ['shared space', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['loopback, IPv6', '::1'],
    ['nothing, IPv6', '::'],
    ['a private network, IPv6', 'fd00:ec2::254'],
    ['link-local, IPv6', 'fe80::1'],
    ['loopback, mapped', '::ffff:127.0.0.1'],
    ['loopback, mapped in hexadecimal', '::ffff:7f00:1'],
    ['loopback, translated', '64:ff9b::7f00:1'],
    ['loopback, 6to4', '2002:7f00:1::'],
    ['documentation', '2001:db8::1'],
  ])('%s (%s), by name or address', async (_what, address) => {
    await start({
      webhooks: {
        endpoints: [
          'https://hooks.vendor.example/',
          `https://${address.includes(':') ? `[${address}]` : address}/`,
        ],
        secrets,
        lookup: resolvesTo([address]),
      },
    });
    await vendor.connected();
    await until(() => vendor.logged('at a private address').length === 2);
  });

  test.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://127.1/',
    'http://[::ffff:7f00:1]/',
  ])('loopback, written as %s', async (endpoint) => {
    await start({ webhooks: { endpoints: [endpoint], secrets } });
    await vendor.connected();
    await until(() => vendor.logged('at a private address').length === 1);
  });

  test('a name with one private address', async () => {
    await start({
      webhooks: {
        endpoints: ['https://hooks.vendor.example/'],
        secrets,
        lookup: resolvesTo(['93.184.216.34', '127.0.0.1']),
      },
    });
    await vendor.connected();
    await until(() => vendor.logged('at a private address').length === 1);
  });

  test('a name that rebinds: each attempt resolves once and connects to the checked address', async () => {
    const inside = await startReceiver();
    inside.answer = (response) => response.writeHead(500).end();
    let asked = 0;
    const lookup = resolvesTo(['127.0.0.1'], ['93.184.216.34']);
    await start({
      webhooks: {
        endpoints: [`http://hooks.vendor.example:${new URL(inside.url).port}/`],
        secrets: [inside.secret],
        allowsPrivate: true,
        lookup: (...question) => {
          asked += 1;
          lookup(...question);
        },
      },
    });
    await vendor.connected();
    await until(() => vendor.logged('webhook not delivered').length === 1);
    expect([asked, inside.received.length]).toEqual([1, 1]);
    vendor.clock.pass(20_000);
    await until(() => vendor.logged('webhook not delivered').length === 2);
    expect(vendor.logged('webhook not delivered')[1]).toMatchObject({
      reason: expect.stringMatching(/not https/),
    });
    expect([asked, inside.received.length]).toEqual([2, 1]);
  });

  test('a public address without TLS, even when private ones are allowed', async () => {
    await start({
      webhooks: {
        endpoints: ['http://hooks.vendor.example/'],
        secrets,
        allowsPrivate: true,
        lookup: resolvesTo(['93.184.216.34']),
      },
    });
    await vendor.connected();
    await until(() => vendor.logged('is not https').length === 1);
  });

  test('an endpoint that is no longer configured', async () => {
    await start();
    const { receiver, openStore, sandbox } = vendor;
    receivers.push(receiver);
    receiver.answer = (response) => response.writeHead(500).end();
    await vendor.connected();
    await until(() => vendor.logged('will be retried').length === 1);
    await vendor.service.close();
    const store = await openStore();
    await start({ store, webhooks: { endpoints: [], secrets } });
    vendor.clock.pass(hour);
    await until(() => vendor.logged('disabled or deleted').length === 1);
    expect(receiver.received).toHaveLength(1);
    await until(async () => (await store.nextMessageAt()) === undefined);
    await sandbox.close();
  });
});

test('no secret or path of an endpoint is logged or stored in the clear', async () => {
  await start();
  const made = await vendor.connected();
  await until(() => vendor.receiver.types(made.id).length === 1);
  const files = readdirSync(vendor.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  for (const text of [...vendor.logs, ...files]) expect(text).not.toContain(vendor.receiver.secret);
  for (const line of vendor.logs) expect(line).not.toContain('/hooks');
});

test('messages about a connection keep their order and resume when the endpoint recovers', async () => {
  await start();
  const made = await vendor.connected({ project: 'shop' });
  const other = await vendor.connected({ project: 'other' });
  await until(() => vendor.receiver.received.length === 2);
  let isDown = true;
  vendor.receiver.answer = (response) => void response.writeHead(isDown ? 500 : 204).end();
  for (const project of ['one', 'two', 'three'])
    await vendor.call('PUT', `${made.path}/scopes`, { scopes: [{ project }] });
  await until(() => vendor.receiver.received.length > 2);
  // The first of them is refused, and holds the others.
  const refused = vendor.receiver.of(made.id).slice(1);
  expect(new Set(refused.map(({ body }) => body.data.version))).toEqual(new Set([3]));
  isDown = false;
  await vendor.call('PUT', `${other.path}/scopes`, { scopes: [{ project: 'works' }] });
  const delivered = () =>
    vendor.receiver
      .of(made.id)
      .slice(1 + refused.length)
      .map(({ body }) => body.data.version as number);
  await until(() => delivered().length >= 3, 'the messages that waited');
  expect(delivered().slice(-3)).toEqual([3, 4, 5]);
});
