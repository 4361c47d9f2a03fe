/** Scheduled checks: detected faults, inconclusive results, and messages. */
import type { AccountId } from '../../service/domain/ids.js';
import { hour, minute, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
beforeEach(async () => {
  vendor = await startWatchedVendor({ metricsListener: { host: '127.0.0.1', port: 0 } });
});
afterEach(() => vendor.close());

type Made = Awaited<ReturnType<WatchedVendor['connected']>>;

/** Lets an hour pass, and waits until the check that was due has its outcome in the audit log. */
async function nextCheck(made: Made, afterMs = hour): Promise<void> {
  const before = (await checks(made)).length;
  vendor.clock.pass(afterMs);
  await until(async () => (await checks(made)).length > before, 'a check');
}

const checks = async ({ audit }: Made) =>
  (await audit('connection.verify')).filter(
    ({ phase, actor }) => phase === 'outcome' && actor.kind === 'service',
  );

test('a connected role is re-verified within the interval without side effects', async () => {
  await vendor.close();
  vendor = await startWatchedVendor({ schedule: { verifyIntervalMs: 10 * minute } });
  const made = await vendor.connected();
  const { body: held } = await made.ask();
  // The mark of the use is stored beside the answer.
  await until(async () => (await made.read()).lastUsedAt !== undefined, 'the mark of the use');
  const before = await made.read();
  for (let passed = 0; passed < 3; passed++) await nextCheck(made, 10 * minute);
  const after = await made.read();
  expect(after).toEqual({ ...before, verification: after.verification });
  expect(after.verification).toMatchObject({ result: 'passed' });
  expect(after.verification.startedAt > before.verification.startedAt).toBe(true);
  expect(await checks(made)).toMatchObject(
    Array(3).fill({ outcome: 'succeeded', actor: { kind: 'service' } }),
  );
  // The sandbox would have made other ones.
  expect((await made.ask()).body.accessKeyId).toBe(held.accessKeyId);
  expect(vendor.receiver.types(made.id)).toEqual(['connection.connected']);
});

test('a role whose account the vendor excludes fails at the second check in a row', async () => {
  await vendor.close();
  const deniedAccountIds = new Set<AccountId>();
  vendor = await startWatchedVendor({ deniedAccountIds });
  const made = await vendor.connected();
  deniedAccountIds.add(made.accountId as AccountId);
  await nextCheck(made);
  await nextCheck(made, 61_000);
  await until(async () => (await made.status()) === 'failed');
  expect((await made.read()).verification).toMatchObject({ code: 'role_in_vendor_account' });
  deniedAccountIds.clear();
  await nextCheck(made);
  await until(async () => (await made.status()) === 'connected');
});

test('an excluded account is also found when its role never worked', async () => {
  await vendor.close();
  const deniedAccountIds = new Set<AccountId>();
  vendor = await startWatchedVendor({ deniedAccountIds });
  const { id, trustPolicy } = await vendor.pending();
  const { accountId } = vendor.sandbox.createAccount();
  const { Condition: _, ...open } = trustPolicy.Statement[0];
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: { ...trustPolicy, Statement: [open] },
  });
  const path = `/v1/connections/${id}`;
  const refused = await vendor.call('PUT', `${path}/role`, { roleArn: arn });
  expect(refused.body.code).toBe('external_id_not_required');
  const { body: before } = await vendor.call('GET', path);
  deniedAccountIds.add(accountId as AccountId);
  vendor.clock.pass(hour);
  const code = async () => (await vendor.call('GET', path)).body.verification.code;
  await until(async () => (await code()) === 'role_in_vendor_account', 'the verdict');
  const { body: after } = await vendor.call('GET', path);
  expect([after.status, after.roleId]).toEqual(['failed', before.roleId]);
});

