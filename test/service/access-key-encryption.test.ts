import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConnectionId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import {
  commandLine,
  createAccessKeyEncryption,
  createEncryption,
  createLocalKeyEncryptionKey,
  createLogger,
  createService,
  createSts,
  reencrypt,
  type Service,
  systemClock,
} from '../../service/index.js';
import { type AccessKeyVendor, keyOf, startAccessKeyVendor } from '../access-key-vendor.js';
import { intent } from '../contract/intent.js';
import { callApi } from '../vendor.js';

type Keys = Parameters<typeof createLocalKeyEncryptionKey>[0];
type Stored = { id: string; organizationId: string; accessKey: { encrypted: Record<string, string> } };

const k1 = { id: 'k1', key: randomBytes(32) };
const k2 = { id: 'k2', key: randomBytes(32) };
const encryptionWith = (...keys: Keys) => createAccessKeyEncryption(createLocalKeyEncryptionKey(keys));
const serviceKey = { id: 's1', key: randomBytes(32) };

let vendor: AccessKeyVendor;
let service: Service | undefined;
let ids: string[];
const logs: string[] = [];

/** Two connections, one with a session token; the service is stopped, so that its file can be worked on. */
beforeEach(async () => {
  vendor = await startAccessKeyVendor({ accessKeyEncryption: encryptionWith(k1) });
  const { accountId, admin } = vendor.customer();
  const made = [await vendor.create(admin), await vendor.create(keyOf(vendor.session(accountId)))];
  ids = made.map(({ body }) => body.id);
  await vendor.service.close();
});
afterEach(async () => {
  await service?.close();
  service = undefined;
  await vendor.sandbox.close();
  vendor.logs.push(...logs.splice(0));
  vendor.expectNoSecretLeft(3);
});

async function restart(...keys: Keys) {
  service = await createService({
    store: await vendor.openStore(),
    sts: createSts({ partitions: { aws: { endpoint: vendor.sandbox.url } }, timeoutMs: 30_000 }),
    encryption: createEncryption([serviceKey]),
    accessKeyEncryption: encryptionWith(...keys),
    logger: createLogger('trace', { write: (line) => void logs.push(line) }),
    principals: new Map([['aws', vendor.principal]]),
  });
  const { url } = service;
  return (index: number, path = 'verify', body?: object) =>
    callApi(url, vendor.apiKey, body ? 'PUT' : 'POST', `/v1/connections/${ids[index]}/${path}`, body);
}

/** Stored data, changed by an attacker with the signing keys. */
async function change(tamper: (first: Stored, second: Stored) => void): Promise<void> {
  const store = await vendor.openStore();
  const found = await store.backend.get('connections', ids);
  tamper(found[0] as unknown as Stored, found[1] as unknown as Stored);
  await store.backend.transact(vendor.organization.id, async (transaction) => {
    for (const connection of found) if (connection) await transaction.put('connections', connection);
  });
  await store.close();
}

const flipped = (text: string, place: number) => {
  const bytes = Buffer.from(text, 'base64url');
  const at = (place + bytes.length) % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64url');
};
const partFlipped = (text: string, part: number) =>
  text
    .split('.')
    .map((piece, index) => (index === part ? flipped(piece, 0) : piece))
    .join('.');

it('decrypts with the key that encrypted it', async () => {
  const verify = await restart(k1);
  expect([(await verify(0)).status, (await verify(1)).status]).toEqual([200, 200]);
});

const fields = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const;
const pairs = (names: readonly string[]) =>
  names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other] as const));

