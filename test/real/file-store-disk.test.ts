import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore } from '../../service/records/open.js';
import { aConnection, anAuditRecord, anOrganization, intent } from '../contract/records.js';
import { until } from '../passing-clock.js';

/** A real file system of one megabyte, which gets full and can be made read-only. Only root may mount one. */
const mounted = mountSmall();
const describeOnDisk = mounted === undefined ? describe.skip : describe;
if (mounted === undefined)
  console.log(
    'not checked: a real full and read-only disk (no tmpfs can be mounted here; root may, outside a container)',
  );

function mountSmall(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'rolebridge', directory], { stdio: 'ignore' });
    return directory;
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
}

describeOnDisk('a real disk', () => {
  const disk = mounted as string;
  const data = join(disk, 'data');
  const organization = anOrganization();
  const opened: Store[] = [];

  const open = async () => {
    const store = await openFileStore({ directory: data });
    opened.push(store);
    return store;
  };
  /** As soon as no file is open for writing any more. */
  const makeReadOnly = () =>
    until(() => {
      try {
        execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    }, 'a read-only disk');
  const insert = async (store: Store) => {
    const next = aConnection(organization.id, { name: 'x'.repeat(3000) });
    await store.appendAudit([anAuditRecord(organization.id, { connectionId: next.id })]);
    await store.commit({ connection: { next, ifVersion: null, intent } });
    return next;
  };
  const stored = async (store: Store) =>
    (await store.connections(organization.id, { limit: 1000 })).connections.map(({ id }) => id).sort();

  afterEach(async () => {
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    for (const store of opened.splice(0)) await store.close();
    await rm(data, { recursive: true, force: true });
    await rm(join(disk, 'ballast'), { force: true });
  });
  afterAll(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  test('that fills up refuses writes, keeps its data, and recovers when there is space', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const acknowledged: string[] = [(await insert(store)).id];
    const { bavail, bsize } = await statfs(disk);
    await writeFile(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - 100_000));
    let refusal: unknown;
    while (refusal === undefined)
      try {
        acknowledged.push((await insert(store)).id);
      } catch (error) {
        refusal = error;
      }
    expect(refusal).toMatchObject({ code: 'store_unavailable', detail: expect.stringContaining('ENOSPC') });
    expect(acknowledged.length).toBeGreaterThan(2);
    await writeFile(join(disk, 'rest'), Buffer.alloc(1_000_000)).catch(() => {});
    await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(insert(store)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await stored(store)).toEqual([...acknowledged].sort());

    await rm(join(disk, 'rest'));
    await rm(join(disk, 'ballast'));
    await store.ready();
    acknowledged.push((await insert(store)).id);
    await store.close();
    const again = await open();
    expect(await stored(again)).toEqual([...acknowledged].sort());
    const { records } = await again.auditRecords(organization.id, { limit: 1000 });
    const audited = new Set<string | undefined>(records.map(({ connectionId }) => connectionId));
    expect(acknowledged.filter((id) => !audited.has(id))).toEqual([]);
  });

  test('that is full at start stops the service with an error and changes nothing', async () => {
    const store = await open();
    await store.createOrganization(organization);
    const { id } = await insert(store);
    await store.close();
    await writeFile(join(disk, 'ballast'), Buffer.alloc(2_000_000)).catch(() => {});
    const outcome = await open()
      .then(
        (started) => started.ready(),
        (error) => Promise.reject(error),
      )
      .catch((error) => error);
    expect(outcome).toMatchObject({ code: 'store_unavailable', detail: expect.stringContaining('ENOSPC') });
    for (const started of opened.splice(0)) await started.close();
    await rm(join(disk, 'ballast'));
    expect(await stored(await open())).toEqual([id]);
  });

  test('that becomes read-only refuses changes, answers reads, and fails the next start with the reason', async () => {
    const first = await open();
    await first.createOrganization(organization);
    const { id } = await insert(first);
    // A file that is open for writing would keep the disk from becoming read-only.
    await first.close();
    const store = await open();
    await makeReadOnly();
    await expect(insert(store)).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining('EROFS'),
    });
    await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await stored(store)).toEqual([id]);
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    await store.ready();
    await store.close();
    await makeReadOnly();
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: `The data directory ${data} can't be used (EROFS).`,
    });
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    expect(await stored(await open())).toEqual([id]);
  });
});
