/** Tests of PostgreSQL alone; the shared contract is in `test/contract/`. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { newOrganizationId, type OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import { openPostgresStore } from '../../service/records/open.js';
import type { PostgresOptions } from '../../service/records/postgres/backend.js';
import {
  aConnection,
  anApiKey,
  anAuditRecord,
  anOrganization,
  aToken,
  at,
  connectedTo,
  intent,
} from '../contract/records.js';
import { type PostgresServer, startPostgres } from '../postgres/index.js';

let server: PostgresServer;
let opened: Store[];
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.dispose());
beforeEach(() => {
  opened = [];
});
afterEach(() => Promise.all(opened.map((store) => store.close())));

const open = async (url: string, options: Partial<PostgresOptions> = {}): Promise<Store> => {
  const store = await openPostgresStore({ url, ...options });
  opened.push(store);
  return store;
};
const sql = async (url: string, text: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(text, values).finally(() => client.end());
};

test('old audit records are deleted once by two concurrent processes', async () => {
  const url = await server.newSchema();
  const stores = await Promise.all([open(url), open(url)]);
  const { id } = anOrganization();
  const old = Array.from({ length: 3_000 }, () => anAuditRecord(id));
  await stores[0]?.appendAudit(old);
  const now = new Date(Date.UTC(2100, 0, 1)).toISOString();
  const deleted = await Promise.all(stores.map((store) => store.deleteAuditBefore(now)));
  expect(deleted.reduce((sum, count) => sum + count)).toBe(old.length);
  expect((await sql(url, 'SELECT id FROM audit_records')).rows).toEqual([]);
});

describe('checkpoints of the audit log', () => {
  const never = new Date(Date.UTC(2100, 0, 1)).toISOString();
  const keys = [{ id: 'k1', key: Buffer.alloc(32, 1) }];
  const withLog = async () => {
    const url = await server.newSchema();
    const store = await open(url, { keys });
    const organization = anOrganization();
    await store.createOrganization(organization);
    const append = (count: number) =>
      store.appendAudit(Array.from({ length: count }, () => anAuditRecord(organization.id)));
    await append(5);
    expect(await store.signAudit(never)).toBe(1);
    await append(5);
    expect([await store.signAudit(never), await store.signAudit(never)]).toEqual([1, 0]);
    await append(1);
    expect(await store.auditFaults()).toEqual([]);
    return { url, store, append, organization };
  };

  test.each([
    ['a deleted record', 'DELETE FROM audit_records WHERE id = (SELECT min(id) FROM audit_records)'],
    [
      'an added record',
      "INSERT INTO audit_records SELECT organization_id, id || 'x', connection_id, value, mac FROM audit_records ORDER BY id LIMIT 1",
    ],
    ['a deleted checkpoint', "DELETE FROM audit_checkpoints WHERE value->>'n' = '1'"],
    [
      'an edited checkpoint',
      "UPDATE audit_checkpoints SET value = jsonb_set(value, '{isTrimmed}', 'true') WHERE value->>'n' = '1'",
    ],
  ])('detect %s', async (_, statement) => {
    const { url, store, organization } = await withLog();
    await sql(url, statement);
    expect(await store.auditFaults()).toEqual([expect.stringContaining(organization.id)]);
  });

  test("of one organization, damaged, keep no other organization's log from signing and retention", async () => {
    const { url, store, append, organization } = await withLog();
    const other = anOrganization();
    await store.createOrganization(other);
    await sql(url, "UPDATE audit_checkpoints SET value = jsonb_set(value, '{records}', '1')");
    await append(1);
    await store.appendAudit([anAuditRecord(other.id)]);
    await expect(store.signAudit(never)).rejects.toMatchObject({
      detail: expect.stringContaining(organization.id),
    });
    const signedLogs = await sql(url, 'SELECT organization_id FROM audit_checkpoints GROUP BY 1');
    expect(signedLogs.rows).toHaveLength(2);
    await expect(store.deleteAuditBefore(never)).rejects.toMatchObject({ code: 'store_unavailable' });
    const left = await sql(url, 'SELECT DISTINCT organization_id FROM audit_records');
    expect(left.rows).toEqual([{ organization_id: organization.id }]);
  });

  test('survive retention, and are created by one of many processes', async () => {
    const { url, store, append, organization } = await withLog();
    expect(await store.deleteAuditBefore(never)).toBe(11);
    expect((await sql(url, 'SELECT key FROM audit_checkpoints')).rows).toHaveLength(1);
    expect(await store.auditFaults()).toEqual([]);
    await append(3);
    const others = await Promise.all([open(url, { keys }), open(url, { keys })]);
    const signed = await Promise.all([store, ...others].map((each) => each.signAudit(never)));
    expect(signed.reduce((sum, count) => sum + count)).toBe(1);
    expect(await store.auditFaults()).toEqual([]);
    await sql(url, 'DELETE FROM audit_records');
    expect(await store.auditFaults()).toEqual([expect.stringContaining(organization.id)]);
  });
});

describe('the key that signs, after a service key was exchanged', () => {
  const [former, next] = [1, 2].map((byte) => ({ id: `k${byte}`, key: Buffer.alloc(32, byte) }));
  const never = new Date(Date.UTC(2100, 0, 1)).toISOString();
  afterEach(() => jest.restoreAllMocks());

  test('is loaded by running processes, and the one before signs nothing any more once all have', async () => {
    const url = await server.newSchema();
    const both = [next, former].filter((key) => key !== undefined);
    const running = await open(url, { keys: [...both].reverse() });
    const organization = anOrganization();
    await running.createOrganization(organization);
    await running.appendAudit([anAuditRecord(organization.id)]);
    await running.signAudit(never);
    const before = await sql(url, 'SELECT key, mac FROM organizations');

    const renewing = await open(url, { keys: both });
    // The organization and the checkpoint.
    expect(await renewing.renewIntegrityKey()).toEqual({ keyId: 'i2', signedAgain: 2 });
    expect(await renewing.renewIntegrityKey()).toEqual({ keyId: 'i2', signedAgain: 0 });
    const connection = aConnection(organization.id);
    await renewing.commit({ connection: { next: connection, ifVersion: null, intent } });
    expect(await running.connection(organization.id, connection.id)).toEqual(connection);
    await running.createApiKey(anApiKey(organization.id));
    expect((await sql(url, "SELECT key FROM api_keys WHERE mac NOT LIKE 'i2.%'")).rows).toEqual([]);

    // A process that had read nothing since might still sign with the one before: it counts for two minutes.
    const putBack = () =>
      sql(url, 'UPDATE organizations SET mac = $2 WHERE key = $1', Object.values(before.rows[0]));
    await renewing.signAudit(never);
    await putBack();
    expect(await running.organization(organization.id)).toEqual(organization);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 180_000);
    await renewing.signAudit(never);
    expect(await renewing.organization(organization.id)).toEqual(organization);
    await putBack();
    await expect(renewing.organization(organization.id)).rejects.toMatchObject({
      detail: expect.stringContaining('signed with the key "i1", which was retired'),
    });

    const alone = await open(url, { keys: both.slice(0, 1) });
    expect((await alone.auditRecords(organization.id, { limit: 10 })).records).toHaveLength(1);
    expect(await alone.auditFaults()).toEqual([]);
    await expect(openPostgresStore({ url, keys: both.slice(1) })).rejects.toMatchObject({
      detail: expect.stringContaining('the service key "k2", which is not configured'),
    });
  });
});

describe('the schema', () => {
  test('is created once by concurrent starts', async () => {
    const url = await server.newSchema();
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)));
    const organization = anOrganization();
    await stores[0]?.createOrganization(organization);
    for (const store of stores) expect(await store.organization(organization.id)).toEqual(organization);
    expect((await sql(url, 'SELECT id, version FROM schema_version')).rows).toEqual([{ id: 1, version: 1 }]);
  });

  test('of a newer version is rejected and unchanged', async () => {
    const url = await server.newSchema();
    await open(url);
    await sql(url, 'UPDATE schema_version SET version = 7');
    await expect(openPostgresStore({ url })).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: 'The database has schema version 7; this version of Rolebridge knows 1.',
      remedy: expect.stringContaining('Start the newer version'),
    });
    expect((await sql(url, 'SELECT version FROM schema_version')).rows).toEqual([{ version: 7 }]);
  });

  test('that is upgraded by a newer process stops the writes of an older one', async () => {
    const url = await server.newSchema();
    const store = await open(url);
    const organization = anOrganization();
    await store.createOrganization(organization);
    await sql(url, 'UPDATE schema_version SET version = 7');
    for (const write of [
      () => store.createApiKey(anApiKey(organization.id)),
      () => store.appendAudit([anAuditRecord(organization.id)]),
      () => store.ready(),
    ])
      await expect(write()).rejects.toMatchObject({
        code: 'store_unavailable',
        detail: expect.stringContaining('schema version 7 now'),
      });
    expect(await store.organization(organization.id)).toEqual(organization);
  });

  test('that is partially created by something else is not touched', async () => {
    const url = await server.newSchema();
    await sql(url, 'CREATE TABLE tokens (mine INT)');
    await expect(openPostgresStore({ url })).rejects.toThrow('42P07');
    const { rows } = await sql(
      url,
      `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`,
    );
    expect(rows.map((row) => row.table_name).sort()).toEqual(['schema_version', 'tokens']);
    expect((await sql(url, 'SELECT version FROM schema_version')).rows).toEqual([{ version: 0 }]);
  });

  test('can be used by a role that can only read and write rows', async () => {
    const url = await server.newSchema();
    await open(url);
    const schema = (await sql(url, 'SELECT current_schema() AS name')).rows[0].name;
    await sql(url, `CREATE ROLE ${schema}_app LOGIN PASSWORD 'app'`);
    await sql(url, `GRANT USAGE ON SCHEMA ${schema} TO ${schema}_app`);
    await sql(url, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${schema}_app`);
    const store = await open(url.replace('rolebridge:rolebridge@', `${schema}_app:app@`));
    await store.createOrganization(anOrganization());
    await store.ready();
  });
});

describe('input', () => {
  let url: string;
  let store: Store;
  const organization = anOrganization();
  beforeEach(async () => {
    url = await server.newSchema();
    store = await open(url);
    await store.createOrganization(organization);
  });
  const insert = async (differences: object = {}) => {
    const next = aConnection(organization.id, differences);
    await store.commit({ connection: { next, ifVersion: null, intent } });
    return next;
  };

  test('is stored exactly, even where JSONB would reject it', async () => {
    const name = 'NUL \u0000, a lone \ud800, zoë, "quotes", \\u0000, 𝒳';
    const connection = await insert({ name });
    expect(await store.connection(organization.id, connection.id)).toEqual({ ...connection, name });
    const token = aToken(organization.id, { data: { z: 1, a: { nul: '\u0000', zoë: null } } });
    await store.saveToken(token);
    expect(await store.replaceToken(token, token)).toBe(true);
    expect(await store.token(token.kind, token.hash)).toEqual(token);
  });

  test('is never interpreted as SQL', async () => {
    const evil = `'; DROP TABLE connections; -- $1 \\`;
    const connection = await insert({ name: evil });
    expect(await store.connection(organization.id, connection.id)).toEqual(connection);
    expect(await store.organization(evil as never)).toBeUndefined();
    await expect(store.createApiKey(anApiKey(evil as never))).rejects.toThrow('a row of apiKeys is invalid');
    expect(await store.scopeHolders(organization.id, [evil])).toEqual([]);
    expect(await store.token('web_session', evil)).toBeUndefined();
  });

  test('from a damaged or edited row is an error that reveals nothing of the row', async () => {
    const connection = await insert({ name: 'private name' });
    for (const damage of ['{}', 'null', '[]', `{"id":"${connection.id}","name":"private name"}`]) {
      await sql(url, 'UPDATE connections SET value = $1', [damage]);
      const refusal = await store.connection(organization.id, connection.id).catch((error) => error);
      expect(refusal).toMatchObject({
        code: 'store_unavailable',
        detail: expect.stringContaining(connection.id),
      });
      expect(String(refusal)).not.toContain('private');
    }
  });

  test('from a row moved to another place is an error', async () => {
    const [one, two] = [await insert(), await insert()];
    await sql(
      url,
      'UPDATE connections SET (value, mac) = (SELECT value, mac FROM connections WHERE key = $1)',
      [one.id],
    );
    expect(await store.connection(organization.id, one.id)).toEqual(one);
    await expect(store.connection(organization.id, two.id)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  test.each<[string, string, (inside: OrganizationId) => Promise<unknown>]>([
    [
      'a claim',
      "UPDATE claims SET row_key = $1 WHERE row_key = $2 AND value = 'shop'",
      (inside) => store.scopeHolders(inside, ['shop']),
    ],
    [
      'the organization of a row',
      'UPDATE connections SET organization_id = (SELECT organization_id FROM connections WHERE key = $2) WHERE key = $1',
      (inside) => store.connections(inside, { limit: 10 }),
    ],
  ])("where %s was edited open no other organization's connection", async (_, statement, read) => {
    const other = anOrganization();
    await store.createOrganization(other);
    const theirs = aConnection(other.id);
    await store.commit({ connection: { next: theirs, ifVersion: null, intent } });
    const mine = await insert({ scopes: [{ project: 'shop' }] });
    await sql(url, statement, [theirs.id, mine.id]);
    await expect(read(organization.id)).rejects.toMatchObject({
      code: 'store_unavailable',
      detail: `The row connections ${theirs.id} can't be used: a column or claim that leads to it was edited.`,
    });
  });

  test('where a claim was edited shows no connection beside the scope', async () => {
    const [shop, blog] = [
      await insert({ scopes: [{ project: 'shop' }] }),
      await insert({ scopes: [{ project: 'blog' }] }),
    ];
    await sql(url, "UPDATE claims SET row_key = $1 WHERE row_key = $2 AND value = 'shop'", [
      blog.id,
      shop.id,
    ]);
    const refusal = { code: 'store_unavailable', detail: expect.stringContaining(blog.id) };
    await expect(store.connections(organization.id, { scope: 'shop', limit: 9 })).rejects.toMatchObject(
      refusal,
    );
    await expect(store.scopeHoldersWithin(organization.id, 'shop', 9)).rejects.toMatchObject(refusal);
  });

  test('rejects a used external ID, including rotated ones', async () => {
    const first = await insert();
    const next = { ...first, externalId: 'rb-another' as never, version: 2 };
    await store.commit({ connection: { next, ifVersion: 1, intent } });
    await expect(insert({ externalId: first.externalId })).rejects.toThrow('externalId');
  });

  test('continues after a statement that the database rejected, on the same sessions', async () => {
    const narrow = await open(url, { maxSessions: 1 });
    const connection = await insert({
      ...connectedTo('arn:aws:iam::123456789012:role/reader'),
      scopes: [{}],
    });
    for (let count = 0; count < 3; count++) {
      const next = aConnection(organization.id, connectedTo('arn:aws:iam::123456789012:role/reader'));
      await expect(narrow.commit({ connection: { next, ifVersion: null, intent } })).rejects.toMatchObject({
        code: 'role_already_connected',
      });
      await expect(narrow.createApiKey(anApiKey(newOrganizationId()))).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    expect(await narrow.connection(organization.id, connection.id)).toEqual(connection);
  });

  test('swaps scopes between connections concurrently without losing one', async () => {
    const other = await open(url);
    const [one, two] = [
      await insert({ scopes: [{ project: 'a' }] }),
      await insert({ scopes: [{ project: 'b' }] }),
    ];
    for (let round = 0; round < 20; round++) {
      const take = async (from: Store, id: string, project: string) => {
        const connection = await from.connection(organization.id, id as never);
        if (connection === undefined) throw new Error('It is gone.');
        const next = {
          ...connection,
          scopes: [{ project }],
          version: connection.version + 1,
          updatedAt: at(round),
        };
        await from.commit({
          connection: { next, ifVersion: connection.version, intent },
          replaceScopes: true,
        });
      };
      const outcomes = await Promise.allSettled([
        take(store, one.id, round % 2 ? 'a' : 'b'),
        take(other, two.id, round % 2 ? 'b' : 'a'),
      ]);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('connection_changed');
      await expectScopesAreWhole(url);
    }
  });
});

/** The claims table matches the connections. */
async function expectScopesAreWhole(url: string): Promise<void> {
  const { rows } = await sql(
    url,
    "SELECT key, value->'scopes' AS scopes FROM connections WHERE deleted = 'no'",
  );
  const expected = rows.flatMap(({ key, scopes }) =>
    scopes.map((scope: { project: string }) => `${scope.project} ${key}`),
  );
  const held = (await sql(url, "SELECT value, row_key FROM claims WHERE space LIKE 'scope %'")).rows;
  expect(held.map(({ value, row_key }) => `${value} ${row_key}`).sort()).toEqual(expected.sort());
}

