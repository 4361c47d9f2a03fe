/** How long the audit log is kept: `ROLEBRIDGE_AUDIT_RETENTION_DAYS`. */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../service/domain/ports.js';
import { systemClock } from '../../service/index.js';
import { readSettings } from '../../service/settings/index.js';
import { day, hour, until } from '../passing-clock.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let passedMs: number;
let turns: number;
let wake: () => void;
afterEach(() => vendor?.close());

/** The loop that deletes old records sleeps for an hour: until the test wakes it. */
const clock: Clock = {
  now: () => Date.now() + passedMs,
  sleep: (ms, signal) => {
    if (ms <= 60_000) return systemClock.sleep(ms, signal);
    return new Promise((resolve) => {
      turns += 1;
      wake = () => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      signal?.addEventListener('abort', wake);
    });
  },
};
const metricsToken = randomBytes(32).toString('hex');

async function start(auditRetentionDays: number | undefined): Promise<void> {
  [passedMs, turns] = [0, 0];
  vendor = await startVendor({
    clock,
    auditRetentionDays,
    jobs: false,
    metricsTokenHash: createHash('sha256').update(metricsToken).digest('hex'),
  });
}

/** Lets one round of deleting happen when that much time has passed. */
async function pass(ms: number): Promise<void> {
  passedMs += ms;
  const before = turns;
  wake();
  await until(() => turns > before, 'the next round');
}

const make = (name: string) => vendor.call('POST', '/v1/connections', { name });
const actions = async () =>
  (await vendor.call('GET', '/v1/audit?limit=100')).body.records.map(
    ({ action, phase }: { action: string; phase: string }) => `${action} ${phase}`,
  );
const creation = ['connection.create outcome', 'connection.create intent'];
const beginning = ['organization.create outcome', 'organization.create intent'];
const deletions = () =>
  vendor.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'old audit records deleted');

test('records past their retention are deleted within another quarter of it; newer ones stay', async () => {
  await start(40);
  await make('old');
  for (let days = 0; days < 40; days++) await pass(day);
  expect(await actions()).toEqual([...creation, ...beginning]);
  expect(deletions()).toEqual([]);
  await make('new');
  for (let days = 0; days < 11; days++) await pass(day);
  expect(await actions()).toEqual(creation);
  expect(deletions()).toMatchObject([{ deleted: 4, days: 40 }]);
  const metrics = await fetch(`${vendor.service.url}/metrics`, {
    headers: { authorization: `Bearer ${metricsToken}` },
  });
  expect(await metrics.text()).toContain('rolebridge_audit_records_deleted_total 4');
  expect((await vendor.call('GET', '/v1/connections')).body.connections).toHaveLength(2);
});

test('a clock that jumps ten years and back deletes nothing', async () => {
  await start(30);
  await make('kept');
  const tenYears = 3_650 * day;
  await pass(tenYears);
  await pass(-tenYears);
  await pass(hour);
  expect(await actions()).toEqual([...creation, ...beginning]);
  expect(deletions()).toEqual([]);
});

test('records are kept forever unless the setting is at least 30 days', () => {
  const settings = {
    ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:role/rolebridge',
    ROLEBRIDGE_SERVICE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  const days = (text: string) =>
    readSettings({ ...settings, ROLEBRIDGE_AUDIT_RETENTION_DAYS: text } as NodeJS.ProcessEnv)
      .auditRetentionDays;
  expect(days('')).toBeUndefined();
  expect(days('30')).toBe(30);
  for (const text of ['0', '29', '-1', '36501', '30.5', 'a year'])
    expect(() => days(text)).toThrow('ROLEBRIDGE_AUDIT_RETENTION_DAYS');
});
