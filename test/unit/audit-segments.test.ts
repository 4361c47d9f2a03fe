import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '../../service/domain/audit.js';
import { type FileStoreOptions, openFileStore } from '../../service/records/open.js';
import { anAuditRecord, anOrganization, at } from '../contract/records.js';
import { failure, watched } from '../watched-files.js';

let directory: string;
let reports: string[];
let store: Awaited<ReturnType<typeof openFileStore>>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
  reports = [];
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const { id } = anOrganization();
const log = (name: string) => join(directory, 'audit', name);
const names = async () => (await readdir(join(directory, 'audit'))).sort();

async function open(auditSegmentBytes: number, options: Partial<FileStoreOptions> = {}) {
  const onRepaired = (message: string) => void reports.push(message);
  store = await openFileStore({ directory, lockStaleMs: 2000, onRepaired, auditSegmentBytes, ...options });
}

async function append(count: number): Promise<AuditRecord[]> {
  const records = Array.from({ length: count }, () => anAuditRecord(id));
  for (const record of records) await store.appendAudit([record]);
  return records;
}

const newest = async (limit: number) => (await store.auditRecords(id, { limit })).records;

async function flipAByte(path: string) {
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] as number) ^ 1;
  await writeFile(path, bytes);
}

test('a full file of the audit log is closed and another one begun; a closed one is never changed', async () => {
  await open(400);
  const records = await append(7);
  // Two records fill a file.
  expect(await names()).toEqual([`${id}.1.jsonl`, `${id}.2.jsonl`, `${id}.3.jsonl`, `${id}.jsonl`]);
  const closed = await readFile(log(`${id}.jsonl`));
  await store.close();
  await open(400);
  records.push(...(await append(5)));
  expect(await newest(100)).toEqual([...records].reverse());
  expect(await readFile(log(`${id}.jsonl`))).toEqual(closed);
  for (const name of await names()) expect((await stat(log(name))).mode & 0o777).toBe(0o600);
});

test('a log of one big file, as it was before there were several, is read and goes on in the next', async () => {
  await open(1 << 24);
  const records = await append(20);
  await store.close();
  const before = await readFile(log(`${id}.jsonl`));
  await open(400);
  expect(await newest(100)).toEqual([...records].reverse());
  records.push(...(await append(1)));
  expect(await names()).toEqual([`${id}.1.jsonl`, `${id}.jsonl`]);
  expect(await readFile(log(`${id}.jsonl`))).toEqual(before);
  await store.close();
  await open(400);
  expect(await newest(100)).toEqual([...records].reverse());
});

test('files beyond nine are read in the order of their numbers', async () => {
  await open(1);
  const records = await append(25);
  await store.close();
  await open(1);
  expect(await names()).toContain(`${id}.24.jsonl`);
  expect(await newest(100)).toEqual([...records].reverse());
});

test('a damaged closed file stops neither the start nor writing nor newer pages; who reads it is told what to do', async () => {
  await open(1);
  const records = await append(4);
  await store.close();
  await flipAByte(log(`${id}.1.jsonl`));
  await open(1);
  records.push(...(await append(2)));
  expect(await newest(3)).toEqual(records.slice(-3).reverse());
  const refusal = await newest(100).catch((error) => error);
  expect(refusal).toMatchObject({
    code: 'store_unavailable',
    detail: `The closed audit log ${log(`${id}.1.jsonl`)} can't be read: it is damaged in the line that begins at byte 0.`,
    remedy: expect.stringContaining('Restore the file from a backup; or move it away'),
  });
  // What the remedy says works.
  await store.close();
  await rename(log(`${id}.1.jsonl`), join(directory, 'evidence'));
  await open(1);
  const left = records.filter((_, number) => number !== 1);
  left.push(...(await append(1)));
  expect(await newest(100)).toEqual([...left].reverse());
});

test('a damaged closed file keeps no other organization from losing its old records', async () => {
  await open(1);
  const other = anOrganization();
  await append(2);
  await store.appendAudit([anAuditRecord(other.id)]);
  await store.close();
  await flipAByte(log(`${id}.jsonl`));
  await open(1);
  const now = new Date(Date.UTC(2100, 0, 1)).toISOString();
  await expect(store.deleteAuditBefore(now, now)).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: expect.stringContaining(log(`${id}.jsonl`)),
  });
  expect(await names()).toEqual(
    [`${other.id}.1.jsonl`, ...[1, 2].map((n) => `${id}.${n}.jsonl`), `${id}.jsonl`].sort(),
  );
});

