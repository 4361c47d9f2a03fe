/**
 * Every example of the table of operations gets its documented answer. A call that changes something does so in one
 * commit: a crash leaves all of it or nothing. Those that need several are named below, with what a crash between them
 * leaves; crash-between-steps.test.ts crashes there.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Example, isRead, type Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import { errorCatalog } from '../../service/domain/error-catalog/index.js';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore } from '../../service/index.js';
import { createRecordStore } from '../../service/records/record-store.js';
import { readContract } from '../api-contract.js';
import { createMapBackend } from '../contract/map-backend.js';
import { kindFor, makeExampleWorld, startExampleVendor, startExampleWorld } from '../example-world.js';
import type { Vendor } from '../vendor.js';
import { openWebClient } from '../web-client.js';

type World = Awaited<ReturnType<typeof makeExampleWorld>>;

/** Operations whose examples write more than once. */
const several: Record<string, string> = {
  createSignInLink: "The first person's key is stored first, and encrypts nothing yet.",
  updateWebhookEndpoint: 'What waits is sent at its time instead of at once.',
  registerAccount: 'The place is taken first: the same account gets it again, and then its connection.',
  eraseOrganization: 'It stays suspended and listed until its rows are gone: the call is repeated.',
  reencrypt: 'Each secret is one commit, and the call is repeated.',
};

/** Of the change itself: records of requests, progress and clean-up don't count. */
const isWrite = (name: string): boolean =>
  /^(commit|create|change|save|delete|revoke|take|replace|erase|add|hasten)/.test(name) &&
  !['saveRunningCheck', 'deleteExpiredTokens', 'deleteEndedApiKeys'].includes(name);

function counting(store: Store) {
  const writes: string[] = [];
  const counted = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (typeof name === 'string' && isWrite(name)) writes.push(name);
        return Reflect.apply(value, target, given);
      };
    },
  });
  return { counted, writes };
}

const examples = Object.entries<Operation>(operations).flatMap(([id, operation]) =>
  Object.entries(operation.examples).map(
    ([name, example]) => [id, name, operation, example] as [string, string, Operation, Example],
  ),
);

describe('every example gets its documented answer from the running service, and changes it in one commit:', () => {
  let vendor: Vendor;
  let writes: string[];
  let contract: ReturnType<typeof readContract>;
  /** A world that no example changes. */
  let unchanged: World;
  beforeAll(async () => {
    const { counted, ...counter } = counting(
      await openFileStore({ directory: mkdtempSync(join(tmpdir(), 'examples-')) }),
    );
    writes = counter.writes;
    vendor = await startExampleVendor({ store: counted });
    contract = readContract(await (await fetch(`${vendor.service.url}/openapi.json`)).json());
    unchanged = await makeExampleWorld(vendor, 'connected');
  });
  afterAll(() => vendor.close());

  test.each(examples)('%s: %s', async (id, name, operation, example) => {
    const kind = kindFor(id, name);
    const isGood = typeof example.returns === 'number';
    const isUnchanged = kind === 'connected' && (!isGood || isRead(operation));
    const world = isUnchanged ? unchanged : await makeExampleWorld(vendor, kind);
    const query = example.query ? `?${new URLSearchParams(example.query)}` : '';
    const path = world.put(
      operation.path.replace(/\{(\w+)\}/g, (_, part) => example.path?.[part] ?? '') + query,
    );
    const body = example.body === undefined ? undefined : world.put(JSON.stringify(example.body));
    const method = operation.method.toUpperCase();
    writes.length = 0;
    const response = await fetch(vendor.service.url + path, {
      method,
      headers: {
        ...world.credentials(id, operation.auth, body),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    const answer = { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : undefined };

    expect(isGood ? answer.status : answer.body?.code).toBe(example.returns);
    expect(contract.faultOf(method, path, answer)).toBeUndefined();
    if (typeof example.returns === 'number') {
      expect(answer.status).toBe(operation.answer.status);
      expect(contract.accepts(method, path, body && JSON.parse(body))).toBe(true);
      if (several[id] === undefined) expect(writes.length > 1 ? writes : []).toEqual([]);
    } else
      expect(answer.body.status).toBe(
        operation.statusOf?.[example.returns] ?? errorCatalog[example.returns].status,
      );
  });
});

test('PATCH of a connection is refused as a whole', async () => {
  const world = await startExampleWorld('pending');
  const { call } = world.vendor;
  const { id } = (await call('POST', '/v1/connections', { name: 'before' })).body;
  const change = {
    name: 'after',
    reference: 'a-1',
    expectedAccountId: '123123123123',
    permissionSet: 'none',
  };
  expect((await call('PATCH', `/v1/connections/${id}`, change)).body.code).toBe('permission_set_unknown');
  const { body } = await call('GET', `/v1/connections/${id}`);
  expect([body.name, body.reference, body.expectedAccountId]).toEqual(['before', undefined, undefined]);
  const done = await call('PATCH', `/v1/connections/${id}`, { ...change, permissionSet: 'deploy' });
  expect(done.body).toMatchObject({ name: 'after', reference: 'a-1', expectedAccountId: '123123123123' });
  const { records } = (await call('GET', `/v1/audit?connection=${id}`)).body;
  expect(records[0]).toMatchObject({
    action: 'connection.change',
    details: { name: 'after', reference: 'a-1', expectedAccountId: '123123123123', permissionSet: 'deploy' },
  });
  await world.close();
});

test('the last step of the page, with name and scope, is one commit', async () => {
  const { counted, writes } = counting(createRecordStore(createMapBackend()));
  const world = await startExampleWorld('pending', { store: counted });
  const { call, service, apiKey } = world.vendor;
  const browser = openWebClient(service.url);
  await browser.signIn(apiKey);
  const { id } = (await call('POST', '/v1/connections', { name: 'before' })).body;
  await browser.get(`/connections/${id}/setup`);
  writes.length = 0;
  const page = await browser.post(`/connections/${id}/finish`, { name: 'after', project: 'warehouse' });
  expect([page.status, page.url, writes]).toEqual([200, `/connections/${id}`, ['commit']]);
  const { body } = await call('GET', `/v1/connections/${id}`);
  expect([body.name, body.scopes]).toEqual(['after', [{ project: 'warehouse' }]]);
  // A scope that another one holds: neither is changed.
  await browser.post(`/connections/${id}/finish`, { name: 'again', project: 'taken' });
  expect((await call('GET', `/v1/connections/${id}`)).body).toEqual(body);
  await world.close();
});
