/** A denial whose text names a side is a verdict on that side; `sts.test.ts` has each text. */
import { hour, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
let made: Awaited<ReturnType<WatchedVendor['connected']>>[];
beforeEach(async () => {
  vendor = await startWatchedVendor();
  made = [];
  for (const name of ['one', 'two', 'three']) {
    const { apiKey } = await vendor.service.createOrganization(name);
    made.push(await vendor.connected({}, apiKey));
  }
});
afterEach(() => vendor.close());

const statuses = () => Promise.all(made.map(({ status }) => status()));
const received = (type: string) => vendor.receiver.received.filter(({ body }) => body.type === type);

type Side = Extract<Parameters<WatchedVendor['sandbox']['faults']['set']>[0], { kind: 'denied' }>['by'];
const texts: [by: Side, explicit: boolean, code: 'vendor_not_allowed' | 'role_not_assumable'][] = [
  ['identity', true, 'vendor_not_allowed'],
  ['vpc-endpoint', false, 'vendor_not_allowed'],
  ['rcp', true, 'role_not_assumable'],
];

test.each(texts)(
  '%s (explicit: %s) for all roles changes no connection and raises one alarm',
  async (by, explicit) => {
    vendor.sandbox.faults.set({ kind: 'denied', action: 'AssumeRole', by, explicit });
    await until(() => {
      vendor.clock.pass(hour / 4);
      return received('service.degraded').length > 0;
    }, 'the alarm');
    const asked = () => Promise.all(made.map(({ calls }) => calls()));
    const before = await asked();
    await until(async () => {
      vendor.clock.pass(hour / 4);
      return (await asked()).every((count, index) => count >= (before[index] ?? 0) + 3);
    }, 'more denials');
    expect(await statuses()).toEqual(['connected', 'connected', 'connected']);
    expect(received('connection.failed')).toEqual([]);
  },
);

test.each(texts)(
  '%s (explicit: %s) for one role, while others open, fails it at the second check: %s',
  async (by, explicit, code) => {
    const [bad] = made as [(typeof made)[0]];
    vendor.sandbox.faults.set({ kind: 'denied', action: 'AssumeRole', by, explicit, roleArn: bad.arn });
    const checks = async () =>
      (await bad.audit('connection.verify')).filter(
        ({ phase, actor }) => phase === 'outcome' && actor.kind === 'service',
      ).length;
    await until(async () => {
      vendor.clock.pass(61_000);
      return (await bad.status()) === 'failed';
    }, 'the failure');
    expect(await checks()).toBe(2);
    const { verification } = await bad.read();
    expect(verification).toMatchObject({ code, probes: [{ probe: 'with_external_id' }] });
    expect(await statuses()).toEqual(['failed', 'connected', 'connected']);
    await vendor.heard(() => received('connection.failed').length > 0);
    expect(received('service.degraded')).toEqual([]);
    const toOperator = received('connection.vendor_denied').map(({ body }) => body.data);
    if (code === 'role_not_assumable') return expect(toOperator).toEqual([]);
    await vendor.heard(() => received('connection.vendor_denied').length > 0);
    // The customer is asked for nothing.
    expect(verification.remedy).toMatch(/^Nothing is wrong with your role. Vendor: allow/);
    expect(verification.diagnosis).toBeUndefined();
    vendor.sandbox.faults.clear();
    await until(async () => {
      vendor.clock.pass(hour);
      return (await bad.status()) === 'connected';
    }, 'the recovery');
  },
);

test('a denial that blames the vendor is inconclusive without another role to compare', async () => {
  await vendor.close();
  vendor = await startWatchedVendor();
  const only = await vendor.connected();
  vendor.sandbox.faults.set({ kind: 'denied', action: 'AssumeRole', by: 'identity' });
  const before = only.calls();
  await until(() => {
    vendor.clock.pass(hour);
    return only.calls() > before + 4;
  }, 'more denials');
  expect(await only.status()).toBe('connected');
});
