/** A database backed up with `pg_dump` and restored with `pg_restore`, by a PostgreSQL installed beside its own tools. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openPostgresStore } from '../../service/records/open.js';
import {
  aConnection,
  aJob,
  anApiKey,
  anAuditRecord,
  anOrganization,
  at,
  connectedTo,
  idempotencyRecordOf,
  intent,
} from '../contract/records.js';

const run = promisify(execFile);
/** Where Debian keeps a version's programs: its own `pg_dump` fits its own server. */
const programs = ['/usr/lib/postgresql']
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((version) => join(folder, version, 'bin')))
  .filter((bin) =>
    ['initdb', 'postgres', 'pg_dump', 'pg_restore'].every((name) => existsSync(join(bin, name))),
  )
  .at(-1);
const user = userOfPostgres();
const canRun = programs !== undefined && (process.getuid?.() !== 0 || user !== undefined);
if (!canRun)
  console.warn('not checked: pg_dump and pg_restore (no PostgreSQL with its tools in /usr/lib/postgresql)');

const role = 'arn:aws:iam::123456789012:role/reader';
let directory: string;
let server: ChildProcess;
let url: (database: string) => string;

const withPostgres = canRun ? describe : describe.skip;
withPostgres('a database backed up with pg_dump', () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rolebridge-backup-'));
    if (user) chownSync(directory, user.uid, user.gid);
    const data = join(directory, 'data');
    await run(
      join(programs ?? '', 'initdb'),
      ['--no-sync', '--auth=trust', '--username=rolebridge', '--encoding=UTF8', '--locale=C', data],
      { ...user, cwd: directory },
    );
    const port = await freePort();
    server = spawn(
      join(programs ?? '', 'postgres'),
      ['-D', data, '-p', String(port), '-k', directory, '-c', 'listen_addresses=127.0.0.1'],
      { ...user, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on('data', (text) => String(text).includes('ready to accept connections') && resolve());
      server.once('exit', () => reject(new Error('PostgreSQL ended.')));
    });
    url = (database) => `postgres://rolebridge@127.0.0.1:${port}/${database}`;
  }, 60_000);
  afterAll(async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });

  test('restores the same store with its constraints', async () => {
    const tool = (name: string, ...words: string[]) =>
      run(join(programs ?? '', name), words, { ...user, cwd: directory });
    await tool('createdb', '--maintenance-db', url('postgres'), 'live');
    const live = await openPostgresStore({ url: url('live') });
    const organization = anOrganization();
    const key = anApiKey(organization.id);
    const connection = aConnection(organization.id, {
      ...connectedTo(role),
      name: 'NUL \u0000 and zoë',
      scopes: [{ project: 'shop' }],
    });
    await live.createOrganization(organization);
    await live.createApiKey(key);
    await live.commit({
      connection: { next: connection, ifVersion: null, intent },
      idempotency: { ...idempotencyRecordOf(connection), answer: { status: 200, body: '{"ok":true}' } },
      jobs: [aJob(connection)],
    });
    const record = anAuditRecord(organization.id, { connectionId: connection.id });
    await live.appendAudit([record]);

    // While the service runs.
    await tool('pg_dump', '--format=custom', '--file', join(directory, 'backup'), url('live'));
    await tool('createdb', '--maintenance-db', url('postgres'), 'restored');
    await tool(
      'pg_restore',
      '--no-owner',
      '--exit-on-error',
      '--dbname',
      url('restored'),
      join(directory, 'backup'),
    );
    await live.close();

    const restored = await openPostgresStore({ url: url('restored') });
    try {
      await restored.ready();
      expect(await restored.organization(organization.id)).toEqual(organization);
      expect(await restored.apiKey(key.id)).toEqual(key);
      expect(await restored.scopeHolders(organization.id, ['shop'])).toEqual([{ key: 'shop', connection }]);
      expect((await restored.auditRecords(organization.id, { limit: 10 })).records).toEqual([record]);
      expect(await restored.idempotencyRecord(connection.id, 'msg_1', at(1))).toMatchObject({
        answer: { status: 200, body: '{"ok":true}' },
      });
      expect(await restored.leaseJobs({ now: at(100), leaseUntil: at(130), limit: 9 })).toEqual([
        aJob(connection),
      ]);
      const insert = (differences: object) =>
        restored.commit({
          connection: { next: aConnection(organization.id, differences), ifVersion: null, intent },
        });
      await expect(insert(connectedTo(role))).rejects.toMatchObject({ code: 'role_already_connected' });
      await expect(insert({ scopes: [{ project: 'shop' }] })).rejects.toMatchObject({ code: 'scope_taken' });
      await expect(insert({ externalId: connection.externalId })).rejects.toThrow('externalId');
    } finally {
      await restored.close();
    }
  }, 60_000);
});

/** PostgreSQL does not run as root. */
function userOfPostgres(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
