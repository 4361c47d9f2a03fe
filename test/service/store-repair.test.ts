/** `rolebridge repair`: lists the losses of a damaged data directory, and drops them when confirmed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '../../service/index.js';
import { fileOperations } from '../../service/records/lowdb/files.js';
import { runCommandLine } from '../command-line.js';
import { aConnection, anAuditRecord, anOrganization, connectedTo, intent } from '../contract/records.js';

const key = Buffer.alloc(32, 5);
const keys = [{ id: 'k1', key }];
const [damaged, whole] = [anOrganization(), anOrganization()];
let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rolebridge-'));
  const store = await openFileStore({ directory, keys });
  for (const organization of [damaged, whole]) {
    await store.createOrganization(organization);
    for (const name of ['first', 'second']) {
      await store.appendAudit([anAuditRecord(organization.id)]);
      const next = aConnection(organization.id, { name });
      await store.commit({ connection: { next, ifVersion: null, intent } });
    }
  }
  await store.close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const repair = (...words: string[]) =>
  runCommandLine(['repair', ...words], {
    env: {
      ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::123456789012:role/rolebridge',
      ROLEBRIDGE_SERVICE_KEYS: `k1:${key.toString('base64')}`,
      ROLEBRIDGE_DATA_DIR: directory,
    },
  });
const file = () => join(directory, 'organizations', `${damaged.id}.json`);
const log = () => {
  const folder = join(directory, 'audit');
  return join(folder, readdirSync(folder).find((name) => name.startsWith(damaged.id)) ?? '');
};
const namesIn = async (id: typeof damaged.id) => {
  const store = await openFileStore({ directory, keys });
  const { connections } = await store.connections(id, { limit: 10 });
  const { records } = await store.auditRecords(id, { limit: 10 });
  await store.close();
  return [connections.map(({ name }) => name).sort(), records.length];
};

test('reports an undamaged store', async () => {
  const { code, stdout } = await repair();
  expect([code, stdout]).toEqual([0, 'Nothing is damaged.\n']);
});

test('restores the previous version of a damaged document, when confirmed', async () => {
  truncateSync(file(), 100);
  const before = readFileSync(file());
  const told = await repair();
  expect([told.code, told.stdout]).toEqual([1, expect.stringContaining('Would drop: Changes from version')]);
  expect(told.stdout).toContain(file());
  expect(readFileSync(file())).toEqual(before);
  await expect(openFileStore({ directory, keys })).rejects.toMatchObject({ code: 'store_unavailable' });
  const dropped = await repair('--drop');
  expect([dropped.code, dropped.stdout]).toEqual([0, expect.stringContaining('Dropped: Changes')]);
  expect(await namesIn(damaged.id)).toEqual([['first'], 2]);
  expect(await namesIn(whole.id)).toEqual([['first', 'second'], 2]);
  expect((await repair()).stdout).toBe('Nothing is damaged.\n');
});

test('drops the damaged checks of a connection, and nothing else', async () => {
  const connections = ['first', 'second', 'third'].map((name) => {
    const connected = connectedTo(`arn:aws:iam::123456789012:role/${name}`);
    const at = connected.verification.startedAt;
    const checks = [{ name: 'assumable', outcome: 'passed', message: `${name} opens.`, at }];
    return aConnection(damaged.id, {
      ...connected,
      name,
      verification: { ...connected.verification, checks },
    });
  });
  const store = await openFileStore({ directory, keys });
  for (const next of connections) await store.commit({ connection: { next, ifVersion: null, intent } });
  await store.close();
  writeFileSync(file(), readFileSync(file(), 'utf8').replace('second opens.', 'second shuts.'));
  const told = await repair();
  expect([told.code, told.stdout]).toEqual([
    1,
    expect.stringContaining('Would drop: The checks of the last verification of 1 connections'),
  ]);
  expect((await repair('--drop')).code).toBe(0);
  const repaired = await openFileStore({ directory, keys });
  const messages = await Promise.all(
    connections.map(async ({ id }) => {
      const found = await repaired.connection(damaged.id, id);
      return found && 'verification' in found && found.verification?.checks.map(({ message }) => message);
    }),
  );
  expect(messages).toEqual([['first opens.'], [], ['third opens.']]);
  await repaired.close();
});

test('drops the lines of an audit log from the first damaged one', async () => {
  const [first = '', second = ''] = readFileSync(log(), 'utf8').split('\n');
  writeFileSync(log(), `${first}\n${second.replace('"phase":"intent"', '"phase":"x"')}\n`);
  const told = await repair('--json');
  expect(JSON.parse(told.stdout).repairs).toEqual([
    {
      organizationId: damaged.id,
      damage: expect.stringContaining(log()),
      drops: ['1 lines of the audit log, from line 2 on.'],
    },
  ]);
  expect((await repair('--drop')).code).toBe(0);
  expect(await namesIn(damaged.id)).toEqual([['first', 'second'], 1]);
});

test('keeps an audit record that only the document has yet', async () => {
  let isBroken = false;
  const store = await openFileStore({
    directory,
    keys,
    fileOperations: {
      open: (async (path: string, ...rest: [string]) => {
        if (isBroken && path.endsWith('.jsonl')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        return fileOperations.open(path, ...rest);
      }) as typeof fileOperations.open,
    },
  });
  const record = anAuditRecord(damaged.id);
  isBroken = true;
  await store.commit({
    connection: { next: aConnection(damaged.id, { name: 'third' }), ifVersion: null, intent },
    audit: [record],
  });
  await store.close();
  const lines = readFileSync(log(), 'utf8');
  writeFileSync(log(), `${lines.slice(0, -1)}\nnot a line\n`);
  expect((await repair('--drop')).code).toBe(0);
  const repaired = await openFileStore({ directory, keys });
  const { records } = await repaired.auditRecords(damaged.id, { limit: 10 });
  expect(records.map(({ id }) => id)).toContain(record.id);
  await repaired.close();
});

test('drops an unreadable organization and keeps its files', async () => {
  for (const path of [file(), `${file()}.bak`]) truncateSync(path, 10);
  expect((await repair()).stdout).toContain('Would drop: The organization');
  const { kept } = JSON.parse((await repair('--drop', '--json')).stdout);
  expect(readdirSync(kept).filter((name) => name.startsWith(damaged.id))).toHaveLength(4);
  expect(await namesIn(whole.id)).toEqual([['first', 'second'], 2]);
});

test('is refused while a service uses the directory', async () => {
  const store = await openFileStore({ directory, keys });
  const { code, stderr } = await repair('--drop');
  expect([code, stderr]).toEqual([3, expect.stringContaining(`is in use by process ${process.pid}.`)]);
  await store.close();
});
