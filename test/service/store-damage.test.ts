/** A changed data directory: the start reports it, or no acknowledged data is missing. */
import assert from 'node:assert';
import { createHmac, hkdfSync } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { inspect } from '../../service/records/lowdb/inspect.js';
import { openFileStore } from '../../service/records/open.js';
import type { RecordStore } from '../../service/records/record-store.js';
import { tableNames, tables } from '../../service/records/tables.js';
import { createKeyring } from '../../service/secrets/keyring.js';
import {
  aConnection,
  anApiKey,
  anAuditRecord,
  anOrganization,
  aToken,
  connectedTo,
  intent,
} from '../contract/records.js';

const keys = [{ id: 'k1', key: Buffer.alloc(32, 3) }];
/** `ROLEBRIDGE_DAMAGE_CASES=300` for all of them. */
const cases = Number(process.env.ROLEBRIDGE_DAMAGE_CASES ?? 60);
const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-damage-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let base: string;
let truth: string;
const organizations = [anOrganization(), anOrganization(), anOrganization()];

/** Connected, with a report that stays on the disk. */
function verified(roleName: string, message = 'It opens.') {
  const connected = connectedTo(`arn:aws:iam::123456789012:role/${roleName}`);
  const check = { name: 'assumable', outcome: 'passed', message, at: connected.verification.startedAt };
  return { ...connected, verification: { ...connected.verification, checks: [check] } };
}

/** Ends with records that no document names, as after `kill -9`. */
async function fill(store: RecordStore, name = 'p'): Promise<void> {
  for (const { id } of organizations) {
    for (let number = 0; number < 8; number++) {
      await store.appendAudit([anAuditRecord(id)]);
      const next = aConnection(id, {
        scopes: [{ project: `${name}${number}` }],
        ...verified(`${id}-${name}${number}`),
      });
      await store.commit({ connection: { next, ifVersion: null, intent } });
    }
    await store.createApiKey(anApiKey(id));
    await store.saveToken(aToken(id, { hash: name + id }));
    for (let number = 0; number < 4; number++) await store.appendAudit([anAuditRecord(id)]);
  }
}

beforeAll(async () => {
  base = newFolder();
  const store = await openFileStore({ directory: base, keys });
  for (const organization of organizations) await store.createOrganization(organization);
  await fill(store);
  await store.close();
  truth = await contents(base);
});

async function contents(directory: string): Promise<string> {
  const store = await openFileStore({ directory, keys, onRepaired() {}, onWarning() {} });
  try {
    const found: unknown[] = [];
    for (const name of tableNames) {
      const [order = ''] = Object.keys(tables[name].orders);
      found.push(name, await store.backend.list(name, { order: order as never, limit: 10_000 }));
    }
    for (const { id } of organizations) found.push(await store.auditRecords(id, { limit: 10_000 }));
    return JSON.stringify(found);
  } finally {
    await store.close();
  }
}

const copyOf = (directory: string): string => {
  const copy = newFolder();
  for (const name of ['organizations', 'audit'])
    cpSync(join(directory, name), join(copy, name), { recursive: true });
  cpSync(join(directory, 'integrity-keys.json'), join(copy, 'integrity-keys.json'));
  return copy;
};
const filesIn = (directory: string): string[] =>
  ['organizations', 'audit'].flatMap((folder) =>
    readdirSync(join(directory, folder)).map((name) => join(directory, folder, name)),
  );

let seed = 7;
const random = (below: number): number => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return Math.floor((seed / 0x7fffffff) * below);
};
const linesOf = (bytes: Buffer): string[] => bytes.toString('latin1').split('\n').slice(0, -1);
const ofLines = (lines: readonly string[]): Buffer =>
  Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');

