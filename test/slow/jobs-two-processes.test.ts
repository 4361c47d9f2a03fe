/** Two services on one database share the work: each connection is checked by one of them, each message delivered once. */
import type { Store } from '../../service/domain/ports.js';
import { openPostgresStore } from '../../service/records/open.js';
import { hour, until } from '../passing-clock.js';
import { type PostgresDatabase, sharedPostgres } from '../postgres/index.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let server: PostgresDatabase;
let vendor: WatchedVendor;
let stores: [Store, Store];
let another: Awaited<ReturnType<WatchedVendor['startAnother']>>;
beforeAll(async () => {
  server = await sharedPostgres();
  const url = await server.newSchema();
  stores = [await openPostgresStore({ url }), await openPostgresStore({ url })];
  vendor = await startWatchedVendor({ store: stores[0], verifyStsCallsPerSecond: 1_000 });
  another = await vendor.startAnother({ store: stores[1] });
}, 60_000);
afterAll(async () => {
  await another?.close();
  await vendor?.close();
});

test('every connection is checked once, by either process', async () => {
  const made = await Promise.all(
    Array.from({ length: 40 }, (_, number) => vendor.connected({ project: `p${number}` })),
  );
  const before = made.map(({ calls }) => calls());
  vendor.clock.pass(hour);
  await until(() => made.every(({ calls }, index) => calls() - (before[index] ?? 0) >= 3), 'a check of each');
  const outcomes = async () =>
    Promise.all(
      made.map(
        async ({ audit }) =>
          (await audit('connection.verify')).filter(
            ({ phase, actor }) => phase === 'outcome' && actor.kind === 'service',
          ).length,
      ),
    );
  await until(async () => (await outcomes()).every((count) => count >= 1), 'the outcome of each');
  expect(await outcomes()).toEqual(Array(40).fill(1));
  expect(made.map(({ calls }, index) => calls() - (before[index] ?? 0))).toEqual(Array(40).fill(3));
});

test("one process finishes the other's jobs, and each message is delivered once", async () => {
  const made = await vendor.connected({ project: 'left' });
  vendor.sandbox.deleteRole(made.arn);
  await another.close();
  vendor.clock.pass(hour);
  await until(() => vendor.logged('is repeated soon').length >= 1);
  await until(async () => {
    vendor.clock.pass(30_000);
    return (await made.status()) === 'failed';
  });
  await until(() => vendor.receiver.types(made.id).length === 2);
  expect(vendor.receiver.of(made.id).map(({ body }) => body.type)).toEqual([
    'connection.connected',
    'connection.failed',
  ]);
});
