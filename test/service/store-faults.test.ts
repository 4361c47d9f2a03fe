import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../service/domain/ports.js';
import { fileOperations } from '../../service/records/lowdb/files.js';
import { openFileStore } from '../../service/records/open.js';
import { anAuditRecord, anOrganization } from '../contract/records.js';
import { passingClock } from '../passing-clock.js';
import { startVendor, type Vendor } from '../vendor.js';

let directory: string;
let vendor: Vendor | undefined;
/** The error of every write to a matching path. */
let fault: { readonly part: string; readonly code: string } | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
  fault = undefined;
});
afterEach(async () => {
  fault = undefined;
  await vendor?.close();
  vendor = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** The real disk, until it is full, read-only or broken. */
const openOnFaultyDisk = (): Promise<Store> =>
  openFileStore({
    directory,
    fileOperations: {
      open: (async (path: string, flags: string | number, mode?: number) => {
        const fail = () => {
          if (fault !== undefined && flags !== 'r' && path.includes(fault.part))
            throw Object.assign(new Error(fault.code), { code: fault.code });
        };
        if (fault?.code === 'EROFS') fail();
        const handle = await fileOperations.open(path, flags, mode);
        const { writeFile: write } = handle;
        handle.writeFile = (async (data: Buffer) => {
          // A disk that gets full takes a part.
          if (fault?.code === 'ENOSPC' && path.includes(fault.part))
            await write.call(handle, data.subarray(0, 9));
          fail();
          await write.call(handle, data);
        }) as typeof handle.writeFile;
        return handle;
      }) as typeof fileOperations.open,
    },
  });

async function withConnection() {
  const store = await openOnFaultyDisk();
  vendor = await startVendor({ store });
  const running = vendor;
  const { body } = await running.call('POST', '/v1/connections', { name: 'first' });
  const read = async () => (await running.call('GET', `/v1/connections/${body.id}`)).body;
  return { ...running, id: body.id as string, before: await read(), read };
}

describe.each([
  ['full', 'ENOSPC'],
  ['read-only', 'EROFS'],
  ['broken', 'EIO'],
])('while the disk is %s', (_, code) => {
  test('nothing changes, reads work, /readyz reports it, and the service recovers without a restart', async () => {
    const { call, id, before, read, service } = await withConnection();
    fault = { part: directory, code };
    const refused = [
      await call('POST', '/v1/connections', { name: 'second' }),
      await call('PATCH', `/v1/connections/${id}`, { name: 'renamed' }),
      await call('PUT', `/v1/connections/${id}/scopes`, { scopes: [{ project: 'shop' }] }),
      await call('DELETE', `/v1/connections/${id}`),
    ];
    for (const { status, body, headers } of refused) {
      expect([status, body.code]).toEqual([503, 'store_unavailable']);
      expect(body.detail).toContain(code);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const ready = await fetch(`${service.url}/readyz`);
    expect([ready.status, ((await ready.json()) as { code: string }).code]).toEqual([
      503,
      'store_unavailable',
    ]);
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect(await read()).toEqual(before);
    expect((await call('GET', '/v1/connections')).body.connections).toHaveLength(1);

    fault = undefined;
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    expect((await call('PATCH', `/v1/connections/${id}`, { name: 'renamed' })).status).toBe(200);
    await service.close();
    const store = await openOnFaultyDisk();
    const { connections } = await store.connections(vendor?.organization.id as never, { limit: 10 });
    expect(connections).toMatchObject([{ id, name: 'renamed', version: 2 }]);
    await store.close();
  });
});

test('without a writable audit log no audited action happens', async () => {
  const { call, id, before: pending, read, sandbox, service } = await withConnection();
  const customer = sandbox.createAccount();
  const role = sandbox.createRole(customer.accountId, {
    roleName: 'reader',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: vendor?.principal as string },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': pending.externalId } },
        },
      ],
    },
  });
  await call('PUT', `/v1/connections/${id}/scopes`, { scopes: [{}] });
  expect((await call('PUT', `/v1/connections/${id}/role`, { roleArn: role.arn })).status).toBe(200);
  const before = await read();
  const asked = sandbox.requests.length;
  fault = { part: join(directory, 'audit'), code: 'ENOSPC' };
  const refused = [
    await call('POST', '/v1/connections', { name: 'second' }),
    await call('PATCH', `/v1/connections/${id}`, { name: 'renamed' }),
    await call('PUT', `/v1/connections/${id}/role`, { roleArn: role.arn }),
    await call('POST', `/v1/connections/${id}/verify`),
    await call('POST', `/v1/connections/${id}/rotate-callback-secret`, {}),
    await call('POST', '/v1/credentials', {}),
    await call('POST', '/v1/api-keys', { name: 'second' }),
    await call('DELETE', `/v1/connections/${id}`),
  ];
  expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
    refused.map(() => [503, 'store_unavailable']),
  );
  expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
  expect(await read()).toEqual(before);
  expect(sandbox.requests.slice(asked)).toEqual([]);
  fault = undefined;
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  expect((await call('POST', '/v1/credentials', {})).status).toBe(200);
});