/** Damage to a file; undefined when it doesn't apply. */
const damages: Record<string, (bytes: Buffer) => Buffer | undefined> = {
  truncated: (bytes) => bytes.subarray(0, random(bytes.length)),
  'truncated at a line': (bytes) => ofLines(linesOf(bytes).slice(0, random(linesOf(bytes).length))),
  'with a bit flipped': (bytes) => {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  'with zeros at its end': (bytes) => bytes.fill(0, Math.max(0, bytes.length - random(600))),
  'with zeros inside': (bytes) => {
    const at = random(bytes.length);
    return bytes.fill(0, at, at + 64);
  },
  emptied: () => Buffer.alloc(0),
  'with its last line doubled': (bytes) => ofLines([...linesOf(bytes), ...linesOf(bytes).slice(-1)]),
  'without a line': (bytes) => ofLines(linesOf(bytes).toSpliced(random(linesOf(bytes).length), 1)),
  'without its last line': (bytes) => ofLines(linesOf(bytes).slice(0, -1)),
  'with two lines swapped': (bytes) => {
    const lines = linesOf(bytes);
    if (lines.length < 2) return undefined;
    const at = random(lines.length - 1);
    return ofLines(lines.toSpliced(at, 2, lines[at + 1] ?? '', lines[at] ?? ''));
  },
  'with something appended': (bytes) => Buffer.concat([bytes, Buffer.from('garbage')]),
  'with a line break appended': (bytes) => Buffer.concat([bytes, Buffer.from('\n')]),
};

test(`of ${cases} damaged files, none starts with anything missing or changed`, async () => {
  const outcomes = { refused: 0, whole: 0 };
  for (let number = 0; number < cases; number++) {
    const copy = copyOf(base);
    const files = filesIn(copy);
    const path = files[random(files.length)] ?? '';
    const names = [...Object.keys(damages), 'gone'];
    const name = names[number % names.length] ?? '';
    if (name === 'gone') rmSync(path);
    else {
      const damaged = damages[name]?.(readFileSync(path));
      if (damaged === undefined) continue;
      writeFileSync(path, damaged);
    }
    const found = await contents(copy).catch((error) => {
      if (error.code !== 'store_unavailable') throw error;
      // It names the organization's file.
      expect([name, path, error.detail]).toEqual([name, path, expect.stringMatching(/org_[a-z2-7]{24}/)]);
      return undefined;
    });
    if (found === undefined) outcomes.refused += 1;
    else {
      outcomes.whole += 1;
      expect([name, path, found === truth]).toEqual([name, path, true]);
    }
    rmSync(copy, { recursive: true });
  }
  expect(outcomes.refused).toBeGreaterThan(outcomes.whole);
}, 300_000);

test('a single restored old file is detected', async () => {
  const later = copyOf(base);
  const store = await openFileStore({ directory: later, keys });
  await fill(store, 'later');
  await store.close();
  for (const path of filesIn(base).filter((name) => !name.endsWith('.bak'))) {
    const copy = copyOf(later);
    writeFileSync(path.replace(base, copy), readFileSync(path));
    const isHead = path.endsWith('.head');
    const refusal = await contents(copy).then(
      () => undefined,
      (error) => error.code,
    );
    // An older head says less, and all that is there is newer.
    expect([path, refusal]).toEqual([path, isHead ? undefined : 'store_unavailable']);
  }
});

test('a document of one change ago is detected by its head', async () => {
  const later = copyOf(base);
  const store = await openFileStore({ directory: later, keys });
  const [{ id } = anOrganization()] = organizations;
  const path = join(later, 'organizations', `${id}.json`);
  const before = readFileSync(path);
  await store.commit({ connection: { next: aConnection(id), ifVersion: null, intent } });
  await store.close();
  expect(await contents(copyOf(later))).toContain(id);
  writeFileSync(path, before);
  await expect(contents(later)).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: expect.stringMatching(/it is version \d+, and version \d+ was stored/),
  });
});

test('an old document restored with its head is detected by the audit log', async () => {
  const later = copyOf(base);
  const store = await openFileStore({ directory: later, keys });
  await fill(store, 'later');
  await store.close();
  cpSync(join(base, 'organizations'), join(later, 'organizations'), { recursive: true });
  await expect(contents(later)).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: expect.stringMatching(/it is version \d+, and the audit log names version \d+/),
  });
});

test('a malformed head is reported in a sentence, without parser output', async () => {
  const copy = copyOf(base);
  const [{ id } = anOrganization()] = organizations;
  const path = join(copy, 'organizations', `${id}.head`);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"head"', '"hfad"'));
  await expect(contents(copy)).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: expect.stringContaining(`${path} can't be used: it does not have the form`),
  });
});

test('an edited value in a document is detected', async () => {
  const copy = copyOf(base);
  const [{ id } = anOrganization()] = organizations;
  const path = join(copy, 'organizations', `${id}.json`);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"project":"p0"', '"project":"q0"'));
  await expect(contents(copy)).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: expect.stringContaining(path),
  });
});

