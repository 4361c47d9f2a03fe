/** One address, behind which the writable server becomes a read-only one and another takes its place. */
import { type AddressInfo, connect, createServer } from 'node:net';
import pg from 'pg';
import { until } from '../passing-clock.js';
import { startPostgres } from '../postgres/index.js';
import { startVendorOnDatabase } from '../postgres/service-processes.js';

test('the service refuses writes while its address leads to a read-only server, says so, and recovers without help', async () => {
  const server = await startPostgres();
  const target = new URL(server.url);
  const address = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    client.pipe(upstream).pipe(client);
    for (const [own, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      own.on('error', () => {});
      own.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => address.listen(0, '127.0.0.1', resolve));
  const url = new URL(await server.newSchema());
  url.port = String((address.address() as AddressInfo).port);
  const vendor = await startVendorOnDatabase(url.href);
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  try {
    const service = await vendor.startProcess();
    const customer = await vendor.organization(service);
    const post = async () => (await customer.call(service, 'POST', '/v1/connections', { name: 'x' })).status;
    const many = async () => new Set(await Promise.all(Array.from({ length: 20 }, post)));
    const isReady = async () => (await fetch(`${service.url}/readyz`)).status;
    expect(await many()).toEqual(new Set([201]));
    await admin.query('ALTER DATABASE postgres SET default_transaction_read_only = on');
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rolebridge'",
    );
    await until(async () => (await isReady()) === 503, 'it is not ready');
    expect(await many()).toEqual(new Set([503]));

    // New sessions can write; those of the pool can't.
    await admin.query('BEGIN READ WRITE');
    await admin.query('ALTER DATABASE postgres RESET default_transaction_read_only');
    await admin.query('COMMIT');
    const switchedAt = Date.now();
    await until(async () => (await post()) === 201, 'the first write');
    expect(Date.now() - switchedAt).toBeLessThan(10_000);
    await until(async () => (await isReady()) === 200, 'it is ready');
    expect(await many()).toEqual(new Set([201]));
  } finally {
    await admin.end();
    await vendor.close();
    await new Promise((resolve) => address.close(resolve));
    await server.dispose();
  }
}, 90_000);
