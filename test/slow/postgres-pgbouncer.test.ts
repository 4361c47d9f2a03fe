/** PostgreSQL behind PgBouncer in transaction mode, where two statements may run in two sessions of the server. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresStore } from '../../service/index.js';
import { aConnection, anAuditRecord, anOrganization, intent } from '../contract/records.js';
import { startPostgres } from '../postgres/index.js';
import { startVendorOnDatabase } from '../postgres/service-processes.js';

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'].find(existsSync);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
const keys = [{ id: 'k1', key: Buffer.alloc(32, 1) }];

/** A PostgreSQL and, before it, PgBouncer in transaction mode; undefined, and said so, where it is not installed. */
async function startPooler() {
  if (program === undefined) {
    console.warn('Not checked: pgbouncer is not installed.');
    return undefined;
  }
  const server = await startPostgres();
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-pgbouncer-'));
  chmodSync(directory, 0o755);
  const { port, username, password } = new URL(server.url);
  const listenPort = await freePort();
  const users = join(directory, 'users.txt');
  writeFileSync(users, `"${username}" "${password}"\n`);
  writeFileSync(
    join(directory, 'pgbouncer.ini'),
    `[databases]
postgres = host=127.0.0.1 port=${port} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 3
`,
  );
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? Number(execFileSync('id', ['-u', 'postgres'])) : undefined;
  const pooler = spawn(program, [join(directory, 'pgbouncer.ini')], {
    stdio: 'ignore',
    ...(user !== undefined && { uid: user }),
  });
  const url = `postgres://${username}:${password}@127.0.0.1:${listenPort}/postgres`;
  const open = async (left: number): ReturnType<typeof openPostgresStore> =>
    openPostgresStore({ url, maxSessions: 10, keys }).catch((error) => {
      if (left === 0) throw error;
      return new Promise((resolve) => setTimeout(resolve, 100)).then(() => open(left - 1));
    });
  return {
    url,
    store: await open(50),
    async close() {
      const ended = new Promise((resolve) => pooler.once('exit', resolve));
      pooler.kill('SIGKILL');
      await ended;
      await server.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

test('works behind PgBouncer in transaction mode: the store, and a whole service', async () => {
  const pooler = await startPooler();
  if (pooler === undefined) return;
  const { store, url } = pooler;
  try {
    const organization = anOrganization();
    await store.createOrganization(organization);
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const next = aConnection(organization.id);
        const audit = [anAuditRecord(organization.id)];
        await store.commit({ connection: { next, ifVersion: null, intent }, audit });
        expect(await store.connection(organization.id, next.id)).toEqual(next);
      }),
    );
    await store.ready();
    expect((await store.auditRecords(organization.id, { limit: 100 })).records).toHaveLength(60);
    await store.close();

    const vendor = await startVendorOnDatabase(url);
    const settings = { ROLEBRIDGE_SERVICE_KEYS: `k1:${keys[0]?.key.toString('base64')}` };
    const service = await vendor.startProcess(settings);
    const customer = await vendor.organization(service);
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) =>
        index % 2
          ? customer.call(service, 'GET', '/v1/connections?limit=5')
          : customer.call(service, 'POST', '/v1/connections', { name: `c${index}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, index) => (index % 2 ? 200 : 201)));
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    await vendor.close();
  } finally {
    await pooler.close();
  }
}, 90_000);
