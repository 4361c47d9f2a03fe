/** After a connection was given up: nothing is handed out any more, and AWS is asked until it denies. */
import { roleIds } from '../../aws-sandbox/index.js';
import { deprovisioned } from '../callback-message.js';
import { day, hour, minute, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
beforeEach(async () => {
  vendor = await startWatchedVendor();
});
afterEach(() => vendor.close());

type Made = Awaited<ReturnType<WatchedVendor['connected']>>;

const proofs = async ({ audit }: Made) =>
  (await audit('connection.confirm_revocation')).filter(({ phase }) => phase === 'outcome');

/** Lets time pass until there are more proofs than before. */
async function nextProof(made: Made, afterMs: number) {
  const before = (await proofs(made)).length;
  vendor.clock.pass(afterMs);
  await until(async () => (await proofs(made)).length > before, 'a proof');
}

test("confirmation gives up after a day when the vendor's own policy denies the role all the time", async () => {
  const made = await vendor.connected();
  vendor.sandbox.faults.set({ kind: 'denied', action: 'AssumeRole', by: 'identity' });
  await vendor.call('DELETE', made.path);
  await until(() => {
    vendor.clock.pass(hour);
    return vendor.logged('whether its access ended is unknown').length > 0;
  }, 'the end of the attempts');
  expect((await proofs(made)).length).toBeLessThan(40);
  expect(await vendor.store.nextJobAt()).toBeUndefined();
});

const giveUp: Record<string, (made: Made) => Promise<{ status: number }>> = {
  deprovisioned: ({ connection, arn }) =>
    vendor.callBack(connection.callbackSecret, deprovisioned(connection.id, arn)),
  deleted: ({ path }) => vendor.call('DELETE', path),
};

test.each([
  ['deprovisioned', 200, 'connection_not_healthy'],
  ['deleted', 204, 'no_connection_for_target'],
] as const)(
  'a connection that is %s issues no cached credentials, and AssumeRole is retried until AWS denies it',
  async (how, status, code) => {
    const made = await vendor.connected();
    expect((await made.ask()).status).toBe(200);
    expect((await giveUp[how]?.(made))?.status).toBe(status);
    expect((await made.ask()).body.code).toBe(code);
    await vendor.heard(() => vendor.receiver.types(made.id).length === 2);
    expect(vendor.receiver.of(made.id).at(-1)?.body).toMatchObject({
      type: 'connection.disconnected',
      data: { reason: how, name: 'customer', roleArn: made.arn, accountId: made.accountId },
    });

    // A destroy deregisters the role before it deletes it.
    await nextProof(made, 3_000);
    await nextProof(made, 6_000);
    expect(await proofs(made)).toMatchObject([
      { outcome: 'inconclusive', code: 'access_not_ended', details: { roleArn: made.arn, attempt: 2 } },
      { outcome: 'inconclusive', code: 'access_not_ended', details: { attempt: 1 } },
    ]);
    vendor.sandbox.deleteRole(made.arn);
    await nextProof(made, 20_000);
    expect((await proofs(made))[0]).toMatchObject({ outcome: 'succeeded', actor: { kind: 'service' } });
    expect(vendor.logged('access has ended')).toMatchObject([{ connectionId: made.id, roleArn: made.arn }]);

    // Proved once is enough.
    const calls = made.calls();
    vendor.clock.pass(2 * day);
    const other = await vendor.connected({ project: 'other' });
    vendor.clock.pass(hour);
    await until(async () =>
      (await other.audit('connection.verify')).some(({ actor }) => actor.kind === 'service'),
    );
    expect(made.calls()).toBe(calls);
  },
);

test('after two changes of the role, AWS is asked about both former roles', async () => {
  const made = await vendor.connected();
  const arns = [made.arn];
  for (const roleName of ['second', 'third']) {
    const { trustPolicy } = made.connection;
    const { arn } = vendor.sandbox.createRole(made.accountId, { roleName, trustPolicy });
    expect((await vendor.call('PUT', `${made.path}/role`, { roleArn: arn })).status).toBe(200);
    arns.push(arn);
  }
  vendor.clock.pass(3_000);
  await until(async () => (await proofs(made)).length === 2, 'two proofs');
  const asked = (await proofs(made)).map(({ details }) => details?.roleArn);
  expect(asked.sort()).toEqual(arns.slice(0, 2).sort());
});

test('a deregistered role that can still be assumed after an hour is reported', async () => {
  const made = await vendor.connected();
  await giveUp.deprovisioned?.(made);
  const seconds = [2, 5, 15, 30, 60, 120, 300, 600, 1_800, 668];
  for (const delay of seconds) await nextProof(made, (delay + 1) * 1_000);
  await vendor.heard(() => vendor.receiver.types(made.id).includes('connection.deprovision_not_confirmed'));
  expect(vendor.receiver.of(made.id).at(-1)?.body).toMatchObject({
    data: { code: 'access_not_ended', roleArn: made.arn, status: 'disconnected' },
  });
});

test.each(['by hand', 'by its stack'])(
  'a role that is replaced %s issues no cached credentials, and AssumeRole is retried until AWS denies it',
  async (how) => {
    const made = await vendor.connected();
    const held = (await made.ask()).body;
    const { sandbox, clock } = vendor;
    const replaceBy = async (roleArn: string) => {
      const event = { type: 'role.provisioned', timestamp: new Date(clock.now()).toISOString() };
      const given =
        how === 'by hand'
          ? await vendor.call('PUT', `${made.path}/role`, { roleArn })
          : await vendor.callBack(made.connection.callbackSecret, {
              ...event,
              data: { connectionId: made.id, roleArn, roleId: roleIds.get(roleArn) },
            });
      expect(given).toMatchObject({ status: 200, body: { status: 'connected', roleArn } });
    };
    const { arn } = sandbox.createRole(made.accountId, {
      roleName: 'other',
      trustPolicy: made.connection.trustPolicy,
    });
    await replaceBy(arn);
    const { accountId: opened, accessKeyId } = (await made.ask()).body;
    expect(opened).toBe(made.accountId);
    expect(accessKeyId).not.toBe(held.accessKeyId);

    // Its customer has left it as it was.
    await nextProof(made, 3_000);
    expect(await proofs(made)).toMatchObject([
      { outcome: 'inconclusive', code: 'access_not_ended', details: { roleArn: made.arn, attempt: 1 } },
    ]);
    expect(vendor.logged('access has ended')).toEqual([]);
    sandbox.deleteRole(made.arn);
    await nextProof(made, 6_000);
    expect((await proofs(made))[0]).toMatchObject({ outcome: 'succeeded', details: { roleArn: made.arn } });
    expect(await made.status()).toBe('connected');
  },
);

test('a restored role is no longer checked; the role that it replaced is', async () => {
  const made = await vendor.connected();
  const { arn } = vendor.sandbox.createRole(made.accountId, {
    roleName: 'other',
    trustPolicy: made.connection.trustPolicy,
  });
  await vendor.call('PUT', `${made.path}/role`, { roleArn: arn });
  await vendor.call('PUT', `${made.path}/role`, { roleArn: made.arn });
  await nextProof(made, 3_000);
  vendor.sandbox.deleteRole(arn);
  await nextProof(made, 6_000);
  expect((await proofs(made)).map(({ outcome, details }) => [outcome, details?.roleArn])).toEqual([
    ['succeeded', arn],
    ['inconclusive', arn],
  ]);
});

test('an inconclusive answer proves nothing', async () => {
  const made = await vendor.connected();
  await vendor.call('DELETE', made.path);
  vendor.sandbox.faults.set({ kind: 'error' });
  vendor.sandbox.deleteRole(made.arn);
  await nextProof(made, 3_000);
  await nextProof(made, 5 * minute);
  expect((await proofs(made)).map(({ outcome, code }) => [outcome, code])).toEqual(
    Array(2).fill(['inconclusive', 'aws_unavailable']),
  );
  vendor.sandbox.faults.clear();
  await nextProof(made, 5 * minute);
  expect((await proofs(made))[0]).toMatchObject({ outcome: 'succeeded' });
});

test('a role that stays open is given up after a day, with an audit record and a warning', async () => {
  const made = await vendor.connected();
  await vendor.call('DELETE', made.path);
  const start = vendor.clock.now();
  for (let tries = 0; !(await proofs(made)).some(({ outcome }) => outcome === 'refused'); tries++) {
    expect(tries).toBeLessThan(40);
    vendor.sandbox.faults.clear();
    await nextProof(made, hour);
  }
  expect(vendor.clock.now() - start).toBeGreaterThan(23 * hour);
  expect((await proofs(made))[0]).toMatchObject({ outcome: 'refused', code: 'access_not_ended' });
  expect(vendor.logged('a day after it was given up')).toMatchObject([
    { level: 'warn', code: 'access_not_ended', connectionId: made.id, roleArn: made.arn },
  ]);
  // The job is deleted after its outcome is in the audit log.
  await until(async () => (await vendor.store.nextJobAt()) === undefined, 'the end of the job');
});

test('a redeployed stack cancels the check and connects', async () => {
  const made = await vendor.connected();
  await giveUp.deprovisioned?.(made);
  await nextProof(made, 3_000);
  expect((await vendor.call('PUT', `${made.path}/role`, { roleArn: made.arn })).body.status).toBe(
    'connected',
  );
  const before = (await proofs(made)).length;
  vendor.clock.pass(hour);
  await until(async () =>
    (await made.audit('connection.verify')).some(({ actor }) => actor.kind === 'service'),
  );
  expect((await proofs(made)).length).toBe(before);
  expect(vendor.receiver.types(made.id)).toEqual([
    'connection.connected',
    'connection.disconnected',
    'connection.connected',
  ]);
});

describe('a pending connection', () => {
  test('that was never used expires after seven days: it is deleted, with an audit record', async () => {
    const connection = await vendor.pending('forgotten', { project: 'forgotten' });
    vendor.clock.pass(7 * day - minute);
    expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status).toBe('pending');
    await until(async () => {
      // One look at the clock deletes nothing.
      vendor.clock.pass(5 * minute);
      return (await vendor.call('GET', `/v1/connections/${connection.id}`)).status === 404;
    });
    const records = async () =>
      (await vendor.call('GET', `/v1/audit?connection=${connection.id}`)).body.records;
    await until(async () => (await records())[0].phase === 'outcome');
    expect((await records()).slice(0, 2)).toMatchObject([
      { action: 'connection.expire', phase: 'outcome', outcome: 'succeeded', actor: { kind: 'service' } },
      { action: 'connection.expire', phase: 'intent', details: { reason: 'not used' } },
    ]);
    await vendor.heard(() => vendor.receiver.of(connection.id).length > 0);
    expect(vendor.receiver.of(connection.id)[0]?.body).toMatchObject({
      type: 'connection.disconnected',
      data: { reason: 'expired', name: 'forgotten', previousStatus: 'pending' },
    });
    // Its stack's late callback finds it gone, as a deleted one's does.
    const late = { type: 'role.provisioned', timestamp: new Date().toISOString() };
    const data = {
      connectionId: connection.id,
      roleArn: 'arn:aws:iam::210987654321:role/late',
      roleId: 'AROALATEROLE00000000',
    };
    expect((await vendor.callBack(connection.callbackSecret, { ...late, data })).body.code).toBe(
      'connection_disconnected',
    );
    // Its scope is free.
    expect(
      (await vendor.call('POST', '/v1/connections', { name: 'next', scope: { project: 'forgotten' } }))
        .status,
    ).toBe(201);
  });

  test.each(['connected', 'failed', 'disconnected'])(
    'that was used and is %s never expires',
    async (status) => {
      const made = await vendor.connected();
      if (status === 'failed') {
        vendor.sandbox.deleteRole(made.arn);
        await vendor.call('POST', `${made.path}/verify`);
      }
      if (status === 'disconnected') await giveUp.deprovisioned?.(made);
      expect(await made.status()).toBe(status);
      for (let passed = 0; passed < 10; passed++) {
        vendor.clock.pass(3 * day);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const forgotten = await vendor.pending('forgotten', { project: 'x' });
      await until(async () => {
        vendor.clock.pass(8 * day);
        return (await vendor.call('GET', `/v1/connections/${forgotten.id}`)).status === 404;
      });
      expect(await made.status()).toBe(status);
    },
  );

  test('expires after the configured time', async () => {
    await vendor.close();
    vendor = await startWatchedVendor({ schedule: { pendingExpiryMs: 2 * hour } });
    const connection = await vendor.pending();
    await until(async () => {
      vendor.clock.pass(2 * hour);
      return (await vendor.call('GET', `/v1/connections/${connection.id}`)).status === 404;
    });
  });
});

test('a connection that is released for the account that it has is reported', async () => {
  const made = await vendor.connected();
  const body = { expectedAccountId: made.accountId };
  expect((await vendor.call('POST', `${made.path}/release-account`, body)).status).toBe(200);
  expect(await made.status()).toBe('pending');
  await vendor.heard(() => vendor.receiver.types(made.id).includes('connection.released'));
});