describe('fails to decrypt without a call to AWS', () => {
  test.each<[string, (first: Stored, second: Stored) => void]>([
    ...[...fields, 'wrappedDataKey'].map((field): [string, (a: Stored, b: Stored) => void] => [
      `${field} of another row`,
      (a, b) => {
        b.accessKey.encrypted[field] =
          a.accessKey.encrypted[field] ?? (a.accessKey.encrypted.accessKeyId as string);
      },
    ]),
    [
      'a whole encrypted key of another row',
      (a, b) => {
        b.accessKey.encrypted = a.accessKey.encrypted;
      },
    ],
    ...pairs(fields).map(([from, to]): [string, (a: Stored, b: Stored) => void] => [
      `${from} moved to ${to}`,
      (_, b) => {
        b.accessKey.encrypted[to] = b.accessKey.encrypted[from] as string;
      },
    ]),
    ...fields.flatMap((field) =>
      [0, 12, -17, -1].map((place): [string, (a: Stored, b: Stored) => void] => [
        `${field} with a bit flipped at ${place}`,
        (_, b) => {
          b.accessKey.encrypted[field] = flipped(b.accessKey.encrypted[field] as string, place);
        },
      ]),
    ),
    ...[2, 3].map((part): [string, (a: Stored, b: Stored) => void] => [
      `a wrapped data key with a bit flipped in part ${part}`,
      (_, b) => {
        b.accessKey.encrypted.wrappedDataKey = partFlipped(
          b.accessKey.encrypted.wrappedDataKey as string,
          part,
        );
      },
    ]),
    [
      'a secret cut short',
      (_, b) => {
        b.accessKey.encrypted.secretAccessKey = 'AAAA';
      },
    ],
    [
      'a secret in clear',
      (_, b) => {
        b.accessKey.encrypted.secretAccessKey = 'wJalrXUtnFEMI';
      },
    ],
    [
      'a wrapped data key that is no such thing',
      (_, b) => {
        b.accessKey.encrypted.wrappedDataKey = 'x';
      },
    ],
    [
      "another key's id",
      (_, b) => {
        b.accessKey.encrypted.keyId = 'k2';
      },
    ],
  ])('%s', async (_name, tamper) => {
    await change(tamper);
    const verify = await restart(k1, k2);
    const before = vendor.sandbox.requests.length;
    const answer = await verify(1);
    expect([answer.status, answer.body.code]).toEqual([500, 'access_key_unreadable']);
    expect(answer.body.detail).toContain('was changed');
    expect(vendor.sandbox.requests.length).toBe(before);
  });

  it('without its key, which is named; a new access key repairs the connection', async () => {
    const call = await restart(k2);
    const answer = await call(0);
    expect([answer.status, answer.body.code]).toEqual([500, 'access_key_unreadable']);
    expect(answer.body.detail).toContain('"k1"');
    expect(answer.body.remedy).toContain('ROLEBRIDGE_ENCRYPTION_KEYS');
    const key = vendor.sandbox.createAccessKey(accountOf(0), 'second');
    expect((await call(0, 'access-key', keyOf(key))).status).toBe(200);
    expect((await call(0)).status).toBe(200);
  });

  it('with another key of the same id', async () => {
    const verify = await restart({ id: 'k1', key: randomBytes(32) });
    expect((await verify(0)).body.code).toBe('access_key_unreadable');
  });
});

describe('re-encryption', () => {
  const inStore = (store: Store, ...keys: Keys) => ({
    store,
    clock: systemClock,
    encryption: createEncryption([{ id: 's1', key: randomBytes(32) }]),
    accessKeyEncryption: encryptionWith(...keys),
  });
  async function reencrypted(...keys: Keys) {
    const store = await vendor.openStore();
    try {
      return (await reencrypt(inStore(store, ...keys), commandLine())).accessKeys;
    } finally {
      await store.close();
    }
  }

  it('moves all access keys to the first encryption key, so that the old one can be removed', async () => {
    const before = ids.map((id) => vendor.encryptedKeyOf(id).wrappedDataKey);
    expect(await reencrypted(k2, k1)).toEqual({ keyId: 'k2', reencrypted: 2, unchanged: 0, failed: [] });
    for (const wrapped of before) expect(vendor.stored()).not.toContain(wrapped);
    expect(await reencrypted(k2, k1)).toEqual({ keyId: 'k2', reencrypted: 0, unchanged: 2, failed: [] });
    const verify = await restart(k2);
    expect([(await verify(0)).status, (await verify(1)).status]).toEqual([200, 200]);
  });

  it("skips and reports an access key that can't be decrypted", async () => {
    await change((first) => {
      first.accessKey.encrypted.secretAccessKey = flipped(
        first.accessKey.encrypted.secretAccessKey as string,
        3,
      );
    });
    const damaged = vendor.encryptedKeyOf(ids[0] as string);
    expect(await reencrypted(k2, k1)).toEqual({
      keyId: 'k2',
      reencrypted: 1,
      unchanged: 0,
      failed: [{ id: ids[0], reason: expect.stringContaining('was changed') }],
    });
    expect(vendor.encryptedKeyOf(ids[0] as string)).toEqual(damaged);
  });

  it('keeps a concurrent change', async () => {
    const store = await vendor.openStore();
    const first = await store.connectionForCallback(ids[0] as ConnectionId);
    if (first === undefined) throw new Error('There are two.');
    const [{ accessKeys }] = await Promise.all([
      reencrypt(inStore(store, k2, k1), commandLine()),
      store.commit({ connection: { next: { ...first, name: 'renamed', version: 2 }, ifVersion: 1, intent } }),
    ]);
    expect(accessKeys).toMatchObject({ reencrypted: 2, failed: [] });
    const connection = await store.connection(first.organizationId, first.id);
    await store.close();
    expect(connection).toMatchObject({
      name: 'renamed',
      version: 3,
      accessKey: { encrypted: { keyId: 'k2' } },
    });
  });
});

function accountOf(index: number): string {
  const { connections } = JSON.parse(readFileSync(vendor.dataFile, 'utf8')).tables;
  return connections.find((connection: Stored) => connection.id === ids[index]).accountId;
}