test('a deleted role fails at the second check in a row, and recovers when it is restored', async () => {
  const made = await vendor.connected();
  vendor.sandbox.deleteRole(made.arn);
  await nextCheck(made);
  expect(await made.status()).toBe('connected');
  expect(vendor.logged('a check failed, and is repeated soon')).toHaveLength(1);

  await nextCheck(made, 61_000);
  await until(async () => (await made.status()) === 'failed');
  expect(await made.read()).toMatchObject({
    verification: {
      code: 'role_not_assumable',
      diagnosis: { causes: [{ likelihood: 'likely' }, {}, {}, {}] },
    },
  });
  expect((await made.ask()).body).toMatchObject({ code: 'connection_not_healthy' });
  await vendor.heard(() => vendor.receiver.types(made.id).length === 2);
  expect(vendor.receiver.of(made.id).at(-1)?.body).toMatchObject({
    type: 'connection.failed',
    data: {
      status: 'failed',
      previousStatus: 'connected',
      code: 'role_not_assumable',
      accountId: made.accountId,
      roleArn: made.arn,
      name: 'customer',
    },
  });
  expect(vendor.receiver.of(made.id).at(-1)?.body.data).not.toHaveProperty('security');

  // Still missing an hour later: checked, without another message.
  await nextCheck(made);
  const { verification } = await made.read();
  expect(verification).toMatchObject({ code: 'role_not_assumable', diagnosis: expect.anything() });

  vendor.sandbox.createRole(made.accountId, {
    roleName: 'rolebridge',
    trustPolicy: made.connection.trustPolicy,
  });
  await nextCheck(made);
  await until(async () => (await made.status()) === 'connected');
  await vendor.heard(() => vendor.receiver.types(made.id).length === 3);
  expect(vendor.receiver.types(made.id)).toEqual([
    'connection.connected',
    'connection.failed',
    'connection.recovered',
  ]);
  expect((await made.ask()).status).toBe(200);
});

test('one failed check followed by a good one changes nothing', async () => {
  const made = await vendor.connected();
  made.setTrust(made.trust('another'));
  await nextCheck(made);
  made.setTrust(made.connection.trustPolicy);
  await nextCheck(made, 61_000);
  // The failure before is forgotten: one more is the first again.
  made.setTrust(made.trust('another'));
  await nextCheck(made);
  expect(await made.status()).toBe('connected');
  expect((await checks(made)).map(({ outcome }) => outcome)).toEqual(['refused', 'succeeded', 'refused']);
  expect(vendor.receiver.types(made.id)).toEqual(['connection.connected']);
});

