import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { AuditRecord } from '../../service/domain/audit.js';
import type { Connection } from '../../service/domain/connection.js';
import { type ConnectionId, newWebhookEndpointId, type OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import type { LowdbOptions } from '../../service/records/lowdb/backend.js';
import { type FileOperations, fileOperations } from '../../service/records/lowdb/files.js';
import { inspect } from '../../service/records/lowdb/inspect.js';
import { repair } from '../../service/records/lowdb/repair.js';
import { openFileStore } from '../../service/records/open.js';
import {
  aConnection,
  anAccessKeyConnection,
  anAuditRecord,
  anOrganization,
  at,
  auditIdAt,
  connectedTo,
  idempotencyRecordOf,
  intent,
} from '../contract/records.js';
import { failure, watched } from '../watched-files.js';

let directory: string;
const opened: Store[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const store of opened.splice(0)) await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(options: Partial<LowdbOptions> = {}): Promise<Store> {
  const store = await openFileStore({ directory, ...options });
  opened.push(store);
  return store;
}

const organization = anOrganization();
const inOrganizations = (...names: string[]) => join(directory, 'organizations', ...names);
const encrypted = (text: string) => ({
  keyId: 'k1',
  wrappedDataKey: text,
  accessKeyId: text,
  secretAccessKey: text,
});
const file = () => inOrganizations(`${organization.id}.json`);
const insert = async (store: Store, differences: object = {}, inside = organization.id) => {
  const next = aConnection(inside, differences);
  await store.commit({ connection: { next, ifVersion: null, intent } });
  return next;
};

/** One organization with one connection, closed again. */
async function filled(): Promise<void> {
  const store = await open();
  await store.createOrganization(organization);
  await insert(store);
  await store.close();
}

describe('files', () => {
  test('are private and stay private', async () => {
    await chmod(directory, 0o755);
    const store = await open();
    await store.createOrganization(organization);
    await insert(store);
    await store.appendAudit([anAuditRecord(organization.id)]);
    await store.close();
    for (const path of [directory, inOrganizations(), join(directory, 'audit')])
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    const paths = [
      ...['.json', '.json.bak', '.head'].map((end) => inOrganizations(`${organization.id}${end}`)),
      ...(await readdir(join(directory, 'audit'))).map((name) => join(directory, 'audit', name)),
    ];
    for (const path of paths) expect([path, (await stat(path)).mode & 0o777]).toEqual([path, 0o600]);
  });

  test('keep their previous version as a backup', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const first = await insert(store);
    const second = await insert(store);
    await store.close();
    const backup = await readFile(`${file()}.bak`, 'utf8');
    expect(backup).toContain(first.id);
    expect(backup).not.toContain(second.id);
  });

  test.each([
    [
      'a deleted connection',
      {
        ...{ status: 'disconnected', reason: 'deleted', disconnectedAt: at(9) },
        ...{ accessKey: undefined, accountId: undefined, verification: undefined },
      },
    ],
    [
      'a move to a role',
      {
        ...aConnection(organization.id),
        ...connectedTo('arn:aws:iam::123456789012:role/x'),
        accessKey: undefined,
      },
    ],
    [
      'another key',
      { status: 'failed', accessKey: { lastFour: 'ABCD', principalArn: 'arn', encrypted: encrypted('new') } },
    ],
  ])('keep no access key that %s destroyed, nor does a backup', async (_, changes) => {
    let store = await open();
    await store.createOrganization(organization);
    const connection = anAccessKeyConnection(organization.id, {
      accessKey: { lastFour: 'WXYZ', principalArn: 'arn', encrypted: encrypted('destroyed') },
    });
    await store.commit({ connection: { next: connection, ifVersion: null, intent } });
    await store.close();
    store = await open();
    const renamed = { ...connection, name: 'renamed', version: 2 };
    await store.commit({ connection: { next: renamed, ifVersion: 1, intent } });
    await store.close();
    store = await open();
    const again = { ...renamed, version: 3 };
    await store.commit({ connection: { next: again, ifVersion: 2, intent } });
    for (const name of await readdir(inOrganizations()))
      if (name.endsWith('.json'))
        expect([name, await readFile(inOrganizations(name), 'utf8')]).toEqual([
          name,
          expect.stringContaining('destroyed'),
        ]);
    const next = { ...renamed, ...changes, id: connection.id, version: 4 } as Connection;
    await store.commit({ connection: { next, ifVersion: 3, intent } });
    await insert(store);
    for (const name of await readdir(inOrganizations()))
      expect([name, await readFile(inOrganizations(name), 'utf8')]).toEqual([
        name,
        expect.not.stringContaining('destroyed'),
      ]);
  });

  test('keep no secret of a deleted webhook endpoint, nor does a backup', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const endpoint = {
      ...{ id: newWebhookEndpointId(), organizationId: organization.id, url: 'https://vendor.example/' },
      ...{ isEnabled: true, secret: 'destroyed', createdAt: at(0), updatedAt: at(0) },
    };
    await store.saveWebhookEndpoint(endpoint);
    await insert(store);
    expect(await readFile(`${file()}.bak`, 'utf8')).toContain('destroyed');
    await store.deleteWebhookEndpoint(endpoint);
    for (const name of await readdir(inOrganizations()))
      expect([name, await readFile(inOrganizations(name), 'utf8')]).toEqual([
        name,
        expect.not.stringContaining('destroyed'),
      ]);
  });

  test('of two organizations are written separately', async () => {
    await filled();
    const store = await open();
    const other = anOrganization();
    const before = await stat(file());
    await store.createOrganization(other);
    await insert(store, {}, other.id);
    await store.close();
    expect((await stat(file())).ino).toBe(before.ino);
  });

  test('never follow a symlink at the temporary name', async () => {
    const target = join(directory, 'target');
    await writeFile(target, 'precious');
    const store = await open({
      fileOperations: {
        open: (async (path: string, flags: string, mode: number) => {
          if (flags !== 'r') await symlink(target, path);
          return fileOperations.open(path, flags, mode);
        }) as FileOperations['open'],
      },
    });
    await expect(store.createOrganization(organization)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await readFile(target, 'utf8')).toBe('precious');
  });

  test('left over from a crash are removed at the start', async () => {
    await filled();
    const epoch = (await readdir(directory)).find((name) => name.startsWith('epoch-')) ?? '';
    await writeFile(join(directory, epoch, `${'0'.repeat(32)}.tmp`), 'half');
    await open();
    const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.tmp'));
    expect(names).toEqual([]);
  });

  test('can lie in a directory whose parent is not readable', async () => {
    const store = await open({
      fileOperations: {
        open: (async (path: string, flags: string, mode: number) => {
          if (path === dirname(directory)) throw failure('EACCES');
          return fileOperations.open(path, flags, mode);
        }) as FileOperations['open'],
      },
    });
    await store.createOrganization(organization);
  });

  test('never leave the directory by their name', async () => {
    const store = await open();
    for (const id of ['../evil', 'a/b', '', '.', 'a\0b'])
      await expect(store.createOrganization({ ...organization, id: id as OrganizationId })).rejects.toThrow(
        'must be an id',
      );
  });
});

