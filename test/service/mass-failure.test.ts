/** A fault of many connections at once is the vendor's first: no customer is blamed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrganizationId } from '../../service/domain/ids.js';
import type { Partition } from '../../service/domain/role-arn.js';
import { aConnection, aJob, connectedTo, intent } from '../contract/records.js';
import { hour, minute, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';
import { openWebClient, wordsOf } from '../web-client.js';

let vendor: WatchedVendor;
beforeEach(async () => {
  vendor = await startWatchedVendor();
});
afterEach(() => vendor.close());

type Made = Awaited<ReturnType<WatchedVendor['connected']>>;

/** One connection in each of so many organizations. */
async function customers(count: number): Promise<Made[]> {
  const made: Made[] = [];
  for (let index = 0; index < count; index++) {
    const { apiKey } = await vendor.service.createOrganization(`customer ${index}`);
    made.push(await vendor.connected({}, apiKey));
  }
  return made;
}

const statuses = (made: Made[]) => Promise.all(made.map(({ status }) => status()));

const checks = async ({ audit }: Made) =>
  (await audit('connection.verify')).filter(
    ({ phase, actor }) => phase === 'outcome' && actor.kind === 'service',
  ).length;

/** Lets time pass until each was checked so many times more. */
async function checkedAgain(made: Made[], times = 2): Promise<void> {
  const before = await Promise.all(made.map(checks));
  await until(async () => {
    vendor.clock.pass(hour);
    const now = await Promise.all(made.map(checks));
    return now.every((count, index) => count >= (before[index] ?? 0) + times);
  }, 'the checks');
}

/** AWS's plain denial, which does not say whose fault it is. */
const deniesAll = () =>
  vendor.sandbox.faults.set({ kind: 'denied-by-organization', action: 'AssumeRole', because: '' });

test('denials for all customers fail no connection, and cached sessions still work', async () => {
  const made = await customers(6);
  const [first] = made as [Made];
  const held = (await first.ask({ durationSeconds: 43_200 })).body;
  deniesAll();
  await checkedAgain(made, 3);
  expect(await statuses(made)).toEqual(Array(6).fill('connected'));
  await until(() => vendor.receiver.received.some(({ body }) => body.type === 'service.degraded'));
  // The alarm is raised again after six hours, which may have passed here.
  expect(new Set(vendor.receiver.received.map(({ body }) => body.type))).toEqual(
    new Set(['connection.connected', 'service.degraded']),
  );
  const ready = async () =>
    (await (await fetch(`${vendor.service.url}/readyz`)).json()) as { degradedSince?: string };
  expect(await ready()).toMatchObject({ status: 'ready', degradedSince: expect.any(String) });
  expect((await first.ask({ durationSeconds: 43_200 })).body.accessKeyId).toBe(held.accessKeyId);
  vendor.sandbox.faults.clear();
  // A check that AWS had answered before the repair may still count as the next one.
  await until(async () => {
    vendor.clock.pass(hour);
    return (await ready()).degradedSince === undefined;
  }, 'the recovery');
  expect(await ready()).toEqual({ status: 'ready' });
  expect(await statuses(made)).toEqual(Array(6).fill('connected'));
  await until(() => vendor.receiver.received.some(({ body }) => body.type === 'service.recovered'));
});