test.each([
  ['throttles', { kind: 'throttle' }],
  ['answers with errors', { kind: 'error', status: 503 }],
  ['resets connections', { kind: 'reset' }],
  ['answers garbage', { kind: 'garbage' }],
] as const)('AWS %s for hours, and no connection fails', async (_name, fault) => {
  const made = await vendor.connected();
  vendor.sandbox.faults.set(fault);
  for (let check = 0; check < 4; check++) await nextCheck(made);
  expect((await checks(made)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('inconclusive'));
  expect(await made.status()).toBe('connected');
  vendor.sandbox.faults.clear();
  await nextCheck(made);
  expect((await checks(made))[0]).toMatchObject({ outcome: 'succeeded' });
});

test('a failure, an inconclusive check and a failure count as two in a row', async () => {
  const made = await vendor.connected();
  made.setTrust(made.trust('another'));
  await nextCheck(made);
  vendor.sandbox.faults.set({ kind: 'error' });
  await nextCheck(made);
  vendor.sandbox.faults.clear();
  await nextCheck(made);
  await until(async () => (await made.status()) === 'failed');
});

test.each([
  ['lost its condition', undefined, 'external_id_not_required'],
  ['accepts any external ID', { StringLike: { 'sts:ExternalId': '*' } }, 'external_id_not_enforced'],
])('a trust policy that %s is a security event at the next check', async (_name, condition, code) => {
  const made = await vendor.connected();
  expect((await made.ask()).status).toBe(200);
  const counted = async () => {
    const text = await (await fetch(vendor.service.metricsUrl ?? '')).text();
    return text.split('\n').find((line) => line.includes('security_events_total{') && line.includes(code));
  };
  // Before the first one, too: an alert looks for an increase.
  expect(await counted()).toBe(`rolebridge_security_events_total{code="${code}"} 0`);
  const { Condition: _, ...statement } = made.connection.trustPolicy.Statement[0];
  made.setTrust({
    ...made.connection.trustPolicy,
    Statement: [{ ...statement, ...(condition && { Condition: condition }) }],
  });
  await nextCheck(made);
  await until(async () => (await made.status()) === 'failed');
  expect(await made.read()).toMatchObject({
    verification: { code, diagnosis: { causes: [{ likelihood: 'certain' }] } },
  });
  expect((await made.ask()).body).toMatchObject({ code: 'connection_not_healthy', connection: { code } });
  expect(vendor.logged('lost its protection')).toMatchObject([
    { level: 'error', code, security: true, connectionId: made.id, roleArn: made.arn },
  ]);
  expect(await counted()).toBe(`rolebridge_security_events_total{code="${code}"} 1`);
  expect((await checks(made))[0]).toMatchObject({ outcome: 'refused', code });
  await vendor.heard(() => vendor.receiver.types(made.id).length === 2);
  expect(vendor.receiver.of(made.id).at(-1)?.body).toMatchObject({
    type: 'connection.failed',
    data: { code, security: true },
  });
});

test("a check doesn't wait for propagation: a denial costs one call, the deciding one five", async () => {
  const made = await vendor.connected();
  vendor.sandbox.deleteRole(made.arn);
  const first = made.calls();
  await nextCheck(made);
  expect(made.calls() - first).toBe(1);
  await nextCheck(made, 61_000);
  expect(made.calls() - first).toBeLessThanOrEqual(1 + 1 + 4);
});

test('a rejected role connects automatically after it is fixed', async () => {
  const connection = await vendor.pending();
  const { accountId } = vendor.sandbox.createAccount();
  const open = { ...connection.trustPolicy.Statement[0], Condition: undefined };
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: { ...connection.trustPolicy, Statement: [open] },
  });
  const given = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
  expect(given.body.code).toBe('external_id_not_required');
  vendor.sandbox.updateTrustPolicy(arn, connection.trustPolicy);
  vendor.clock.pass(hour);
  await until(
    async () => (await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status === 'connected',
  );
  await vendor.heard(() => vendor.receiver.types(connection.id).length === 2);
  expect(vendor.receiver.types(connection.id)).toEqual(['connection.failed', 'connection.connected']);
  // Nothing was lost that had been safe.
  expect(vendor.receiver.of(connection.id)[0]?.body.data).not.toHaveProperty('security');
});

test('deleted and deregistered connections are no longer verified', async () => {
  const made = await vendor.connected();
  await vendor.call('DELETE', made.path);
  vendor.sandbox.deleteRole(made.arn);
  const other = await vendor.connected({ project: 'other' });
  await nextCheck(other);
  expect(await checks(made)).toEqual([]);
});

test('a check that crashes is logged, and the others continue', async () => {
  await vendor.close();
  let broken = '';
  vendor = await startWatchedVendor({
    aroundSts: (sts) => ({
      ...sts,
      assumeRole: (request) => {
        if (request.roleArn === broken) throw new Error('a bug');
        return sts.assumeRole(request);
      },
    }),
  });
  const one = await vendor.connected({ project: 'one' });
  const other = await vendor.connected({ project: 'other' });
  broken = one.arn;
  vendor.sandbox.deleteRole(other.arn);
  await nextCheck(other);
  await until(() => vendor.logged('a job failed').length > 0);
  const before = (await checks(other)).length;
  await until(async () => {
    vendor.clock.pass(61_000);
    return (await checks(other)).length > before;
  });
  await until(async () => (await other.status()) === 'failed');
  expect(await one.status()).toBe('connected');
});