test('a clock that jumps ten years and back twenty changes no answer, and the audit log stays in order', async () => {
  const clock = passingClock();
  const store = await openOnFaultyDisk();
  vendor = await startVendor({ store, clock });
  const { call } = vendor;
  const { body } = await call('POST', '/v1/connections', { name: 'name 0' });
  const tenYears = 10 * 365 * 24 * 60 * 60 * 1000;
  for (const [number, jump] of [tenYears, -2 * tenYears, tenYears].entries()) {
    clock.pass(jump);
    const renamed = await call('PATCH', `/v1/connections/${body.id}`, { name: `name ${number + 1}` });
    expect([renamed.status, renamed.body.name]).toEqual([200, `name ${number + 1}`]);
    const made = await call('POST', '/v1/connections', { name: `made ${number + 1}` });
    expect(made.status).toBe(201);
    expect((await fetch(`${vendor.service.url}/readyz`)).status).toBe(200);
  }
  const names: string[] = [];
  let before = '';
  do {
    const page = (await call('GET', `/v1/audit?limit=3${before}`)).body;
    for (const { action, phase } of page.records) names.push(`${action} ${phase}`);
    before = page.next === undefined ? '' : `&before=${page.next}`;
  } while (before !== '');
  const each = (action: string) => [`${action} outcome`, `${action} intent`];
  expect(names).toEqual([
    ...Array.from({ length: 3 }, () => [...each('connection.create'), ...each('connection.rename')]).flat(),
    ...each('connection.create'),
    ...each('organization.create'),
  ]);
  const listed = (await call('GET', '/v1/connections')).body.connections;
  expect(listed.map(({ name }: { name: string }) => name)).toEqual(['made 2', 'name 3', 'made 3', 'made 1']);
});

test('the audit log is read in the order of writing, even after a start with an earlier clock', async () => {
  const { id } = anOrganization();
  const records = Array.from({ length: 6 }, () => anAuditRecord(id));
  const jumbled = [3, 4, 5, 0, 1, 2].map((number) => records[number] as (typeof records)[number]);
  let store = await openOnFaultyDisk();
  for (const record of jumbled) {
    await store.appendAudit([record]);
    await store.close();
    store = await openOnFaultyDisk();
  }
  const found: string[] = [];
  for (let hasMore = true; hasMore; ) {
    const page = await store.auditRecords(id, { limit: 1, before: found.at(-1) as never });
    found.push(...page.records.map((record) => record.id));
    hasMore = page.hasMore;
  }
  expect(found).toEqual(jumbled.map((record) => record.id).reverse());
  await store.close();
});

test('an invalid data directory is rejected with the reason', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await expect(openFileStore({ directory: join(file, 'data') })).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: `The data directory ${join(file, 'data')} can't be used (ENOTDIR).`,
    remedy: expect.stringContaining('writable'),
  });
});