test('a file that is closed for its age stays closed after a restart', async () => {
  await open(1 << 24);
  const [old] = await append(1);
  const before = await readFile(log(`${id}.jsonl`));
  // Of a hundred days, thirty are more than a quarter.
  expect(await store.deleteAuditBefore(at(-70 * 86_400), at(30 * 86_400))).toBe(0);
  await store.close();
  await open(1 << 24);
  const [record] = await append(1);
  expect(await newest(10)).toEqual([record, old]);
  expect(await readFile(log(`${id}.jsonl`))).toEqual(before);
});

test.each([
  ['before the next file was made', async () => {}],
  ['when the next file was made and empty', () => writeFile(log(`${id}.1.jsonl`), '', { mode: 0o600 })],
  [
    'when the first line of the next file was half written',
    () => writeFile(log(`${id}.1.jsonl`), '{"crc32":"00', { mode: 0o600 }),
  ],
])('a crash %s loses and doubles nothing', async (moment, leave) => {
  await open(1);
  const records = await append(1);
  await store.close();
  await leave();
  await open(1);
  expect(await newest(100)).toEqual(records);
  records.push(...(await append(3)));
  expect(await newest(100)).toEqual([...records].reverse());
  await store.close();
  await open(1);
  expect(await newest(100)).toEqual([...records].reverse());
  expect(reports).toHaveLength(moment.includes('half') ? 1 : 0);
});

test('the next file is on the disk before a record in it is acknowledged', async () => {
  const calls: string[] = [];
  await open(1, { fileOperations: watched((call) => void calls.push(call)) });
  await append(1);
  calls.length = 0;
  await append(1);
  const directory = ['open directory', 'fsync directory'];
  expect(calls).toEqual(['open file', 'truncate', 'fsync file', ...directory, 'write', 'fsync file']);
  const now = new Date(Date.UTC(2100, 0, 1)).toISOString();
  expect(await store.deleteAuditBefore(now, now)).toBe(2);
  expect(calls.slice(-4)).toEqual(['unlink', 'unlink', ...directory]);
});

test.each([
  ['open file', 'EROFS'],
  ['truncate', 'EIO'],
  ['write', 'ENOSPC'],
  ['write and truncate', 'EIO'],
  ['fsync file', 'EIO'],
  ['fsync directory', 'EIO'],
])(
  'a disk that fails at %s (%s) when the next file is due refuses the record, and goes on later',
  async (steps, code) => {
    let isBroken = false;
    await open(1, {
      fileOperations: watched((call) => {
        if (isBroken && steps.split(' and ').includes(call)) throw failure(code);
      }),
    });
    const records = await append(1);
    isBroken = true;
    for (let time = 0; time < 2; time++)
      await expect(append(1)).rejects.toMatchObject({
        code: 'store_unavailable',
        detail: expect.stringContaining(code),
      });
    expect(await newest(100)).toEqual(records);
    isBroken = false;
    records.push(...(await append(2)));
    expect(await newest(100)).toEqual([...records].reverse());
    await store.close();
    await open(1);
    expect(await newest(100)).toEqual([...records].reverse());
  },
);

test('the log is read page by page while old files go', async () => {
  await open(1);
  const records = await append(6);
  const { records: first } = await store.auditRecords(id, { limit: 2 });
  const now = new Date(Date.UTC(2100, 0, 1)).toISOString();
  const [page, deleted] = await Promise.all([
    store.auditRecords(id, { limit: 100, before: first[1]?.id }),
    store.deleteAuditBefore(now, now),
  ]);
  expect(deleted).toBe(6);
  const older = records.slice(0, 4).reverse();
  expect(page.records).toEqual(older.slice(0, page.records.length));
  expect(await names()).toEqual([`${id}.6.jsonl`]);
});

test('a file with a strange name among those of the audit log stops the start', async () => {
  await open(1);
  await append(1);
  await store.close();
  await writeFile(log('a.b.jsonl'), '');
  await expect(open(1)).rejects.toMatchObject({ detail: expect.stringContaining(log('a.b.jsonl')) });
});