test('connections created together are checked at different times within the hour', async () => {
  const made = await Promise.all(
    Array.from({ length: 30 }, (_, number) => vendor.connected({ project: `p${number}` })),
  );
  const within = new Date(vendor.clock.now() + hour).toISOString();
  const claimed = await vendor.store.leaseJobs({ now: within, leaseUntil: within, limit: 1_000 });
  const due = claimed.map(({ dueAt }) => Date.parse(dueAt)).sort((one, other) => one - other);
  expect(due).toHaveLength(made.length);
  const [first = 0, last = 0] = [due[0], due.at(-1)];
  expect(last - first).toBeGreaterThan(20 * minute);
  for (const [index, at] of due.slice(10).entries()) expect(at - (due[index] ?? 0)).toBeGreaterThan(minute);
});

test('all checks together stay within the configured call rate', async () => {
  await vendor.close();
  vendor = await startWatchedVendor({ verifyStsCallsPerSecond: 40 });
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, number) => vendor.connected({ project: `p${number}` })),
  );
  const calls = () => made.reduce((sum, { calls }) => sum + calls(), 0);
  const before = calls();
  const began = Date.now();
  vendor.clock.pass(hour);
  // Three a role, and GetCallerIdentity, which names none.
  await until(() => calls() - before >= 3 * made.length, 'the checks of all');
  const seconds = (Date.now() - began) / 1000;
  expect((4 * made.length) / seconds).toBeLessThan(45);
});

test('an access key that stops working fails at the second check in a row', async () => {
  const { accountId, admin } = vendor.sandbox.createAccount();
  const { accessKeyId, secretAccessKey } = admin;
  const { body: connection } = await vendor.call('POST', '/v1/connections', {
    name: 'key',
    method: 'access_key',
    accessKeyId,
    secretAccessKey,
  });
  const path = `/v1/connections/${connection.id}`;
  const read = async () => (await vendor.call('GET', path)).body;
  const outcomes = async () =>
    (await vendor.call('GET', `/v1/audit?connection=${connection.id}`)).body.records.filter(
      (record: { actor: { kind: string }; phase: string }) =>
        record.actor.kind === 'service' && record.phase === 'outcome',
    ).length;
  const check = async (afterMs: number) => {
    const before = await outcomes();
    vendor.clock.pass(afterMs);
    await until(async () => (await outcomes()) > before, 'a check');
  };
  vendor.sandbox.faults.set({
    kind: 'garbage',
    action: 'GetCallerIdentity',
    body: 'not an answer',
    matches: (call) => call.accessKeyId === accessKeyId,
  });
  await check(hour);
  expect((await read()).status).toBe('connected');
  vendor.sandbox.faults.clear();
  await check(hour);

  vendor.sandbox.deleteAccessKey(accountId, 'admin', accessKeyId);
  await check(hour);
  expect((await read()).status).toBe('connected');
  await check(61_000);
  await until(async () => (await read()).status === 'failed');
  expect((await read()).verification.code).toBe('access_key_invalid');
  expect((await vendor.call('POST', '/v1/credentials', {})).status).not.toBe(200);
  await vendor.heard(() => vendor.receiver.types(connection.id).length === 2);
  expect(vendor.receiver.types(connection.id)).toEqual(['connection.connected', 'connection.failed']);
});