test('a damaged old month of an audit log keeps no other organization from retention', async () => {
  const store = await open();
  const other = anOrganization();
  const old = Date.parse('2020-01-15T00:00:00.000Z');
  for (const { id } of [organization, other]) {
    await store.createOrganization(id === other.id ? other : organization);
    for (const time of [old, Date.now()])
      await store.appendAudit([anAuditRecord(id, { id: auditIdAt(time) })]);
  }
  const audit = join(directory, 'audit');
  const oldest = (await readdir(audit)).find(
    (name) => name.includes(organization.id) && name.includes('2020-01'),
  );
  const path = join(audit, oldest ?? '');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"n":1', '"n":7'));
  await expect(store.deleteAuditBefore('2021-01-01T00:00:00.000Z')).rejects.toMatchObject({
    code: 'store_unavailable',
  });
  expect((await store.auditRecords(other.id, { limit: 9 })).records).toHaveLength(1);
  expect(await readdir(audit)).toContain(oldest);
});

describe('an audit log', () => {
  const recordAt = (time: string) => anAuditRecord(organization.id, { id: auditIdAt(Date.parse(time)) });
  const idsIn = async (store: Store) =>
    (await store.auditRecords(organization.id, { limit: 100 })).records.map(({ id }) => id).reverse();

  test.each([
    ['write', 'a part of the line'],
    ['fsync file', 'the whole line'],
    ['fsync directory', 'an empty file'],
  ])('whose last append of a month fails at %s, and leaves %s, continues in the next month', async (step) => {
    let isBroken = false;
    const store = await open({
      fileOperations: {
        ...watched((call) => {
          if (isBroken && call === step) throw failure('EIO');
        }),
        ...(step === 'write' && {
          open: (async (path: string, flags: string, mode: number) => {
            const handle = await fileOperations.open(path, flags, mode);
            const { writeFile: write } = handle;
            handle.writeFile = (async (line: Buffer) => {
              await write.call(handle, isBroken ? line.subarray(0, 9) : line);
              if (isBroken) throw failure('ENOSPC');
            }) as typeof handle.writeFile;
            return handle;
          }) as FileOperations['open'],
        }),
      },
    });
    await store.createOrganization(organization);
    const kept = [recordAt('2020-01-30T00:00:00Z'), recordAt('2020-02-02T00:00:00Z')];
    const [first, second] = kept as [AuditRecord, AuditRecord];
    if (step !== 'fsync directory') await store.appendAudit([first]);
    isBroken = true;
    await expect(store.appendAudit([recordAt('2020-01-31T00:00:00Z')])).rejects.toMatchObject({
      code: 'store_unavailable',
      retryAfterSeconds: 5,
    });
    isBroken = false;
    if (step === 'fsync directory') await store.appendAudit([first]);
    await store.appendAudit([second]);
    const ids = kept.map(({ id }) => id);
    expect(await idsIn(store)).toEqual(ids);
    await store.close();
    expect((await inspect(directory)).damages).toEqual([]);
    expect(await idsIn(await open())).toEqual(ids);
  });

  test.each([
    ['without its last line', (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)],
    ['without a line', () => ''],
  ])('that is left %s while the service runs is not read', async (_, damage) => {
    let store = await open();
    await store.createOrganization(organization);
    for (let count = 0; count < 3; count++) await store.appendAudit([anAuditRecord(organization.id)]);
    const [name = ''] = await readdir(join(directory, 'audit'));
    const path = join(directory, 'audit', name);
    for (const restart of [false, true]) {
      if (restart) {
        await store.close();
        store = await open();
      }
      const whole = await readFile(path, 'utf8');
      await writeFile(path, damage(whole));
      const damaged = {
        code: 'store_unavailable',
        detail: expect.stringContaining(`${path} does not end with line 3, which was stored`),
      };
      await expect(idsIn(store)).rejects.toMatchObject(damaged);
      await expect(store.auditRecords(undefined, { limit: 1 })).rejects.toMatchObject(damaged);
      await writeFile(path, whole);
      expect(await idsIn(store)).toHaveLength(3);
    }
  });

  test('keeps its beginning when a month without a line goes', async () => {
    let isBroken = false;
    const store = await open({
      fileOperations: watched((call) => {
        if (isBroken && call === 'fsync directory') throw failure('EIO');
      }),
    });
    await store.createOrganization(organization);
    await store.appendAudit([recordAt('2020-02-01T00:00:00Z')]);
    isBroken = true;
    await expect(store.appendAudit([recordAt('2020-03-01T00:00:00Z')])).rejects.toThrow('EIO');
    isBroken = false;
    const kept = recordAt('2020-04-01T00:00:00Z');
    await store.appendAudit([kept]);
    for (const month of ['03', '04']) await store.deleteAuditBefore(`2020-${month}-01T00:00:00.000Z`);
    expect(await idsIn(store)).toEqual([kept.id]);
    await store.close();
    expect((await inspect(directory)).damages).toEqual([]);
  });

  test.each([0, 1])(
    'leaves out the line that a fenced writer appends late, %i lines before its end',
    async (later) => {
      let letGo: (() => void) | undefined;
      let isHeld = false;
      const fenced = await open({
        fileOperations: watched(async (call) => {
          if (isHeld && call === 'write') await new Promise<void>((resolve) => (letGo = resolve));
        }),
      });
      await fenced.createOrganization(organization);
      const kept = Array.from({ length: 3 + later }, () => anAuditRecord(organization.id));
      await fenced.appendAudit(kept.slice(0, 1));
      isHeld = true;
      const losing = fenced.appendAudit([anAuditRecord(organization.id)]);
      while (letGo === undefined) await setImmediate();
      await rm(join(directory, '.lock'));
      const other = await open();
      for (const record of kept.slice(1, 3)) await other.appendAudit([record]);
      letGo();
      await expect(losing).rejects.toMatchObject({ code: 'store_unavailable' });
      const read = await idsIn(other);
      for (const record of kept.slice(3)) await other.appendAudit([record]);
      const ids = kept.map(({ id }) => id);
      expect([read, await idsIn(other)]).toEqual([ids.slice(0, 3), ids]);
      await other.close();
      expect((await inspect(directory)).damages).toEqual([]);
      expect(await idsIn(await open())).toEqual(ids);
    },
  );
});

