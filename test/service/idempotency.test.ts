/** `Idempotency-Key`: a POST that creates something is answered once. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore } from '../../service/records/open.js';
import { createEncryption } from '../../service/secrets/encryption.js';
import { systemClock } from '../../service/server/wiring.js';
import { type OperatedVendor, startOperator } from '../operator.js';
import type { ApiAnswer } from '../vendor.js';

let vendor: OperatedVendor;
let nowMs: number;

const start = async (store?: Store) => {
  nowMs = Date.now();
  vendor = await startOperator({
    clock: { now: () => nowMs, sleep: systemClock.sleep },
    ...(store && { store }),
  });
};
beforeEach(() => start());
afterEach(() => vendor.close());

async function post(
  path: string,
  body: unknown,
  key: string,
  token = vendor.apiKey,
  signal: AbortSignal | null = null,
): Promise<ApiAnswer> {
  const response = await fetch(vendor.service.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
    signal,
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}
const count = async () => (await vendor.call('GET', '/v1/connections')).body.connections.length;

it('the same key and body get the same answer, including secrets, and create one object', async () => {
  const first = await post('/v1/connections', { name: 'shop' }, 'k1');
  const again = await post('/v1/connections', { name: 'shop' }, '"k1"');
  expect(first.status).toBe(201);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect(await count()).toBe(1);
});

it.each([
  ['/v1/connections', { name: 'x' }],
  ['/v1/api-keys', { name: 'x' }],
  ['/v1/sign-in-links', {}],
  ['/v1/enrollments', { name: 'x', scopeRule: { otherwise: { project: '{label}' } } }],
])('%s accepts a key', async (path, body) => {
  const first = await post(path, body, 'k');
  expect([first.status, (await post(path, body, 'k')).body]).toEqual([201, first.body]);
});

it('an organization is created once, and keys of different tokens are separate', async () => {
  const first = await post('/v1/organizations', { name: 'x' }, 'k', vendor.token);
  expect((await post('/v1/organizations', { name: 'x' }, 'k', vendor.token)).body).toEqual(first.body);
  const other = await vendor.service.createOrganization('other');
  const ours = await post('/v1/connections', { name: 'x' }, 'k');
  const theirs = await post('/v1/connections', { name: 'x' }, 'k', other.apiKey);
  expect(theirs.body.id).not.toBe(ours.body.id);
  const second = await vendor.call('POST', '/v1/api-keys', { name: 's', permissions: ['connections:write'] });
  expect((await post('/v1/connections', { name: 'x' }, 'k', second.body.apiKey)).body.id).not.toBe(
    ours.body.id,
  );
});

it('another body is 422, and operation and path are part of the key', async () => {
  await post('/v1/connections', { name: 'shop' }, 'k');
  expect(await post('/v1/connections', { name: 'blog' }, 'k')).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_reused' },
  });
  expect((await post('/v1/api-keys', { name: 'shop' }, 'k')).status).toBe(201);
});

it('a rejection is repeated; a malformed request is not', async () => {
  await post('/v1/connections', { name: 'one', scope: { project: 'shop' } }, 'k1');
  const taken = await post('/v1/connections', { name: 'two', scope: { project: 'shop' } }, 'k2');
  expect(taken.body.code).toBe('scope_taken');
  await vendor.call('DELETE', `/v1/connections/${taken.body.holders[0].connectionId}`);
  expect((await post('/v1/connections', { name: 'two', scope: { project: 'shop' } }, 'k2')).body).toEqual(
    taken.body,
  );
  expect((await post('/v1/connections', { nom: 'x' }, 'k3')).status).toBe(400);
  expect((await post('/v1/connections', { name: 'x' }, 'k3')).status).toBe(201);
});

it('one of many concurrent requests creates it, and the others get its answer', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => post('/v1/connections', { name: 'x' }, 'k')),
  );
  const created = answers.filter(({ status }) => status === 201);
  expect(new Set(created.map(({ body }) => body.id)).size).toBe(1);
  for (const { status, body, headers } of answers)
    if (status !== 201) expect([body.code, headers.get('retry-after')]).toEqual(['request_in_progress', '2']);
  expect(await count()).toBe(1);
});

it('a secret is repeated for 15 minutes unless revoked or rotated; the key expires after a day', async () => {
  const first = await post('/v1/connections', { name: 'x' }, 'k');
  const apiKey = await post('/v1/api-keys', { name: 'x' }, 'k');
  const gone = { status: 410, body: { code: 'secret_no_longer_available', createdId: apiKey.body.id } };
  await vendor.call('DELETE', `/v1/api-keys/${apiKey.body.id}`);
  expect(await post('/v1/api-keys', { name: 'x' }, 'k')).toMatchObject(gone);
  nowMs += 14 * 60_000;
  expect((await post('/v1/connections', { name: 'x' }, 'k')).body).toEqual(first.body);
  nowMs += 60_000;
  expect((await post('/v1/connections', { name: 'x' }, 'k')).body.code).toBe('secret_no_longer_available');
  expect(await count()).toBe(1);
  nowMs += 24 * 3_600_000;
  expect((await post('/v1/connections', { name: 'x' }, 'k')).status).toBe(201);
  expect(await count()).toBe(2);
  const setupCodes = `/v1/connections/${first.body.id}/setup-code`;
  const code = await post(setupCodes, {}, 's');
  expect((await post(setupCodes, {}, 's')).body).toEqual(code.body);
  await vendor.call('DELETE', setupCodes);
  expect((await post(setupCodes, {}, 's')).body.code).toBe('secret_no_longer_available');
  const rotated = await post('/v1/connections', { name: 'r' }, 'r');
  await vendor.call('POST', `/v1/connections/${rotated.body.id}/rotate-callback-secret`, {});
  expect((await post('/v1/connections', { name: 'r' }, 'r')).status).toBe(410);
});

it.each([
  ['/v1/api-keys', 'apiKey'],
  ['/v1/connections', 'callbackSecret'],
])('the answer of POST %s under a removed service key is not repeated', async (path, secret) => {
  const first = await post(path, { name: 'x' }, 'k');
  expect(first.body).toHaveProperty(secret);
  const encryption = createEncryption([{ id: 'k2', key: randomBytes(32) }]);
  const other = await vendor.startAnother({ store: vendor.store, encryption });
  const response = await fetch(other.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${vendor.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': 'k',
    },
    body: JSON.stringify({ name: 'x' }),
  });
  expect([response.status, await response.json()]).toMatchObject([
    410,
    { code: 'secret_no_longer_available', createdId: first.body.id },
  ]);
  await other.close();
});

it.each(['', ' ', 'x'.repeat(256), 'a b'])('refuses the key %j', async (key) => {
  expect((await post('/v1/connections', { name: 'x' }, key)).status).toBe(400);
});

describe('after a crash', () => {
  /** The process is lost, as far as the store can see, from the first call of this method on. */
  const lose = async (method: keyof Store, request: (signal: AbortSignal) => Promise<unknown>) => {
    const client = new AbortController();
    const lost = new Promise<void>((resolve) => {
      crash.at = (name) => {
        if (name === method) crash.isDead = true;
        if (crash.isDead) resolve();
      };
    });
    const asked = request(client.signal).catch(() => {});
    await lost;
    client.abort();
    await asked;
    crash.at = () => {};
    crash.isDead = false;
  };
  const crash = { at: (_: string | symbol) => {}, isDead: false };

  beforeEach(async () => {
    await vendor.close();
    const store = await openFileStore({ directory: mkdtempSync(join(tmpdir(), 'rolebridge-idempotency-')) });
    const losing = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          crash.at(name);
          return crash.isDead ? new Promise(() => {}) : value.apply(target, args);
        };
      },
    });
    await start(losing);
  });

  it.each([
    ['before anything was done', 'appendAudit', 201, 1],
    ['while it was stored', 'commit', 409, 0],
    ['before the answer was kept', 'finishRequest', 410, 1],
  ] as const)('%s, the key is answered without a second object', async (_, method, status, left) => {
    const ask = (signal: AbortSignal | null = null) =>
      post('/v1/connections', { name: 'x' }, 'k', vendor.apiKey, signal);
    await lose(method, ask);
    expect((await ask()).body.code).toBe('request_in_progress');
    nowMs += 91_000;
    const again = await ask();
    expect(again.status).toBe(status);
    if (status === 409)
      expect(again.body).toMatchObject({ code: 'request_outcome_unknown', requestId: expect.any(String) });
    if (status === 410) expect(again.body).toMatchObject({ createdId: expect.stringMatching(/^con_/) });
    expect((await ask()).status).toBe(status);
    expect(await count()).toBe(left);
  });
});