test('an edited report is refused when it is read, and found by the next start', async () => {
  const copy = copyOf(base);
  const [{ id } = anOrganization()] = organizations;
  const path = join(copy, 'organizations', `${id}.json`);
  const store = await openFileStore({ directory: copy, keys });
  const { connections } = await store.connections(id, { limit: 1 });
  const connectionId = connections[0]?.id as never;
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('It opens.', 'It shuts.'));
  const damaged = { code: 'store_unavailable', detail: expect.stringContaining(path) };
  await expect(store.connection(id, connectionId)).rejects.toMatchObject(damaged);
  // Writes in the meantime sign no edited report.
  await store.createApiKey(anApiKey(id));
  await store.close();
  await expect(openFileStore({ directory: copy, keys })).rejects.toMatchObject(damaged);
});

test('a report is read whole while its document is written again and again', async () => {
  const directory = newFolder();
  const store = await openFileStore({ directory, keys });
  const organization = anOrganization();
  await store.createOrganization(organization);
  const { id } = organization;
  let next = aConnection(id, verified('read'));
  await store.commit({ connection: { next, ifVersion: null, intent } });
  let isDone = false;
  const reading = (async () => {
    for (let count = 0; ; count++) {
      const found = await store.connection(id, next.id);
      expect(found).toMatchObject({
        verification: { checks: [{ message: expect.stringMatching(/^(x+|It opens\.)$/) }] },
      });
      if (isDone) return count;
      await setImmediate();
    }
  })();
  for (let number = 1; number <= 100; number++) {
    next = { ...next, ...verified('read', 'x'.repeat(number)), version: number + 1 } as typeof next;
    await store.commit({ connection: { next, ifVersion: number, intent } });
  }
  isDone = true;
  expect(await reading).toBeGreaterThan(100);
  expect(await store.connection(id, next.id)).toEqual(next);
  await store.close();
});

test('an edited line signed without the key is detected', async () => {
  const copy = copyOf(base);
  const log = filesIn(copy).find((path) => path.endsWith('.jsonl')) ?? '';
  const foreign = Buffer.from(hkdfSync('sha256', Buffer.alloc(32), '', 'rolebridge stored records v1', 32));
  const lines = linesOf(readFileSync(log));
  const edited = (lines.at(-1) ?? '').replace('"kind":"operator"', '"kind":"callback"');
  const signed = edited.slice(0, edited.lastIndexOf(',"mac":'));
  const mac = createHmac('sha256', foreign).update(signed).digest('base64url');
  writeFileSync(log, ofLines([...lines.slice(0, -1), `${signed},"mac":"i1.${mac}"}`]));
  await expect(contents(copy)).rejects.toMatchObject({
    code: 'store_unavailable',
    detail: expect.stringContaining(log),
  });
});

test('a different service key is reported as such', async () => {
  const others = [{ id: 'k2', key: Buffer.alloc(32, 4) }];
  await expect(openFileStore({ directory: copyOf(base), keys: others })).rejects.toMatchObject({
    detail: expect.stringContaining('is encrypted with the service key "k1", which is not configured'),
  });
  const renamed = [{ id: 'k1', key: Buffer.alloc(32, 4) }];
  await expect(openFileStore({ directory: copyOf(base), keys: renamed })).rejects.toMatchObject({
    detail: expect.stringContaining('another service key of the name "k1"'),
  });
});

test('the key that signs, edited, gone or exchanged for another store’s, stops the start', async () => {
  const other = newFolder();
  await (await openFileStore({ directory: other, keys })).close();
  for (const damage of [
    (path: string) => rmSync(path),
    (path: string) => writeFileSync(path, '{}'),
    (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('"i1"', '"i2"')),
    (path: string) => cpSync(join(other, 'integrity-keys.json'), path),
  ]) {
    const copy = copyOf(base);
    damage(join(copy, 'integrity-keys.json'));
    await expect(contents(copy)).rejects.toMatchObject({ code: 'store_unavailable' });
  }
});

