import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../service/cli/index.js';
import type { Connection } from '../../service/domain/connection.js';
import type { Store } from '../../service/domain/ports.js';
import { backUp, openFileStore, restoreBackup } from '../../service/index.js';
import { aConnection, aJob, anAuditRecord, anOrganization, intent } from '../contract/records.js';
import { startVendor } from '../vendor.js';
import { watched } from '../watched-files.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const keys = [{ id: 'k1', key: Buffer.alloc(32, 1) }];
const settings = (data: string) => ({
  ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::123456789012:role/rolebridge',
  ROLEBRIDGE_SERVICE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  ROLEBRIDGE_DATA_DIR: data,
});

/** `rolebridge WORDS`, and what it printed. */
async function commandLine(words: string[], env: NodeJS.ProcessEnv) {
  const printed: string[] = [];
  const stream = { write: (text: string) => printed.push(text) };
  const code = await run(words, { env, stdin: process.stdin, stdout: stream, stderr: stream });
  return { code, text: printed.join('') };
}

/** Writes until it is stopped; a change of two connections, a job and an audit record at a time. */
function keepWriting(store: Store, { organizations = 4, nameLength = 20_000 } = {}) {
  let isOver = false;
  const acknowledged = new Map<Connection['id'], number>();
  const writer = async () => {
    const organization = anOrganization();
    await store.createOrganization(organization);
    const padded = { name: 'x'.repeat(nameLength) };
    let holder: Connection = aConnection(organization.id, { ...padded, scopes: [{}] });
    let other: Connection = aConnection(organization.id, padded);
    for (const next of [holder, other]) await store.commit({ connection: { next, ifVersion: null, intent } });
    for (let version = 2; !isOver; version++) {
      await store.appendAudit([anAuditRecord(organization.id, { requestId: `request ${version}` })]);
      const next = { ...other, scopes: [{}], version } as Connection;
      const jobs = [aJob(next, { attempts: version })];
      await store.commit({
        connection: { next, ifVersion: version - 1, intent },
        replaceScopes: true,
        jobs,
      });
      other = { ...holder, scopes: [], version } as Connection;
      holder = next;
      acknowledged.set(holder.id, version).set(other.id, version);
    }
    return organization.id;
  };
  const writers = Array.from({ length: organizations }, writer);
  return {
    acknowledged,
    async end() {
      isOver = true;
      return Promise.all(writers);
    },
  };
}

test('a backup is consistent while many organizations are written', async () => {
  const source = join(directory, 'data');
  const store = await openFileStore({ directory: source });
  const writing = keepWriting(store, { organizations: 30, nameLength: 500 });
  while (writing.acknowledged.size < 60) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await backUp(source, join(directory, 'backup'))).toEqual({ organizations: 30 });
  await writing.end();
  await store.close();
});

test('a backup of a store in use contains every earlier acknowledged write, and no partial one', async () => {
  const source = join(directory, 'data');
  const store = await openFileStore({ directory: source });
  const writing = keepWriting(store);
  for (let number = 0; number < 4; number++) {
    while (writing.acknowledged.size < 8) await new Promise((resolve) => setTimeout(resolve, 10));
    const before = new Map(writing.acknowledged);
    const target = join(directory, `backup-${number}`);
    expect(await backUp(source, target)).toEqual({ organizations: 4 });
    const copy = await openFileStore({ directory: target });
    const jobs = await copy.leaseJobs({
      now: '2100-01-01T00:00:00Z',
      leaseUntil: '2100-01-01T00:00:00Z',
      limit: 99,
    });
    for (const [id, version] of before) {
      const found = await copy.connectionForCallback(id);
      expect(found?.version).toBeGreaterThanOrEqual(version);
      if (found?.scopes.length !== 1) continue;
      expect(jobs.find(({ connectionId }) => connectionId === id)).toMatchObject({
        attempts: found.version,
      });
      const { records } = await copy.auditRecords(found.organizationId, { limit: 1_000_000 });
      const newest = Number(records[0]?.requestId.split(' ')[1]);
      expect(newest).toBeGreaterThanOrEqual(found.version);
      expect(records.map(({ requestId }) => requestId)).toEqual(
        Array.from({ length: newest - 1 }, (_, number) => `request ${newest - number}`),
      );
    }
    await copy.close();
    for (const name of await readdir(join(target, 'organizations')))
      expect((await stat(join(target, 'organizations', name))).mode & 0o777).toBe(0o600);
  }
  await writing.end();
  await store.close();
});