test('roles that are denied while the repair spreads in AWS are not blamed, and there is no second alarm', async () => {
  const made = await customers(6);
  const late = new Set(made.slice(3).map(({ arn }) => arn));
  const fault = { kind: 'denied-by-organization', action: 'AssumeRole', because: '' } as const;
  deniesAll();
  await checkedAgain(made, 2);
  vendor.sandbox.faults.clear();
  vendor.sandbox.faults.set({ ...fault, matches: ({ roleArn }) => late.has(roleArn ?? '') });
  const ready = async () =>
    (await (await fetch(`${vendor.service.url}/readyz`)).json()) as { degradedSince?: string };
  // Held checks are retried within two minutes.
  await until(async () => {
    vendor.clock.pass(5_000);
    return (await ready()).degradedSince === undefined;
  }, 'the recovery');
  const first = vendor.sandbox.requests.length;
  const asked = () => new Set(vendor.sandbox.requests.slice(first).map(({ roleArn }) => roleArn));
  // No more than AWS takes: time stands still while checks run.
  for (let steps = 0; steps < 24 && ![...late].every((arn) => asked().has(arn)); steps++) {
    vendor.clock.pass(10_000);
    for (let count = -1; count !== vendor.sandbox.requests.length; ) {
      count = vendor.sandbox.requests.length;
      await sleep(200);
    }
  }
  expect([...late].filter((arn) => asked().has(arn))).not.toEqual([]);
  vendor.sandbox.faults.clear();
  await checkedAgain(made, 1);
  expect(await statuses(made)).toEqual(Array(6).fill('connected'));
  const types = vendor.receiver.received.map(({ body }) => body.type);
  expect(types).not.toContain('connection.failed');
});

test("an access key that works doesn't make denied roles their customers' fault", async () => {
  const made = await customers(3);
  const { accessKeyId, secretAccessKey } = vendor.sandbox.createAccount().admin;
  const { apiKey } = await vendor.service.createOrganization('with a key');
  const asked = { name: 'key', method: 'access_key', accessKeyId, secretAccessKey };
  const { body: key } = await vendor.call('POST', '/v1/connections', asked, apiKey);
  const keyChecks = async () =>
    (await vendor.call('GET', `/v1/audit?connection=${key.id}`, undefined, apiKey)).body.records.length;
  const before = await keyChecks();
  deniesAll();
  await checkedAgain(made, 4);
  expect(await keyChecks()).toBeGreaterThan(before);
  expect(await statuses(made)).toEqual(Array(3).fill('connected'));
});

test("roles that open in one partition don't make denied roles of another their customers' fault", async () => {
  await vendor.close();
  const principals = new Map<Partition, string>();
  let calls = 0;
  vendor = await startWatchedVendor({
    principals,
    aroundSts: (sts) => ({
      ...sts,
      async assumeRole(request) {
        if (request.partition === 'aws') return sts.assumeRole(request);
        calls += 1;
        return { outcome: 'denied', reason: 'access_denied', message: 'AccessDenied' };
      },
    }),
  });
  principals.set('aws', vendor.principal).set('aws-cn', 'arn:aws-cn:iam::111122223333:role/rolebridge');
  const opening = await customers(2);
  const inChina = [];
  for (const name of ['one', 'two']) {
    const { organization, apiKey } = await vendor.service.createOrganization(name);
    const roleArn = `arn:aws-cn:iam::123456789012:role/${name}`;
    const next = aConnection(organization.id as OrganizationId, {
      partition: 'aws-cn',
      ...connectedTo(roleArn),
    });
    const job = aJob(next, { dueAt: new Date(vendor.clock.now()).toISOString() });
    await vendor.store.commit({ connection: { next, ifVersion: null, intent }, jobs: [job] });
    inChina.push({ id: next.id, apiKey });
  }
  await checkedAgain(opening, 2);
  const before = calls;
  await until(() => {
    vendor.clock.pass(minute);
    return calls > before + 12;
  }, 'more denials');
  for (const { id, apiKey } of inChina)
    expect((await vendor.call('GET', `/v1/connections/${id}`, undefined, apiKey)).body.status).toBe(
      'connected',
    );
  expect(vendor.receiver.received.map(({ body }) => body.type)).toContain('service.degraded');
  await checkedAgain(opening, 1);
  const ready = await (await fetch(`${vendor.service.url}/readyz`)).json();
  expect(ready).toHaveProperty('degradedSince');
});

test('a text that blames the vendor raises the same alarm', async () => {
  const made = await customers(3);
  vendor.sandbox.faults.set({ kind: 'denied', action: 'AssumeRole', by: 'identity' });
  await checkedAgain(made, 1);
  expect(await statuses(made)).toEqual(Array(3).fill('connected'));
  const alarms = () => vendor.receiver.received.filter(({ body }) => body.type === 'service.degraded');
  await until(() => alarms().length > 0);
});