describe('a service key was exchanged, and the integrity key with it', () => {
  const renewed = [{ id: 'k2', key: Buffer.alloc(32, 9) }, ...keys];
  const under = (directory: string) => openFileStore({ directory, keys: renewed });
  const only = (directory: string) => openFileStore({ directory, keys: renewed.slice(0, 1) });
  let later: string;
  beforeAll(async () => {
    later = copyOf(base);
    const store = await under(later);
    expect(await store.renewIntegrityKey()).toEqual({ keyId: 'i2', signedAgain: organizations.length });
    // Once.
    expect(await store.renewIntegrityKey()).toEqual({ keyId: 'i2', signedAgain: 0 });
    await store.close();
  });

  test('the former service key is needed no more, and everything is there, older audit records too', async () => {
    const store = await only(later);
    for (const { id } of organizations) {
      expect((await store.auditRecords(id, { limit: 1_000 })).records).toHaveLength(12);
      await store.appendAudit([anAuditRecord(id)]);
    }
    await store.close();
    expect((await inspect(later, renewed.slice(0, 1))).damages).toEqual([]);
    const again = await only(later);
    for (const { id } of organizations)
      expect((await again.auditRecords(id, { limit: 1_000 })).records).toHaveLength(13);
    await again.close();
  });

  test('a line that a holder of the former service key signs is refused', async () => {
    const copy = copyOf(later);
    const sealed = JSON.parse(readFileSync(join(base, 'integrity-keys.json'), 'utf8')).i1;
    const [key = assert.fail()] = keys;
    const opened = createKeyring([key], 'rolebridge integrity key v1').open(sealed, 'integrity key i1');
    const stolen = Buffer.from(JSON.parse(opened.toString()).key, 'base64');
    const log = filesIn(copy).find((path) => path.endsWith('.jsonl')) ?? '';
    const last = JSON.parse(linesOf(readFileSync(log)).at(-1) ?? '');
    const { mac: prev, ...line } = { ...last, n: last.n + 1 };
    const signed = JSON.stringify({ ...line, prev }).slice(0, -1);
    const mac = createHmac('sha256', stolen).update(signed).digest('base64url');
    appendFileSync(log, `${signed},"mac":"i1.${mac}"}\n`);
    await expect(only(copy)).rejects.toMatchObject({
      detail: expect.stringContaining('signed with the key "i1", which was retired'),
    });
  });

  test('a document, a head or a line that the former key signed does not come back', async () => {
    for (const path of filesIn(base).filter((name) => !name.endsWith('.bak'))) {
      const copy = copyOf(later);
      writeFileSync(path.replace(base, copy), readFileSync(path));
      await expect(only(copy)).rejects.toMatchObject({ code: 'store_unavailable' });
    }
  });
});

test('a torn last line of the audit log is removed and reported; acknowledged lines stay', async () => {
  const copy = copyOf(base);
  const log = filesIn(copy).find((path) => path.endsWith('.jsonl')) ?? '';
  const whole = statSync(log).size;
  writeFileSync(log, Buffer.concat([readFileSync(log), Buffer.from('{"n":99,"epoch":1,"docu')]));
  const reports: string[] = [];
  const store = await openFileStore({
    directory: copy,
    keys,
    onRepaired: (message) => reports.push(message),
  });
  await store.close();
  expect(reports).toEqual([expect.stringContaining(`The last 23 bytes of ${log} were cut off`)]);
  expect(statSync(log).size).toBe(whole);
});

test('in quarantine the other organizations are served', async () => {
  const copy = copyOf(base);
  const [first, second] = organizations;
  truncateSync(join(copy, 'organizations', `${first?.id}.json`), 40);
  await expect(contents(copy)).rejects.toMatchObject({
    remedy: expect.stringContaining('ROLEBRIDGE_QUARANTINE'),
  });
  const warnings: string[] = [];
  const store = await openFileStore({
    directory: copy,
    keys,
    quarantine: true,
    onWarning: (message) => warnings.push(message),
  });
  expect(warnings).toEqual([
    expect.stringContaining(`Quarantined: ${join(copy, 'organizations', first?.id ?? '')}`),
  ]);
  expect(await store.organization(second?.id as never)).toEqual(second);
  expect(await store.organization(first?.id as never)).toBeUndefined();
  await expect(store.createApiKey(anApiKey(first?.id as never))).rejects.toMatchObject({
    code: 'store_unavailable',
  });
  const next = aConnection(second?.id as never, connectedTo('arn:aws:iam::123456789012:role/reader'));
  await store.commit({ connection: { next, ifVersion: null, intent } });
  await store.close();
});