describe('a write', () => {
  test('is durable before it is acknowledged: file, rename, directory', async () => {
    const calls: string[] = [];
    const store = await open({ fileOperations: watched((call) => void calls.push(call)) });
    await store.createOrganization(organization);
    calls.length = 0;
    await insert(store).then(() => calls.push('acknowledged'));
    expect(calls).toEqual([
      ...['open file', 'write', 'write', 'fsync file', 'unlink', 'link', 'rename'],
      ...['open directory', 'fsync directory', 'acknowledged'],
    ]);
  });

  test('is shared by waiting changes', async () => {
    let writes = 0;
    const store = await open({
      fileOperations: watched((call) => {
        if (call === 'fsync file') writes += 1;
      }),
    });
    await store.createOrganization(organization);
    writes = 0;
    await Promise.all(Array.from({ length: 200 }, () => insert(store)));
    expect(writes).toBeLessThanOrEqual(3);
  });

  test('follows the previous one immediately', async () => {
    const store = await open();
    await store.createOrganization(organization);
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let round = 0; round < 20; round++) await insert(store);
      }),
    );
    expect((await store.connections(organization.id, { limit: 1000 })).connections).toHaveLength(100);
  });

  test.each([
    ['open file', 'EROFS'],
    ['write', 'ENOSPC'],
    ['fsync file', 'EIO'],
    ['unlink', 'EIO'],
    ['rename', 'EIO'],
  ])('that fails at %s (%s) changes nothing, and the store recovers with the disk', async (step, code) => {
    let isBroken = false;
    const store = await open({
      fileOperations: watched((call) => {
        if (isBroken && call === step) throw failure(code);
      }),
    });
    const other = anOrganization();
    await store.createOrganization(organization);
    await store.createOrganization(other);
    const kept = await insert(store, { scopes: [{}] });
    isBroken = true;
    const role = 'arn:aws:iam::123456789012:role/reader';
    const attempts = await Promise.allSettled([
      store.commit({
        connection: { next: { ...kept, scopes: [], version: 2, name: 'changed' }, ifVersion: 1, intent },
      }),
      insert(store, { ...connectedTo(role), scopes: [{}] }),
      store.commit({ idempotency: idempotencyRecordOf(kept) }),
    ]);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({
        status: 'rejected',
        reason: { code: 'store_unavailable', retryAfterSeconds: 5, detail: expect.stringContaining(code) },
      });
    expect((await store.connections(organization.id, { limit: 10 })).connections).toEqual([kept]);
    expect(await store.scopeHolders(organization.id, [''])).toEqual([{ key: '', connection: kept }]);
    isBroken = false;
    await store.ready();
    await store.commit({ idempotency: idempotencyRecordOf(kept) });
    const taker = await insert(store, connectedTo(role), other.id);
    await store.commit({ connection: { next: { ...kept, version: 2 }, ifVersion: 1, intent } });
    await store.close();
    const again = await open();
    expect((await again.connections(organization.id, { limit: 10 })).connections).toEqual([
      { ...kept, version: 2 },
    ]);
    expect(await again.connection(other.id, taker.id)).toEqual(taker);
  });

  test('after a restart or a failed write appends no audit record twice', async () => {
    let isBroken = false;
    const openOnDisk = () =>
      open({
        fileOperations: watched((call) => {
          if (isBroken && call === 'rename') throw failure('EIO');
        }),
      });
    let store = await openOnDisk();
    await store.createOrganization(organization);
    const kept: AuditRecord[] = [];
    const change = async () => {
      const record = anAuditRecord(organization.id);
      const next = aConnection(organization.id);
      await store.commit({ connection: { next, ifVersion: null, intent }, audit: [record] });
      kept.push(record);
    };
    for (const willFail of [false, true, false, true, false]) {
      await change();
      isBroken = willFail;
      if (willFail) await expect(change()).rejects.toMatchObject({ code: 'store_unavailable' });
      isBroken = false;
      await change();
      await store.close();
      store = await openOnDisk();
    }
    const { records } = await store.auditRecords(organization.id, { limit: 100 });
    expect(records.map(({ id }) => id).sort()).toEqual(kept.map(({ id }) => id).sort());
  });

  test('whose record can’t be appended to the audit log is in it as soon as that can be written', async () => {
    let isBroken = false;
    const store = await open({
      fileOperations: {
        open: (async (path: string, flags: string, mode: number) => {
          if (isBroken && path.includes('audit')) throw failure('EIO');
          return fileOperations.open(path, flags, mode);
        }) as FileOperations['open'],
      },
    });
    await store.createOrganization(organization);
    const records = [anAuditRecord(organization.id), anAuditRecord(organization.id)];
    const idsInLog = async () =>
      (await store.auditRecords(organization.id, { limit: 9 })).records.map(({ id }) => id).sort();
    for (const [index, record] of records.entries()) {
      isBroken = true;
      const next = aConnection(organization.id);
      await store.commit({ connection: { next, ifVersion: null, intent }, audit: [record] });
      await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(await idsInLog()).toHaveLength(index);
      isBroken = false;
      if (index === 0) await store.ready();
      else await insert(store);
      expect(await idsInLog()).toHaveLength(index + 1);
    }
    expect(await idsInLog()).toEqual(records.map(({ id }) => id).sort());
  });

  test('that fails after an older document was put back never continues from that one', async () => {
    let older: string | undefined;
    const store = await open({
      fileOperations: watched(async (call) => {
        if (older === undefined || call !== 'rename') return;
        await writeFile(file(), older);
        throw failure('EIO');
      }),
    });
    await store.createOrganization(organization);
    await insert(store);
    const before = await readFile(file(), 'utf8');
    await insert(store);
    older = before;
    await expect(insert(store)).rejects.toMatchObject({ code: 'store_unavailable' });
    older = undefined;
    const { connections } = await store.connections(organization.id, { limit: 9 });
    expect(connections).toHaveLength(2);
    await expect(insert(store)).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining('is version 2, and version 3 was stored'),
    });
  });

  test('whose head can’t be stored is acknowledged and seen, and the operator is warned once', async () => {
    const warnings: string[] = [];
    const store = await open({ onWarning: (message) => void warnings.push(message) });
    await store.createOrganization(organization);
    const head = inOrganizations(`${organization.id}.head`);
    await rm(head);
    await mkdir(head);
    const kept = [await insert(store), await insert(store)];
    const found = async (from: Store) =>
      (await from.connections(organization.id, { limit: 9 })).connections.map(({ id }) => id).sort();
    const ids = kept.map(({ id }) => id).sort();
    expect(await found(store)).toEqual(ids);
    expect(warnings).toEqual([
      expect.stringContaining(`The head of ${organization.id} can't be written (EISDIR)`),
    ]);
    await rm(head, { recursive: true });
    await store.appendAudit([anAuditRecord(organization.id)]);
    await store.close();
    expect(await found(await open())).toEqual(ids);
  });

  test('whose directory sync fails may have happened: the disk decides when it is readable', async () => {
    let isBroken = false;
    let hasRenamed = false;
    const store = await open({
      fileOperations: watched((call) => {
        hasRenamed ||= isBroken && call === 'rename';
        if (hasRenamed && isBroken && call === 'fsync directory') throw failure('EIO');
      }),
    });
    const other = anOrganization();
    await store.createOrganization(organization);
    await store.createOrganization(other);
    const kept = await insert(store);
    isBroken = true;
    const role = 'arn:aws:iam::123456789012:role/reader';
    await expect(insert(store, connectedTo(role))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect((await store.connections(organization.id, { limit: 10 })).connections).toEqual([kept]);
    // The disk may hold the claim on the role.
    await expect(insert(store, connectedTo(role), other.id)).rejects.toMatchObject({
      code: 'role_already_connected',
    });
    isBroken = false;
    await store.ready();
    const found = (await store.connections(organization.id, { limit: 10 })).connections;
    expect(found).toHaveLength(2);
    await store.close();
    expect((await (await open()).connections(organization.id, { limit: 10 })).connections).toEqual(found);
  });

  test('that would exceed the size of a readable document is rejected first', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const kept = await insert(store);
    const name = 'x'.repeat(90 * 1024 * 1024);
    await insert(store, { name });
    await insert(store, { name });
    const refusal = await insert(store, { name }).catch((error) => error);
    expect(refusal).toMatchObject({
      code: 'store_unavailable',
      remedy: expect.stringContaining('PostgreSQL'),
    });
    await store.close();
    expect(await (await open()).connection(organization.id, kept.id)).toEqual(kept);
  }, 60_000);

  test('is invisible to readers and to the loser of a race until it is durable', async () => {
    let letGo = () => {};
    let isHeld = false;
    const store = await open({
      fileOperations: watched(async (call) => {
        if (isHeld && call === 'fsync file') await new Promise<void>((resolve) => (letGo = resolve));
      }),
    });
    await store.createOrganization(organization);
    isHeld = true;
    const next = aConnection(organization.id, { scopes: [{}] });
    const writing = store.commit({ connection: { next, ifVersion: null, intent } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await store.connection(organization.id, next.id)).toBeUndefined();
    expect(await store.scopeHolders(organization.id, [''])).toEqual([]);
    let isTold = false;
    const tooLate = insert(store, { scopes: [{}] }).finally(() => (isTold = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isTold).toBe(false);
    isHeld = false;
    letGo();
    await expect(tooLate).rejects.toMatchObject({ code: 'scope_taken' });
    await writing;
    expect(await store.connection(organization.id, next.id)).toEqual(next);
  });
});

