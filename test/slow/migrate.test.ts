/** `rolebridge migrate`, as an operator runs it. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { disconnected } from '../../service/domain/connection-transitions.js';
import type { OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore, openPostgresStore } from '../../service/records/open.js';
import {
  aConnection,
  aJob,
  aMessage,
  anAccessKeyConnection,
  anApiKey,
  anAuditRecord,
  anOrganization,
  aToken,
  at,
  changed,
  connectedTo,
  idempotencyRecordOf,
  intent,
} from '../contract/records.js';
import { type PostgresDatabase, sharedPostgres } from '../postgres/index.js';
import { serviceProgram } from '../run/service-program.mjs';

const serviceKey = randomBytes(32);
const keys = [{ id: 'k1', key: serviceKey }];
let server: PostgresDatabase;
let directory: string;
let url: string;
beforeAll(async () => {
  server = await sharedPostgres();
}, 60_000);
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rolebridge-migrate-'));
  url = await server.newSchema();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Copies the files into the database. */
const migrate = (settings: Record<string, string> = {}, ...words: string[]) =>
  rolebridge(['migrate', '--from', 'file', '--to', 'postgres', ...words], settings);

/** Runs the command line. */
function rolebridge(words: readonly string[], settings: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [serviceProgram, ...words],
      {
        env: {
          PATH: process.env.PATH,
          ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:role/rolebridge',
          ROLEBRIDGE_SERVICE_KEYS: `k1:${serviceKey.toString('base64')}`,
          ROLEBRIDGE_DATA_DIR: directory,
          DATABASE_URL: url,
          ...settings,
        } as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv,
      },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

async function inFiles<Result>(use: (store: Store) => Promise<Result>, folder = directory): Promise<Result> {
  const store = await openFileStore({ directory: folder, keys });
  return use(store).finally(() => store.close());
}
async function inDatabase<Result>(use: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openPostgresStore({ url, keys });
  return use(store).finally(() => store.close());
}

const role = 'arn:aws:iam::123456789012:role/reader';

/** Two organizations with one of everything. */
const fill = (store: Store) =>
  Promise.all(
    [role, `${role}-2`].map(async (roleArn) => {
      const organization = anOrganization();
      await store.appendAudit([anAuditRecord(organization.id, { action: 'organization.create' })]);
      await store.createOrganization(organization);
      const key = anApiKey(organization.id);
      const revoked = anApiKey(organization.id, { createdAt: at(1) });
      for (const one of [key, revoked]) await store.createApiKey(one);
      await store.revokeApiKey(organization.id, revoked.id, at(2));
      const insert = async <Kept extends ReturnType<typeof aConnection>>(next: Kept) => {
        await store.commit({ connection: { next, ifVersion: null, intent } });
        return next;
      };
      const connection = await insert(
        aConnection(organization.id, {
          ...connectedTo(roleArn),
          name: 'NUL \u0000 and zoë',
          scopes: [{ project: 'shop' }, {}],
          pendingExternalId: `rb-pending-${roleArn.length}`,
        }),
      );
      const rotated = `rb-rotated-${roleArn.length}`;
      const before = await insert(aConnection(organization.id, { externalId: rotated }));
      const now = changed(before, { externalId: `rb-now-${roleArn.length}` });
      await store.commit({ connection: { next: now, ifVersion: 1, intent } });
      const withKey = await insert(anAccessKeyConnection(organization.id) as never);
      const left = await insert(aConnection(organization.id));
      const deleted = changed(left, { status: 'disconnected', reason: 'deleted', disconnectedAt: at(9) });
      await store.commit({
        connection: { next: deleted, ifVersion: 1, intent },
        idempotency: { ...idempotencyRecordOf(left), answer: { status: 200, body: '{"zoë":[1,null]}' } },
        jobs: [aJob(left, { purpose: 'confirm_revocation' })],
        messages: [aMessage(left, { id: `msg_${left.id}` })],
      });
      await store.commit({ idempotency: { ...idempotencyRecordOf(connection), webhookId: 'msg_open' } });
      const token = aToken(organization.id, { hash: randomBytes(32).toString('hex') });
      await store.saveToken(token);
      for (let count = 0; count < 3; count++)
        await store.appendAudit(
          Array.from({ length: 400 }, () => anAuditRecord(organization.id, { connectionId: connection.id })),
        );
      return { organization, key, revoked, rotated, connection, withKey, deleted, token };
    }),
  );

/** Members in order: PostgreSQL keeps none. */
const text = (value: object): string => JSON.stringify(Object.fromEntries(Object.entries(value).sort()));

/** Everything readable about these in a store. */
const everything = async (store: Store, filled: Awaited<ReturnType<typeof fill>>) =>
  Promise.all(
    filled.map(async ({ organization: { id }, key, connection, deleted, token }) => [
      await store.organization(id),
      await store.apiKeys(id),
      await store.apiKey(key.id),
      await store.connections(id, { limit: 100 }),
      await store.connectionForCallback(deleted.id),
      await store.scopeHolders(id, ['shop', '']),
      await store.idempotencyRecord(deleted.id, 'msg_1', at(10)),
      await store.idempotencyRecord(connection.id, 'msg_open', at(10)),
      await store.token(token.kind, token.hash),
      (await audit(store, id)).sort(),
    ]),
  );
const audit = async (store: Store, id: OrganizationId) =>
  (await store.auditRecords(id, { limit: 5_000 })).records.map(text);
const due = async (store: Store) => {
  const request = { now: at(1_000), leaseUntil: at(1_001), limit: 100 };
  return {
    jobs: (await store.leaseJobs(request)).map(text).sort(),
    messages: (await store.leaseMessages(request)).map(text).sort(),
  };
};

test('moves everything, reports the numbers, and can be repeated', async () => {
  const filled = await inFiles(fill);
  // Of an organization that could not be made, the intent is all there is.
  const never = anOrganization();
  await inFiles((store) => store.appendAudit([anAuditRecord(never.id, { action: 'organization.create' })]));
  for (let time = 0; time < 2; time++) {
    const { code, stdout, stderr } = await migrate({}, '--json');
    expect([stderr, code]).toEqual(['', 0]);
    expect(JSON.parse(stdout)).toEqual({
      organizations: 2,
      apiKeys: 4,
      connections: 8,
      reports: 0,
      retiredExternalIds: 2,
      runningChecks: 0,
      projects: 0,
      answeredRequests: 0,
      idempotency: 4,
      jobs: 2,
      messages: 2,
      tokens: 2,
      webhookEndpoints: 0,
      auditRecords: 2 * 1201 + 1,
    });
  }
  const ofFiles = await inFiles((store) => everything(store, filled));
  expect(await inDatabase((store) => everything(store, filled))).toEqual(ofFiles);
  expect(await inDatabase(due)).toEqual(await inFiles(due));
  expect(await inDatabase((store) => audit(store, never.id))).toHaveLength(1);
  await inDatabase(async (store) => {
    const id = filled[0]?.organization.id as OrganizationId;
    const claims = aConnection(id, connectedTo(`${role}-2`));
    await expect(
      store.commit({ connection: { next: claims, ifVersion: null, intent } }),
    ).rejects.toMatchObject({
      code: 'role_already_connected',
    });
    for (const externalId of [filled[1]?.connection.pendingExternalId, filled[1]?.rotated]) {
      const again = aConnection(id, { externalId });
      await expect(store.commit({ connection: { next: again, ifVersion: null, intent } })).rejects.toThrow(
        'externalId',
      );
    }
  });
}, 60_000);

test('updates the database from newer files, including a role that changed its connection', async () => {
  const [one, two] = await inFiles(fill);
  if (one === undefined || two === undefined) throw new Error('There are two.');
  expect((await migrate()).code).toBe(0);
  await inFiles(async (store) => {
    const gone = { ...disconnected(one.connection, at(70)), version: 2 };
    await store.commit({ connection: { next: gone, ifVersion: 1, intent } });
    const next = aConnection(two.organization.id, connectedTo(role));
    await store.commit({ connection: { next, ifVersion: null, intent } });
    await store.revokeApiKey(one.organization.id, one.key.id, at(70));
    await store.deleteEndedApiKeys(two.organization.id, at(70));
  });
  const { code, stdout } = await migrate();
  expect(code).toBe(0);
  expect(stdout).toMatch(/connections +9/);
  const filled = [one, two];
  const ofFiles = await inFiles((store) => everything(store, filled));
  expect(await inDatabase((store) => everything(store, filled))).toEqual(ofFiles);
}, 60_000);

test('moves back, into the former data directory and into a new one', async () => {
  const filled = await inFiles(fill);
  const [one] = filled;
  if (one === undefined) throw new Error('There are two.');
  expect((await migrate()).code).toBe(0);
  const renamed = changed(one.connection, { name: 'renamed' });
  await inDatabase((store) => store.commit({ connection: { next: renamed, ifVersion: 1, intent } }));
  const ofDatabase = await inDatabase((store) => everything(store, filled));
  const back = ['migrate', '--from', 'postgres', '--to', 'file'];
  for (const folder of [directory, join(directory, 'new')]) {
    expect(await rolebridge(back, { ROLEBRIDGE_DATA_DIR: folder })).toMatchObject({ code: 0, stderr: '' });
    expect(await inFiles((store) => everything(store, filled), folder)).toEqual(ofDatabase);
  }
  const same = await rolebridge(['migrate', '--from', 'file', '--to', 'file']);
  expect([same.code, same.stderr]).toEqual([2, expect.stringContaining('are the same store')]);
}, 60_000);

test('keeps later changes in the database', async () => {
  const [one] = await inFiles(fill);
  if (one === undefined) throw new Error('There are two.');
  expect((await migrate()).code).toBe(0);
  const renamed = changed(one.connection, { name: 'renamed' });
  await inDatabase((store) => store.commit({ connection: { next: renamed, ifVersion: 1, intent } }));
  const { code, stderr } = await migrate();
  expect(code).toBe(3);
  expect(stderr).toContain(
    `The target was used since it was copied to. The connection ${renamed.id} is newer`,
  );
  expect(await inDatabase((store) => store.connectionForCallback(renamed.id))).toEqual(renamed);
}, 60_000);

test('writes nothing to a database that was changed since the copy', async () => {
  const [one, two] = await inFiles(fill);
  if (one === undefined || two === undefined) throw new Error('There are two.');
  expect((await migrate()).code).toBe(0);
  const change = (store: Store, id: OrganizationId, differences: object) =>
    store.changeOrganization(id, (stored) => ({ ...stored, ...differences }));
  await inDatabase(async (store) => {
    await store.appendAudit([anAuditRecord(one.organization.id, { action: 'organization.suspend' })]);
    await change(store, one.organization.id, { suspendedAt: at(70) });
  });
  await inFiles((store) => change(store, two.organization.id, { name: 'renamed' }));
  const { code, stderr } = await migrate();
  expect([code, stderr]).toEqual([3, expect.stringContaining(`The audit log of ${one.organization.id}`)]);
  await inDatabase(async (store) => {
    expect(await store.organization(one.organization.id)).toMatchObject({ suspendedAt: at(70) });
    expect(await store.organization(two.organization.id)).toEqual(two.organization);
  });
}, 60_000);

test('copies all or nothing: an error leaves the database unchanged', async () => {
  await inFiles(fill);
  await inDatabase(async () => {});
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // Something else in the database has an organization's place.
  await client.query('ALTER TABLE tokens ADD CONSTRAINT none CHECK (false)');
  const { code, stderr } = await migrate();
  expect(code).not.toBe(0);
  expect(stderr).toContain('23514');
  expect((await client.query('SELECT key FROM organizations')).rows).toEqual([]);
  expect((await client.query('SELECT id FROM audit_records')).rows).toEqual([]);
  await client.end();
}, 60_000);

test('reports the difference without the password', async () => {
  const noDatabase = await migrate({ DATABASE_URL: '' });
  expect([noDatabase.code, noDatabase.stderr]).toEqual([2, expect.stringContaining('Set DATABASE_URL')]);
  const unreachable = await migrate({ DATABASE_URL: 'postgres://me:canary@127.0.0.1:9/none' });
  expect(unreachable.code).toBe(3);
  expect(unreachable.stderr).not.toContain('canary');
});
