/** The vendor's own fault with very many connections. `ROLEBRIDGE_MASS=1000` for a thousand (`npm run cases`). */
import { setTimeout as sleep } from 'node:timers/promises';
import { hour, minute, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

const size = Number(process.env.ROLEBRIDGE_MASS ?? 60);
const organizations = 10;

let vendor: WatchedVendor;
beforeAll(async () => {
  vendor = await startWatchedVendor({
    rateLimits: { key: 0, verifications: 0, connection: 0, callbacks: 0, address: 0 } as never,
  });
});
afterAll(() => vendor.close());

test(`${size} connections stay connected, one alarm goes out, and all are verified minutes after the repair`, async () => {
  const keys: string[] = [];
  for (let number = 0; number < organizations; number++)
    keys.push((await vendor.service.createOrganization(`customer ${number}`)).apiKey);
  const made: Awaited<ReturnType<typeof vendor.connected>>[] = [];
  while (made.length < size)
    made.push(
      ...(await Promise.all(
        [0, 1, 2].map((number) => {
          const next = made.length + number;
          return vendor.connected({ project: `p${next}` }, keys[next % organizations]);
        }),
      )),
    );
  const roles = new Set(made.map(({ arn }) => arn));
  /** Roles that AWS was asked about since then. */
  const askedSince = (first: number) =>
    new Set(
      vendor.sandbox.requests
        .slice(first)
        .flatMap(({ roleArn }) => (roleArn && roles.has(roleArn) ? [roleArn] : [])),
    ).size;
  const verified = async (since: number) => {
    let count = 0;
    for await (const connection of vendor.store.everyConnection())
      if ('verification' in connection && Date.parse(connection.verification?.finishedAt ?? '') > since)
        count += 1;
    return count;
  };
  const degraded = async () =>
    ((await (await fetch(`${vendor.service.url}/readyz`)).json()) as { degradedSince?: string })
      .degradedSince;
  const types = (type: string) => vendor.receiver.received.filter(({ body }) => body.type === type);
  await until(() => types('connection.connected').length === made.length, 'the first messages', 60_000);

  vendor.sandbox.faults.set({ kind: 'denied-by-organization', action: 'AssumeRole', because: '' });
  const first = vendor.sandbox.requests.length;
  vendor.clock.pass(hour + minute);
  await until(
    async () => {
      vendor.clock.pass(minute / 4);
      return askedSince(first) === roles.size && (await degraded()) !== undefined;
    },
    'each role is denied',
    120_000,
  );
  expect((await vendor.store.connectionTotals()).status).toMatchObject({ connected: made.length, failed: 0 });

  vendor.sandbox.faults.clear();
  const repairedAt = vendor.clock.now();
  // Time stands still until no denial from before is on its way.
  for (let asked = -1; asked !== vendor.sandbox.requests.length; ) {
    asked = vendor.sandbox.requests.length;
    await sleep(500);
  }
  await until(
    async () => {
      vendor.clock.pass(minute / 4);
      return (await verified(repairedAt)) === made.length && (await degraded()) === undefined;
    },
    'each is verified again',
    120_000,
  );
  // Not an interval later.
  expect(vendor.clock.now() - repairedAt).toBeLessThan(hour / 2);
  expect((await vendor.store.connectionTotals()).status).toMatchObject({ connected: made.length, failed: 0 });
  await until(() => types('service.recovered').length === 1, 'the message of the recovery');
  expect(types('service.degraded')).toHaveLength(1);
  expect(types('connection.failed')).toHaveLength(0);
}, 600_000);
