import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore } from '../../service/records/open.js';
import { aConnection, anAuditRecord, anOrganization, changed, intent } from '../contract/records.js';

let directory: string;
let reports: string[];
const opened: Store[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
  reports = [];
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<Store> {
  const onRepaired = (message: string) => void reports.push(message);
  const store = await openFileStore({ directory, lockStaleMs: 2000, onRepaired });
  opened.push(store);
  return store;
}

const organization = anOrganization();
const journal = () => join(directory, 'organizations', `${organization.id}.journal-1.jsonl`);
const auditLog = () => join(directory, 'audit', `${organization.id}.jsonl`);
const connection = aConnection(organization.id);

/**
 * Three changes in a journal, and three audit records, each in a line of its own, as a process leaves them that was
 * killed: a copy of its files.
 */
async function killed(): Promise<void> {
  const store = await open();
  await store.createOrganization(organization);
  await store.commit({ connection: { next: connection, ifVersion: null, intent } });
  for (const version of [2, 3]) {
    const next = { ...connection, name: `name ${version}`, version };
    await store.commit({ connection: { next, ifVersion: version - 1, intent } });
  }
  for (const requestId of ['one', 'two', 'three'])
    await store.appendAudit([anAuditRecord(organization.id, { requestId })]);
  const files = new Map<string, Buffer>();
  for (const name of await readdir(join(directory, 'organizations')))
    files.set(join(directory, 'organizations', name), await readFile(join(directory, 'organizations', name)));
  await store.close();
  for (const name of await readdir(join(directory, 'organizations')))
    await rm(join(directory, 'organizations', name));
  for (const [path, bytes] of files) await writeFile(path, bytes, { mode: 0o600 });
}

const cut = (bytes: Buffer) => bytes.subarray(0, -7);
const zeroed = (bytes: Buffer) => {
  const start = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  return Buffer.concat([
    bytes.subarray(0, start + 20),
    Buffer.alloc(bytes.length - start - 21),
    Buffer.from('\n'),
  ]);
};
const flipped = (bytes: Buffer, line: number) => {
  const copy = Buffer.from(bytes);
  let start = 0;
  for (let count = 0; count < line; count++) start = copy.indexOf(10, start) + 1;
  const place = start + 60;
  copy[place] = (copy[place] as number) ^ 1;
  return copy;
};

describe('a change', () => {
  test('is in the journal, and there when the process was killed', async () => {
    await killed();
    const store = await open();
    expect(await store.connection(organization.id, connection.id)).toMatchObject({ version: 3 });
    expect(reports).toEqual([]);
  });

  test.each([
    ['cut off', cut],
    ['zeros, after a loss of power,', zeroed],
  ])(
    'whose line is %s was never acknowledged: it is dropped, reported, and the store goes on',
    async (_, damage) => {
      await killed();
      await writeFile(journal(), damage(await readFile(journal())));
      const store = await open();
      const found = await store.connection(organization.id, connection.id);
      expect(found).toMatchObject({ version: 2 });
      expect(reports).toEqual([expect.stringContaining(journal())]);
      const next = changed(found as typeof connection, { name: 'after' });
      await store.commit({ connection: { next, ifVersion: 2, intent } });
      await store.close();
      reports = [];
      expect(await (await open()).connection(organization.id, connection.id)).toMatchObject({
        name: 'after',
      });
      expect(reports).toEqual([]);
    },
  );

  test.each([0, 1, 2])(
    'that is damaged (in line %i) stops the start, and is left as it was',
    async (line) => {
      await killed();
      const damaged = flipped(await readFile(journal()), line);
      await writeFile(journal(), damaged);
      const refusal = await open().catch((error) => error);
      expect(refusal).toMatchObject({
        code: 'store_unavailable',
        detail: expect.stringContaining(
          `${journal()} can't be used: it is damaged in the line that begins at byte`,
        ),
        remedy: expect.stringContaining('truncate'),
      });
      expect(await readFile(journal())).toEqual(damaged);
      // What the remedy says works.
      const [, byte] = /begins at byte (\d+)/.exec(refusal.detail) as RegExpExecArray;
      await writeFile(journal(), damaged.subarray(0, Number(byte)));
      const found = await (await open()).connection(organization.id, connection.id);
      expect(found?.version).toBe(line === 0 ? undefined : line);
    },
  );

  test('is missed when its journal is gone: the start is refused', async () => {
    await killed();
    await rm(journal());
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: `The journal ${journal()} can't be used: it is missing.`,
    });
  });

  test('is missed when the snapshot before it is gone: the start is refused', async () => {
    await killed();
    await rm(join(directory, 'organizations', `${organization.id}.json`));
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining('it is missing, and its journal'),
    });
  });
});

test('what was written before there were journals is read, and goes on with one', async () => {
  await killed();
  const snapshot = join(directory, 'organizations', `${organization.id}.json`);
  const text = (await readFile(snapshot, 'utf8')).replace('"journal":1,\n', '');
  expect(text).not.toContain('"journal"');
  await writeFile(snapshot, text);
  await rm(journal());
  const store = await open();
  await store.commit({ connection: { next: connection, ifVersion: null, intent } });
  await store.commit({
    connection: { next: changed(connection, { name: 'after' }), ifVersion: 1, intent },
  });
  await store.close();
  expect(await (await open()).connection(organization.id, connection.id)).toMatchObject({ name: 'after' });
  expect(reports).toEqual([]);
});

describe('an audit record', () => {
  const requests = async (store: Store) =>
    (await store.auditRecords(organization.id, { limit: 10 })).records.map(({ requestId }) => requestId);

  test.each([
    ['cut off', cut],
    ['zeros, after a loss of power,', zeroed],
  ])(
    'whose line is %s was never acknowledged: it is dropped, reported, and the log goes on',
    async (_, damage) => {
      await killed();
      await writeFile(auditLog(), damage(await readFile(auditLog())));
      const store = await open();
      expect(await requests(store)).toEqual(['two', 'one']);
      expect(reports).toEqual([expect.stringContaining(auditLog())]);
      await store.appendAudit([anAuditRecord(organization.id, { requestId: 'four' })]);
      await store.close();
      expect(await requests(await open())).toEqual(['four', 'two', 'one']);
    },
  );

  test.each([0, 1, 2])(
    'that is damaged (in line %i) stops the start, and is left as it was',
    async (line) => {
      await killed();
      const damaged = flipped(await readFile(auditLog()), line);
      await writeFile(auditLog(), damaged);
      await expect(open()).rejects.toMatchObject({
        code: 'store_unavailable',
        detail: expect.stringContaining(`The audit log ${auditLog()} can't be used: it is damaged`),
        remedy: expect.stringContaining('move it away'),
      });
      expect(await readFile(auditLog())).toEqual(damaged);
    },
  );

  test('that was changed while the store is open is an error, not an answer', async () => {
    await killed();
    const store = await open();
    await writeFile(auditLog(), flipped(await readFile(auditLog()), 1));
    await expect(store.auditRecords(organization.id, { limit: 10 })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});