describe('processes', () => {
  async function start(task: string): Promise<{ child: ChildProcess; lines: string[] }> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/contract/file-store-process.ts', directory, task],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const lines: string[] = [];
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
    while (lines.length === 0) await once(child.stdout as NodeJS.ReadableStream, 'data');
    return { child, lines };
  }

  test('are rejected while another process has the directory', async () => {
    await start('hold');
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining(directory),
      remedy: expect.stringContaining('Stop that process'),
    });
  });

  test('killed during writes lose nothing acknowledged', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const { child, lines } = await start('write');
      while (lines.length < 20) await once(child.stdout as NodeJS.ReadableStream, 'data');
      await new Promise((resolve) => setTimeout(resolve, 37 * round));
      child.kill('SIGKILL');
      await once(child, 'close');
      acknowledged.push(...lines.slice(1));
    }
    const store = await open();
    for (const line of acknowledged) {
      const [organizationId, id] = line.split(' ') as [OrganizationId, ConnectionId];
      expect(await store.connection(organizationId, id)).toMatchObject({ name: 'renamed', version: 2 });
    }
    expect(acknowledged.length).toBeGreaterThan(90);
  }, 120_000);

  test('start immediately after one that was killed', async () => {
    const { child } = await start('hold');
    child.kill('SIGKILL');
    await once(child, 'close');
    const startedAt = performance.now();
    await open();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('that are paused lose the lock, and when they resume they acknowledge and change nothing', async () => {
    const { child, lines } = await start('write');
    while (lines.length < 20) await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGSTOP');
    const store = await open();
    await store.createOrganization(organization);
    const mine = await insert(store);
    const acknowledged = lines.length;
    child.kill('SIGCONT');
    await once(child, 'close');
    await store.close();
    const again = await open();
    expect(await again.connection(organization.id, mine.id)).toEqual(mine);
    // Those that it acknowledged before the pause may have been on their way to this process.
    expect(lines.length - acknowledged).toBeLessThanOrEqual(8);
    for (const line of lines.slice(1)) {
      const [organizationId, id] = line.split(' ') as [OrganizationId, ConnectionId];
      expect(await again.connection(organizationId, id)).toMatchObject({ name: 'renamed', version: 2 });
    }
  }, 60_000);

  test('end in spite of an open connection to their lock, and leave the lock of the next one', async () => {
    const store = await open();
    const client = connect({ path: join(directory, '.lock'), allowHalfOpen: true });
    await once(client, 'connect');
    await store.close();
    await open();
    client.destroy();
    await expect(open()).rejects.toMatchObject({ detail: expect.stringContaining('is in use by') });
  });

  test('that are silent are not repaired', async () => {
    const { child } = await start('hold');
    child.kill('SIGSTOP');
    await expect(repair(directory, { drop: true })).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: `The directory ${directory} is in use by a process that does not answer.`,
    });
  });

  test("on another host, where the socket doesn't work, write nothing more", async () => {
    let lost: (error: Error) => void = () => {};
    const losing = new Promise<Error>((resolve) => {
      lost = resolve;
    });
    const store = await open({ onCompromised: lost });
    await store.createOrganization(organization);
    await rm(join(directory, '.lock'));
    const other = await open();
    const theirs = await insert(other);
    const before = await readFile(file(), 'utf8');
    await expect(insert(store)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.appendAudit([anAuditRecord(organization.id)])).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await losing).toBeInstanceOf(Error);
    expect(await readFile(file(), 'utf8')).toBe(before);
    // Its end leaves the other one's lock.
    await store.close();
    await expect(open()).rejects.toMatchObject({ detail: expect.stringContaining('is in use by') });
    await insert(other);
    await other.close();
    expect(await (await open()).connection(organization.id, theirs.id)).toEqual(theirs);
  });
});