describe('a stored access key that the settings keep from its check', () => {
  const principals = new Map<'aws', string>();
  let path: string;
  let records: () => Promise<{ outcome?: string; code?: string }[]>;
  const read = async () => (await vendor.call('GET', path)).body;
  const check = async (afterMs: number) => {
    const before = (await records()).length;
    vendor.clock.pass(afterMs);
    await until(async () => (await records()).length > before, 'a check');
  };

  beforeEach(async () => {
    await vendor.close();
    vendor = await startWatchedVendor({ principals });
    principals.set('aws', vendor.principal);
    const { accessKeyId, secretAccessKey } = vendor.sandbox.createAccount().admin;
    const asked = { name: 'key', method: 'access_key', accessKeyId, secretAccessKey };
    const { body: connection } = await vendor.call('POST', '/v1/connections', asked);
    path = `/v1/connections/${connection.id}`;
    records = async () =>
      (await vendor.call('GET', `/v1/audit?connection=${connection.id}`)).body.records.filter(
        (record: { actor: { kind: string }; phase: string }) =>
          record.actor.kind === 'service' && record.phase === 'outcome',
      );
  });

  test('fails in a partition without a principal, and recovers with the principal', async () => {
    principals.clear();
    await check(hour);
    await check(61_000);
    await until(async () => (await read()).status === 'failed');
    expect((await read()).verification).toMatchObject({
      code: 'partition_not_supported',
      remedy: expect.stringContaining('Have the vendor configure a principal'),
    });
    await vendor.heard(() => vendor.receiver.types(path.split('/')[3] ?? '').includes('connection.failed'));
    principals.set('aws', vendor.principal);
    await check(hour);
    await until(async () => (await read()).status === 'connected');
  });

  test('is not read again within minutes while its encryption key is missing, and the log has the remedy', async () => {
    vendor.service.useEncryption(undefined);
    await check(hour);
    expect(await records()).toMatchObject([{ outcome: 'refused', code: 'access_key_not_available' }]);
    expect((await read()).status).toBe('connected');
    await until(() => vendor.logged("a check can't run").length > 0);
    expect(vendor.logged("a check can't run")).toMatchObject([
      { code: 'access_key_not_available', remedy: expect.stringContaining('ROLEBRIDGE_ENCRYPTION_KEYS') },
    ]);
    for (let minutes = 0; minutes < 40; minutes += 5) {
      vendor.clock.pass(5 * minute);
      await vendor.connected({ project: `p${minutes}` });
    }
    expect(await records()).toHaveLength(1);
  });
});

test('a role that was created again under its name is stored with its new id, and cached sessions end', async () => {
  const made = await vendor.connected();
  const { body: held } = await made.ask();
  vendor.sandbox.deleteRole(made.arn);
  const { roleId } = vendor.sandbox.createRole(made.accountId, {
    roleName: 'rolebridge',
    trustPolicy: made.connection.trustPolicy,
  });
  await nextCheck(made);
  expect(await made.read()).toMatchObject({ status: 'connected', roleId });
  expect((await made.ask()).body.accessKeyId).not.toBe(held.accessKeyId);
});

test('a shutdown while AWS hangs leaves the check to the next process', async () => {
  const made = await vendor.connected();
  vendor.sandbox.faults.set({ kind: 'timeout', roleArn: made.arn });
  const before = made.calls();
  vendor.clock.pass(hour);
  await until(() => made.calls() > before, 'the check');
  const began = Date.now();
  await vendor.service.close();
  expect(Date.now() - began).toBeLessThan(8_000);
  const { receiver, sandbox } = vendor;
  sandbox.faults.clear();
  sandbox.deleteRole(made.arn);
  const store = await vendor.openStore();
  // As it was: nothing half-done, and still to be looked at.
  expect(await store.connection(vendor.organization.id, made.id as never)).toMatchObject({
    status: 'connected',
  });
  const service = await vendor.startAnother({ store });
  await until(async () => {
    vendor.clock.pass(61_000);
    return (await store.connection(vendor.organization.id, made.id as never))?.status === 'failed';
  }, 'the failure');
  await until(() => receiver.types(made.id).includes('connection.failed'));
  await service.close();
});

test('connections without a job get one at start', async () => {
  const made = await Promise.all(['one', 'two', 'three'].map((project) => vendor.connected({ project })));
  await vendor.service.close();
  const store = await vendor.openStore();
  for (const { id } of made)
    await store.commit({
      endJobs: [{ organizationId: vendor.organization.id, connectionId: id as never, purpose: 'verify' }],
    });
  expect(await store.nextJobAt()).toBeUndefined();
  const service = await vendor.startAnother({ store });
  await until(() => vendor.logged('scheduled missing re-verification jobs').length === 1);
  expect(vendor.logged('scheduled missing re-verification jobs')).toMatchObject([{ count: 3 }]);
  for (const { arn } of made) vendor.sandbox.deleteRole(arn);
  await until(async () => {
    vendor.clock.pass(10 * minute);
    const statuses = made.map(({ id }) => store.connection(vendor.organization.id, id as never));
    return (await Promise.all(statuses)).every((connection) => connection?.status === 'failed');
  }, 'the failures');
  await service.close();
});