describe('with a canary', () => {
  const canaryTrust = (externalId: string | undefined) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: vendor.principal },
        Action: 'sts:AssumeRole',
        ...(externalId && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
      },
    ],
  });
  async function withCanary(externalId: string | undefined) {
    await vendor.close();
    // Its external ID has a default.
    const canary = { roleArn: 'arn:aws:iam::777766665555:role/canary' };
    vendor = await startWatchedVendor({ canary });
    vendor.sandbox.createAccount({ accountId: '777766665555' });
    vendor.sandbox.createRole('777766665555', { roleName: 'canary', trustPolicy: canaryTrust(externalId) });
  }

  test('denials count while the canary opens, whatever their number', async () => {
    await withCanary('rolebridge-canary');
    const made = await customers(4);
    for (const { arn } of made) vendor.sandbox.deleteRole(arn);
    await until(async () => {
      vendor.clock.pass(hour);
      return (await statuses(made)).every((status) => status === 'failed');
    }, 'the failures');
  });

  test('that is denied holds verdicts until five organizations pass; then the canary is misconfigured', async () => {
    await withCanary('another');
    const [bad, ...healthy] = (await customers(7)) as [Made, ...Made[]];
    vendor.sandbox.deleteRole(bad.arn);
    await checkedAgain(healthy, 1);
    await until(async () => {
      vendor.clock.pass(hour);
      return (await bad.status()) === 'failed';
    }, 'the failure');
    expect(vendor.logged('the canary role is misconfigured')).toHaveLength(1);
    expect(await statuses(healthy)).toEqual(Array(6).fill('connected'));
    // Earlier successes must not count against the canary: the roles of other organizations decide.
    deniesAll();
    await checkedAgain(healthy, 3);
    expect(await statuses(healthy)).toEqual(Array(6).fill('connected'));
    const browser = openWebClient(vendor.service.url);
    const { apiKey } = await vendor.service.createOrganization('a reader');
    expect(wordsOf(await browser.signIn(apiKey))).toContain('check AWS roles at the moment');
  });

  test('that opens without its external ID is misconfigured, and denials count', async () => {
    await withCanary(undefined);
    const [bad, ...healthy] = (await customers(3)) as [Made, ...Made[]];
    vendor.sandbox.deleteRole(bad.arn);
    await until(async () => {
      vendor.clock.pass(hour);
      return (await bad.status()) === 'failed';
    }, 'the failure');
    expect(vendor.logged('the canary role is misconfigured')).toHaveLength(1);
    expect(await statuses(healthy)).toEqual(Array(2).fill('connected'));
  });
});

test('one bad customer among healthy ones fails at its second check', async () => {
  const made = await customers(4);
  const [bad, ...healthy] = made as [Made, ...Made[]];
  vendor.sandbox.deleteRole(bad.arn);
  await checkedAgain(healthy, 1);
  await until(async () => {
    vendor.clock.pass(61_000);
    return (await bad.status()) === 'failed';
  }, 'the failure');
  expect(await statuses(healthy)).toEqual(Array(3).fill('connected'));
});

test('a role that stops requiring its external ID during a hold fails immediately', async () => {
  const made = await customers(4);
  const [open] = made as [Made];
  vendor.sandbox.faults.set({
    kind: 'denied-by-organization',
    action: 'AssumeRole',
    because: '',
    matches: ({ roleArn }) => roleArn !== open.arn,
  });
  const { Condition: _, ...statement } = open.connection.trustPolicy.Statement[0];
  open.setTrust({ ...open.connection.trustPolicy, Statement: [statement] });
  await until(async () => {
    vendor.clock.pass(hour);
    return (await open.status()) === 'failed';
  }, 'the failure');
  expect(await open.read()).toMatchObject({ verification: { code: 'external_id_not_required' } });
});
