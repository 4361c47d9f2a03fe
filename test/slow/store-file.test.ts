import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../service/domain/connection.js';
import type { ConnectionId, OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import { type FileStoreOptions, openFileStore } from '../../service/records/open.js';
import { type FileOperations, fileOperations } from '../../service/records/file/organization-file.js';
import {
  aConnection,
  anAccessKeyConnection,
  anAuditRecord,
  anOrganization,
  at,
  claimOf,
  connectedTo,
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

async function open(options: Partial<FileStoreOptions> = {}): Promise<Store> {
  const store = await openFileStore({ directory, lockStaleMs: 2000, ...options });
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

const deletedKey = (connection: Connection) =>
  ({
    ...connection,
    status: 'disconnected',
    reason: 'deleted',
    disconnectedAt: at(9),
    accessKey: undefined,
    version: 2,
  }) as unknown as Connection;

describe('files', () => {
  test('are private, and stay so', async () => {
    await chmod(directory, 0o755);
    const store = await open();
    await store.createOrganization(organization);
    await insert(store);
    await store.appendAudit([anAuditRecord(organization.id)]);
    await store.close();
    for (const path of [directory, inOrganizations(), join(directory, 'audit')])
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    const paths = [
      ...['.json', '.json.bak', '.journal-1.jsonl', '.journal-2.jsonl'].map((end) =>
        inOrganizations(`${organization.id}${end}`),
      ),
      join(directory, 'audit', `${organization.id}.jsonl`),
    ];
    for (const path of paths) expect([path, (await stat(path)).mode & 0o777]).toEqual([path, 0o600]);
  });

  test('are private again after they were opened up', async () => {
    await filled();
    const journal = inOrganizations(`${organization.id}.journal-2.jsonl`);
    for (const path of [file(), journal]) await chmod(path, 0o644);
    const store = await open();
    await insert(store);
    await store.close();
    for (const path of [file(), journal])
      expect([path, (await stat(path)).mode & 0o777]).toEqual([path, 0o600]);
  });

  test('have the version before them as a backup, to which the journals add what came after', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const first = await insert(store);
    await store.close();
    const again = await open();
    const second = await insert(again);
    await again.close();
    await rm(file());
    await rename(`${file()}.bak`, file());
    const restored = await open();
    expect(await restored.connection(organization.id, first.id)).toEqual(first);
    expect(await restored.connection(organization.id, second.id)).toEqual(second);
  });

  test('never grow without end: a long journal is taken up into the snapshot', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const connection = await insert(store, { name: 'x'.repeat(10_000) });
    for (let version = 2; version < 260; version++)
      await store.commit({
        connection: { next: { ...connection, version }, ifVersion: version - 1, intent },
      });
    const names = await readdir(inOrganizations());
    const sizes = await Promise.all(names.map(async (name) => (await stat(inOrganizations(name))).size));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(2.5 * (1 << 20));
    expect(names).toHaveLength(4);
    await store.close();
    expect(await (await open()).connection(organization.id, connection.id)).toMatchObject({ version: 259 });
  });

  test.each([
    [
      'a deleted connection',
      { status: 'disconnected', reason: 'deleted', disconnectedAt: at(9), accessKey: undefined },
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
  ])('hold no access key that %s destroyed, nor does a backup', async (_, changes) => {
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
    // In the snapshot, its backup and the journals.
    for (const name of await readdir(inOrganizations()))
      if (!name.includes('journal-1') && !name.includes('journal-3.'))
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

  test('of two organizations are written apart', async () => {
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
    await writeFile(inOrganizations(`.${'0'.repeat(32)}.tmp`), 'half');
    await open();
    expect((await readdir(inOrganizations())).sort()).toEqual([
      `${organization.id}.journal-1.jsonl`,
      `${organization.id}.journal-2.jsonl`,
      `${organization.id}.json`,
      `${organization.id}.json.bak`,
    ]);
  });

  test('are never named by an id that leaves the directory', async () => {
    const store = await open();
    for (const id of ['../evil', 'a/b', '', '.', 'a\0b'])
      await expect(store.createOrganization({ ...organization, id: id as OrganizationId })).rejects.toThrow(
        'Not an organization',
      );
  });
});

describe('a start', () => {
  test.each([
    ['that is cut off', (text: string) => text.slice(0, -20), 'not valid JSON'],
    ['that is empty', () => '', 'empty'],
    ['that is not JSON', () => 'hello', 'not valid JSON'],
    ['that is null', () => 'null', 'damaged'],
    [
      'of a newer version',
      (text: string) => text.replace('"schemaVersion":1', '"schemaVersion":2'),
      'schemaVersion is 2',
    ],
    [
      'with a wrong value',
      (text: string) => text.replace('"status":"pending"', '"status":"asleep"'),
      'connections.0.status',
    ],
    [
      'of another organization',
      (text: string) => text.replace(organization.id, 'org_other'),
      'holds the organization org_other',
    ],
  ])('is refused by a file %s, which stays as it was', async (_, damage, reason) => {
    await filled();
    const damaged = damage(await readFile(file(), 'utf8'));
    await writeFile(file(), damaged);
    const leftOver = inOrganizations(`.${'0'.repeat(32)}.tmp`);
    await writeFile(leftOver, 'half');
    const refusal = await open().catch((error) => error);
    expect(refusal).toMatchObject({ code: 'store_unavailable' });
    expect(refusal.detail).toContain(file());
    expect(refusal.detail).toContain(reason);
    expect(refusal.remedy).toContain(`${file()}.bak`);
    expect(await readFile(file(), 'utf8')).toBe(damaged);
    expect(await readFile(leftOver, 'utf8')).toBe('half');
    // What the remedy says works, at once: the lock was given back.
    await writeFile(file(), await readFile(`${file()}.bak`, 'utf8'));
    expect(await (await open()).organization(organization.id)).toEqual(organization);
  });

  test('is refused when a file is gone and its backup is there', async () => {
    await filled();
    await rm(file());
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining('missing'),
    });
  });

  test('is refused when two files claim one role', async () => {
    const store = await open();
    const other = anOrganization();
    await store.createOrganization(organization);
    await store.createOrganization(other);
    await insert(store, connectedTo('arn:aws:iam::123456789012:role/one'));
    await insert(store, connectedTo('arn:aws:iam::123456789012:role/two'), other.id);
    await store.close();
    await writeFile(file(), (await readFile(file(), 'utf8')).replaceAll('role/one', 'role/two'));
    await expect(open()).rejects.toMatchObject({ detail: expect.stringContaining('twice') });
  });
});

describe('a write', () => {
  test('is on the disk before it is acknowledged: file, rename, directory', async () => {
    const calls: string[] = [];
    const store = await open({ fileOperations: watched((call) => void calls.push(call)) });
    await store.createOrganization(organization);
    calls.length = 0;
    await insert(store).then(() => calls.push('acknowledged'));
    expect(calls).toEqual(['open file', 'write', 'fsync file', 'acknowledged']);
  });

  test('of an access key that is destroyed is on the disk too: journal, snapshot, rename, directory, and the old is gone', async () => {
    const calls: string[] = [];
    const store = await open({ fileOperations: watched((call) => void calls.push(call)) });
    await store.createOrganization(organization);
    const connection = anAccessKeyConnection(organization.id);
    await store.commit({ connection: { next: connection, ifVersion: null, intent } });
    calls.length = 0;
    await store.commit({ connection: { next: deletedKey(connection), ifVersion: 1, intent } });
    expect(calls).toEqual([
      ...['unlink', 'open file', 'truncate', 'fsync file', 'open directory', 'fsync directory'],
      ...['open file', 'write', 'fsync file', 'unlink', 'rename', 'open directory', 'fsync directory'],
      ...['unlink', 'open directory', 'fsync directory'],
    ]);
  });

  test('is shared by the changes that wait for it', async () => {
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

  test('follows another without a pause', async () => {
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
    ['journal', 'open file', 'EROFS'],
    ['journal', 'write', 'ENOSPC'],
    ['journal', 'fsync file', 'EIO'],
    ['journal', 'write and truncate', 'EIO'],
    ['snapshot', 'open file', 'EROFS'],
    ['snapshot', 'write', 'ENOSPC'],
    ['snapshot', 'fsync file', 'EIO'],
    ['snapshot', 'rename', 'EIO'],
    ['snapshot', 'unlink', 'EIO'],
    ['snapshot', 'fsync directory', 'EIO'],
    ['snapshot', 'fsync directory of the rename', 'EIO'],
  ])(
    'of a %s that fails at %s (%s) changes nothing, and the store goes on when the disk does',
    async (kind, steps, code) => {
      let isBroken = false;
      let hasRenamed = false;
      const store = await open({
        fileOperations: watched((call) => {
          hasRenamed ||= isBroken && call === 'rename';
          const step = hasRenamed && call !== 'rename' ? `${call} of the rename` : call;
          if (isBroken && steps.split(' and ').includes(step)) throw failure(code);
        }),
      });
      const other = anOrganization();
      await store.createOrganization(organization);
      await store.createOrganization(other);
      const kept = await insert(store, { scopes: [{}] });
      const key = anAccessKeyConnection(organization.id);
      await store.commit({ connection: { next: key, ifVersion: null, intent } });
      await store.commit({ receipt: { ...claimOf(kept), webhookId: 'before', leaseExpiresAt: at(9) } });
      isBroken = true;
      const role = 'arn:aws:iam::123456789012:role/reader';
      const attempts = await Promise.allSettled([
        store.commit({
          connection: { next: { ...kept, scopes: [], version: 2, name: 'changed' }, ifVersion: 1, intent },
        }),
        insert(store, { ...connectedTo(role), scopes: [{}] }),
        store.acquireIdempotency(claimOf(kept), at(0)),
        // A key that is destroyed makes the snapshot be written at once.
        ...(kind === 'snapshot'
          ? [store.commit({ connection: { next: deletedKey(key), ifVersion: 1, intent } })]
          : []),
      ]);
      for (const attempt of attempts)
        expect(attempt).toMatchObject({
          status: 'rejected',
          reason: { code: 'store_unavailable', retryAfterSeconds: 5, detail: expect.stringContaining(code) },
        });
      const before = [kept, key].sort((one, other) => (one.id < other.id ? -1 : 1));
      expect(await store.connections(organization.id, { limit: 10 })).toEqual({
        connections: before,
        hasMore: false,
      });
      expect(await store.scopeHolders(organization.id, [''])).toEqual([{ key: '', connection: kept }]);
      // When a failure could not be undone, the disk may hold the claim on the role all the same.
      if (['fsync directory of the rename', 'write and truncate'].includes(steps))
        await expect(insert(store, connectedTo(role), other.id)).rejects.toMatchObject({
          code: 'store_unavailable',
        });
      isBroken = false;
      await store.ready();
      expect(await store.acquireIdempotency(claimOf(kept), at(0))).toMatchObject({ claimed: true });
      const taker = await insert(store, connectedTo(role), other.id);
      await store.commit({ connection: { next: { ...kept, version: 2 }, ifVersion: 1, intent } });
      await store.close();
      const again = await open();
      expect((await again.connections(organization.id, { limit: 10 })).connections).toEqual(
        before.map((connection) => (connection === kept ? { ...kept, version: 2 } : connection)),
      );
      expect(await again.connection(other.id, taker.id)).toEqual(taker);
      expect((await readdir(inOrganizations())).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  );

  test('that failed for a new organization leaves no file behind', async () => {
    let isBroken = true;
    const store = await open({
      fileOperations: watched((call) => {
        if (isBroken && call === 'rename') isBroken = false;
        else if (!isBroken && call === 'fsync directory') {
          throw failure('EIO');
        }
      }),
    });
    await expect(store.createOrganization(organization)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await store.organization(organization.id)).toBeUndefined();
    await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
    isBroken = true;
    await store.ready();
    expect(await readdir(inOrganizations())).toEqual([]);
    await store.close();
    expect(await (await open()).organization(organization.id)).toBeUndefined();
  });

  test('is not seen by a reader, nor told to whoever came too late, before it is on the disk', async () => {
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

  test('are refused while another one has the directory', async () => {
    await start('hold');
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining(directory),
      remedy: expect.stringContaining('Stop the other process'),
    });
  });

  test('killed while they write lose nothing that was acknowledged', async () => {
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

  test('that lose their lock write nothing more', async () => {
    let lost: (error: Error) => void = () => {};
    const losing = new Promise<Error>((resolve) => {
      lost = resolve;
    });
    const store = await open({ onCompromised: lost });
    await store.createOrganization(organization);
    await utimes(join(directory, '.lock'), new Date(0), new Date(0));
    expect(await losing).toBeInstanceOf(Error);
    const before = await readFile(file(), 'utf8');
    await expect(insert(store)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await readFile(file(), 'utf8')).toBe(before);
  });
});