test('a service continues from a restored backup: connections, keys and the audit log', async () => {
  const data = join(directory, 'data');
  const vendor = await startVendor({ store: await openFileStore({ directory: data, keys }) });
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'kept', scope: { project: 'shop' } });
  const backup = join(directory, 'backup');
  const { code, text } = await commandLine(['backup', backup], settings(data));
  expect([code, text]).toEqual([0, expect.stringContaining('organizations  1')]);
  await vendor.call('POST', '/v1/connections', { name: 'lost' });
  await vendor.service.close();

  const restored = await commandLine(['restore', backup, '--json'], settings(data));
  expect([restored.code, JSON.parse(restored.text).kept]).toEqual([
    0,
    expect.stringContaining(`${data}.before-`),
  ]);
  const again = await startVendor({ store: await openFileStore({ directory: data, keys }) });
  const listed = await again.call('GET', '/v1/connections', undefined, vendor.apiKey);
  expect(listed.body.connections.map(({ name }: { name: string }) => name)).toEqual(['kept']);
  const audit = await again.call('GET', '/v1/audit', undefined, vendor.apiKey);
  expect(audit.body.records[0]).toMatchObject({ action: 'connection.create', connectionId: body.id });
  const shown = await again.call('GET', `/v1/connections/${body.id}`, undefined, vendor.apiKey);
  expect(shown.body.externalId).toBe(body.externalId);
  await again.close();
  await vendor.sandbox.close();
});

test('a backup and a restored directory are on the disk before the command ends', async () => {
  const source = join(directory, 'data');
  const store = await openFileStore({ directory: source, keys });
  const organization = anOrganization();
  await store.createOrganization(organization);
  await store.appendAudit([anAuditRecord(organization.id)]);
  await store.close();
  let synced = 0;
  const files = watched((call) => {
    if (call.startsWith('fsync')) synced += 1;
  });
  const target = join(directory, 'backup');
  await backUp(source, target, { keys, files });
  const { length } = await readdir(target, { recursive: true });
  expect(synced).toBeGreaterThan(length);
  synced = 0;
  await restoreBackup(target, source, { keys, files });
  expect(synced).toBeGreaterThan(length);
});

test('a restore that was killed between its renames is reported, and not replaced by an empty store', async () => {
  const source = join(directory, 'data');
  await (await openFileStore({ directory: source, keys })).close();
  await rename(source, `${source}.restoring-4711`);
  const refusal = { code: 'store_unavailable', detail: `${source} is missing: a restore was interrupted.` };
  await expect(openFileStore({ directory: source, keys })).rejects.toMatchObject(refusal);
  expect(await readdir(directory)).toEqual(['data.restoring-4711']);
});

test('a backup never overwrites anything', async () => {
  await writeFile(join(directory, 'precious'), 'precious');
  await expect(backUp(join(directory, 'data'), directory)).rejects.toMatchObject({
    code: 'request_invalid',
    remedy: expect.stringContaining('never replaces another'),
  });
  expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('precious');
});

test.each([
  ['restore', 'is no backup: it has no folder "organizations"'],
  ['backup', 'is no data directory: it has no folder "organizations"'],
])('rolebridge %s of another directory is refused, without a stack trace', async (command, fault) => {
  const [source, target] = [join(directory, 'source'), join(directory, 'target')];
  const words = command === 'backup' ? ['backup', target] : ['restore', source];
  const { code, text } = await commandLine(words, settings(command === 'backup' ? source : target));
  expect([code, text]).toEqual([1, expect.stringContaining(fault)]);
  expect(text).not.toMatch(/\n {4}at /);
  expect(await readdir(directory)).toEqual([]);
});

test('a damaged store fails the backup with the reason', async () => {
  const source = join(directory, 'data');
  const store = await openFileStore({ directory: source, keys });
  const organization = anOrganization();
  await store.createOrganization(organization);
  await store.close();
  const file = join(source, 'organizations', `${organization.id}.json`);
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -9));
  const { code, text } = await commandLine(['backup', join(directory, 'backup')], settings(source));
  expect([code, text]).toEqual([3, expect.stringContaining('the rows behind its signature were damaged')]);
  expect(await readdir(directory)).toEqual(['data']);
});

test("a database backup is refused with the database's tools named", async () => {
  const env = { ...settings(directory), DATABASE_URL: 'postgres://127.0.0.1/rolebridge' };
  const { code, text } = await commandLine(['backup', join(directory, 'backup')], env);
  expect([code, text]).toEqual([2, expect.stringContaining('pg_dump')]);
});