describe('when the database is unavailable', () => {
  afterEach(async () => {
    // Whatever a test left it in.
    await server.proceed();
  });

  test('the start fails immediately without printing the password', async () => {
    const refusal = await openPostgresStore({
      url: 'postgres://me:canary-password@127.0.0.1:9/rolebridge',
    }).catch((error) => error);
    expect(refusal).toMatchObject({
      code: 'store_unavailable',
      detail: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('DATABASE_URL'),
    });
    expect(JSON.stringify(refusal) + refusal.stack + refusal.cause.stack).not.toContain('canary');
  });

  test('the first of several hosts that answers is used', async () => {
    const url = await server.newSchema();
    const store = await open(url.replace('@127.0.0.1', '@127.0.0.1:9,127.0.0.1'));
    await store.createOrganization(anOrganization());
    await Promise.all(Array.from({ length: 20 }, () => store.ready()));
  });

  test('every call fails while it is stopped, and works again afterwards', async () => {
    const url = await server.newSchema();
    const store = await open(url);
    const organization = anOrganization();
    await store.createOrganization(organization);
    await server.stop();
    const calls = [
      () => store.organization(organization.id),
      () => store.createOrganization(anOrganization()),
      () => store.commit({ connection: { next: aConnection(organization.id), ifVersion: null, intent } }),
      () => store.leaseJobs({ now: at(0), leaseUntil: at(1), limit: 1 }),
      () => store.ready(),
    ];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({ code: 'store_unavailable', retryAfterSeconds: 2 });
    await server.start();
    await store.ready();
    expect(await store.organization(organization.id)).toEqual(organization);
  });

  test('an unresponsive server delays calls up to the limits, and calls work when it responds', async () => {
    const url = await server.newSchema();
    const limits = { connectTimeoutMs: 300, statementTimeoutMs: 300, maxSessions: 2 };
    const store = await open(url, limits);
    const organization = anOrganization();
    await store.createOrganization(organization);
    await server.pause();
    const startedAt = performance.now();
    // More than there are sessions: some wait for the server, the others for a session.
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => store.organization(organization.id)),
    );
    const tookMs = performance.now() - startedAt;
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
    // The statement's limit, a second more for the driver's, the wait for a session.
    expect(tookMs).toBeLessThan(10_000);
    await server.proceed();
    await untilReady(store);
    expect(await store.organization(organization.id)).toEqual(organization);
  });

  test('a locked row is waited for up to the statement timeout', async () => {
    const url = await server.newSchema();
    const store = await open(url, { statementTimeoutMs: 300 });
    const organization = anOrganization();
    await store.createOrganization(organization);
    const connection = aConnection(organization.id);
    await store.commit({ connection: { next: connection, ifVersion: null, intent } });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT key FROM organizations FOR UPDATE');
    const next = { ...connection, name: 'renamed', version: 2 };
    await expect(store.commit({ connection: { next, ifVersion: 1, intent } })).rejects.toMatchObject({
      code: 'store_unavailable',
      retryAfterSeconds: 2,
    });
    await client.end();
    await store.commit({ connection: { next, ifVersion: 1, intent } });
  });

  test('a database that takes no writes, such as a replica after a failover, is not ready', async () => {
    const url = await server.newSchema();
    const store = await open(url);
    const organization = anOrganization();
    await store.createOrganization(organization);
    await sql(url, 'ALTER DATABASE postgres SET default_transaction_read_only = on');
    try {
      await sql(url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
      await expect(store.ready()).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.createOrganization(anOrganization())).rejects.toMatchObject({
        code: 'store_unavailable',
      });
      expect(await store.organization(organization.id)).toEqual(organization);
      expect(await (await open(url)).organization(organization.id)).toEqual(organization);
    } finally {
      await sql(url, 'SET transaction_read_only = off; ALTER DATABASE postgres RESET ALL');
    }
    // No session is ended here: those that were refused a write are not used again.
    await untilReady(store);
    await store.createOrganization(anOrganization());
  });
});

async function untilReady(store: Store): Promise<void> {
  for (let left = 50; ; left--) {
    const isReady = await store.ready().then(
      () => true,
      () => false,
    );
    if (isReady) return;
    if (left === 0) throw new Error('It did not become ready.');
    await sleep(100);
  }
}
