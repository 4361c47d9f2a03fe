/** The external ID of a connection is changed while it is in use. */
import { provisioned } from '../callback-message.js';
import { hour, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
beforeEach(async () => {
  vendor = await startWatchedVendor();
});
afterEach(() => vendor.close());

type Made = Awaited<ReturnType<WatchedVendor['connected']>>;

const begin = (made: Made, body: object = {}) => vendor.call('POST', `${made.path}/rotate-external-id`, body);
const cancel = (made: Made) => vendor.call('DELETE', `${made.path}/rotate-external-id`);
const callBack = (made: Made) =>
  vendor.callBack(made.connection.callbackSecret, provisioned(made.connection.id, made.arn, {}));

/** Every request another one, so that none is answered from memory. */
let uncached = 0;
const askUncached = (made: Made) =>
  made.ask({ sessionName: `uncached-${uncached++}`, durationSeconds: 900 + (uncached % 60) });

test('returns everything needed to change the role, and the connection keeps working', async () => {
  const made = await vendor.connected();
  const before = await made.read();
  const { status, body } = await begin(made);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: made.id,
    status: 'connected',
    previousExternalId: before.externalId,
    pendingExternalId: body.externalId,
    callbackUrl: made.connection.callbackUrl,
    principal: vendor.principal,
  });
  expect(body.externalId).toMatch(/^rb-[a-z2-7]{48}$/);
  expect(body.externalId).not.toBe(before.externalId);
  expect(body).not.toHaveProperty('callbackSecret');
  // The console's policy has permissions alone.
  const { consolePolicy: _, ...whole } = body.roleTemplates as Record<string, string>;
  for (const text of Object.values(whole)) {
    expect(text).toContain(body.externalId);
    expect(text).not.toContain(before.externalId);
  }
  expect(body.trustPolicy).toEqual(made.trust(body.externalId));
  expect(await made.read()).toMatchObject({
    status: 'connected',
    externalId: before.externalId,
    pendingExternalId: body.externalId,
  });
  expect((await askUncached(made)).status).toBe(200);
  // Asked again, it is the same one: a role may have it already.
  expect((await begin(made)).body.externalId).toBe(body.externalId);
  expect((await made.audit('connection.rotate_external_id')).map(({ phase }) => phase)).toEqual([
    'outcome',
    'intent',
  ]);
});

test('rotates the callback secret too on request', async () => {
  const made = await vendor.connected();
  const { body } = await begin(made, { rotateCallbackSecret: true });
  expect(body.callbackSecret).toMatch(/^whsec_/);
  expect(body.callbackSecret).not.toBe(made.connection.callbackSecret);
  made.setTrust(body.trustPolicy);
  const answer = await vendor.callBack(body.callbackSecret, provisioned(made.id, made.arn, {}));
  expect([answer.status, answer.body.externalId]).toEqual([200, body.externalId]);
});

test('the callback of the changed role completes it: the old external ID is denied and retired', async () => {
  const made = await vendor.connected();
  const { externalId: old } = await made.read();
  const { externalId: next, trustPolicy } = (await begin(made)).body;
  made.setTrust(trustPolicy);
  expect((await askUncached(made)).status).toBe(200);
  const answer = await callBack(made);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ status: 'connected', externalId: next });
  expect(answer.body).not.toHaveProperty('pendingExternalId');
  expect(
    answer.body.verification.checks.map(({ name, outcome }: Record<string, string>) => `${name} ${outcome}`),
  ).toEqual(
    [
      'role_arn',
      'not_vendor_account',
      'assumable',
      'account',
      'external_id_required',
      'external_id_exact',
      'previous_external_id',
      'trust_policy',
      'not_already_connected',
    ].map((name) => `${name} ${name === 'trust_policy' ? 'not_checked' : 'passed'}`),
  );
  expect(answer.body.verification.probes).toContainEqual(
    expect.objectContaining({ probe: 'with_previous_external_id', outcome: 'denied' }),
  );
  expect((await askUncached(made)).status).toBe(200);
  made.setTrust(made.trust(old));
  expect((await askUncached(made)).body.code).toBe('role_not_assumable');
});

test('a callback for a role with the current external ID changes nothing', async () => {
  await vendor.close();
  vendor = await startWatchedVendor({ propagationWindowMs: 1_500 });
  const made = await vendor.connected();
  const { externalId: next } = (await begin(made)).body;
  const answer = await callBack(made);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    status: 'connected',
    externalId: made.connection.externalId,
    pendingExternalId: next,
  });
});

test('a role that accepts both is reported, keeps working, and completes the rotation once it accepts only the new one', async () => {
  await vendor.close();
  vendor = await startWatchedVendor({ propagationWindowMs: 1_500 });
  const made = await vendor.connected();
  const { externalId: next, trustPolicy } = (await begin(made)).body;
  made.setTrust(made.trust([made.connection.externalId, next]));
  const answer = await callBack(made);
  expect([answer.status, answer.body.code]).toEqual([422, 'previous_external_id_accepted']);
  expect(answer.body.remedy).toMatch(/Remove the previous external ID from the trust policy/);
  expect(await made.read()).toMatchObject({
    status: 'connected',
    externalId: made.connection.externalId,
    pendingExternalId: next,
    acceptsBothExternalIdsSince: expect.any(String),
  });
  expect((await askUncached(made)).status).toBe(200);
  made.setTrust(trustPolicy);
  const { body } = await vendor.call('POST', `${made.path}/verify`);
  expect(body.externalId).toBe(next);
  expect(body).not.toHaveProperty('acceptsBothExternalIdsSince');
});

test('a role that has only the previous external ID again is no longer said to accept both', async () => {
  const made = await vendor.connected();
  const { externalId: next } = (await begin(made)).body;
  made.setTrust(made.trust([made.connection.externalId, next]));
  const seen = async () => (await made.read()).acceptsBothExternalIdsSince as string | undefined;
  vendor.clock.pass(5 * 60_000);
  await until(async () => (await seen()) !== undefined, 'the check of the role with both');
  made.setTrust(made.trust(made.connection.externalId));
  await until(async () => {
    vendor.clock.pass(60_000);
    return (await seen()) === undefined;
  }, 'the check of the former policy');
  expect(await made.read()).toMatchObject({ status: 'connected', pendingExternalId: next });
});

test('without a callback, the next check completes it within minutes', async () => {
  const made = await vendor.connected();
  const { externalId: next, trustPolicy } = (await begin(made)).body;
  made.setTrust(trustPolicy);
  vendor.clock.pass(5 * 60_000);
  await until(async () => (await made.read()).externalId === next);
  expect(await made.read()).not.toHaveProperty('pendingExternalId');
  expect(vendor.receiver.types(made.id)).toEqual(['connection.connected']);
});

test('a role that needs no external ID fails during a rotation, too', async () => {
  const made = await vendor.connected();
  const { trustPolicy } = (await begin(made)).body;
  const { Condition: _, ...open } = trustPolicy.Statement[0];
  made.setTrust({ ...trustPolicy, Statement: [open] });
  const answer = await vendor.call('POST', `${made.path}/verify`);
  expect(answer.body.code).toBe('external_id_not_required');
  expect(await made.status()).toBe('failed');
});

test('a role that accepts neither is rejected with the new trust policy to paste', async () => {
  await vendor.close();
  vendor = await startWatchedVendor({ propagationWindowMs: 0 });
  const made = await vendor.connected();
  const { trustPolicy } = (await begin(made)).body;
  made.setTrust(made.trust('another'));
  const answer = await vendor.call('POST', `${made.path}/verify`);
  expect(answer.body.code).toBe('role_not_assumable');
  expect(JSON.parse(answer.body.trustPolicy)).toEqual(trustPolicy);
  made.setTrust(trustPolicy);
  expect((await vendor.call('POST', `${made.path}/verify`)).body).toMatchObject({ status: 'connected' });
});

describe('canceled', () => {
  test('restores the old state, and the new external ID is never issued again', async () => {
    const made = await vendor.connected();
    const before = await made.read();
    const issued = new Set([before.externalId]);
    for (let round = 0; round < 3; round++) {
      const { externalId } = (await begin(made)).body;
      expect(issued).not.toContain(externalId);
      issued.add(externalId);
      const answer = await cancel(made);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ status: 'connected', externalId: before.externalId });
      expect(answer.body).not.toHaveProperty('pendingExternalId');
    }
    expect((await askUncached(made)).status).toBe(200);
    expect((await made.audit('connection.rotate_external_id'))[0]).toMatchObject({
      outcome: 'succeeded',
      details: { canceled: true },
    });
  });

  test('is rejected when the role has the new external ID', async () => {
    const made = await vendor.connected();
    made.setTrust((await begin(made)).body.trustPolicy);
    const answer = await cancel(made);
    expect([answer.status, answer.body.code]).toEqual([409, 'pending_external_id_in_use']);
    expect((await askUncached(made)).status).toBe(200);
  });

  test('is rejected without a rotation', async () => {
    const made = await vendor.connected();
    const answer = await cancel(made);
    expect([answer.status, answer.body.code]).toEqual([409, 'external_id_not_changing']);
  });

  test('is inconclusive when AWS gives no verdict', async () => {
    const made = await vendor.connected();
    await begin(made);
    vendor.sandbox.faults.set({ kind: 'throttle' });
    const answer = await cancel(made);
    expect([answer.status, answer.body.code]).toEqual([503, 'aws_unavailable']);
    expect(await made.read()).toHaveProperty('pendingExternalId');
  });
});

test("only connections with an external ID can rotate it, and callers can't choose it", async () => {
  const made = await vendor.connected();
  for (const body of [{ externalId: 'rb-chosen' }, { pendingExternalId: '' }, [], 'x']) {
    const answer = await begin(made, body as object);
    expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
  }
  expect(
    (await vendor.call('POST', '/v1/connections/con_aaaaaaaaaaaaaaaaaaaaaaaa/rotate-external-id', {})).status,
  ).toBe(404);
  const other = await vendor.service.createOrganization('other');
  const path = `${made.path}/rotate-external-id`;
  expect((await vendor.call('POST', path, {}, other.apiKey)).status).toBe(404);
  expect((await vendor.call('DELETE', path, undefined, other.apiKey)).status).toBe(404);
  expect(await made.read()).not.toHaveProperty('pendingExternalId');
});

test('credentials never fail while AWS propagates the new trust policy for seconds', async () => {
  await vendor.close();
  vendor = await startWatchedVendor({ propagationDelayMs: 1_200, propagationWindowMs: 20_000 });
  const made = await vendor.connected();
  const answers: { status: number; code: unknown; at: number }[] = [];
  let isOver = false;
  const asking = (async () => {
    const asked: Promise<void>[] = [];
    while (!isOver) {
      for (const ask of [made.ask, () => askUncached(made)])
        asked.push(
          ask().then(({ status, body }) => void answers.push({ status, code: body.code, at: Date.now() })),
        );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await Promise.all(asked);
  })();
  const { externalId: next, trustPolicy } = (await begin(made)).body;
  await until(() => answers.length > 10);
  made.setTrust(trustPolicy);
  const answer = await callBack(made);
  expect([answer.status, answer.body.externalId]).toEqual([200, next]);
  const ended = answers.length;
  await until(() => answers.length > Math.max(ended + 10, 40));
  isOver = true;
  await asking;
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
});

test('mixed answers from old and new trust policy cause no failure', async () => {
  await vendor.close();
  let wrong = '';
  let knownEverywhereAt = Number.POSITIVE_INFINITY;
  vendor = await startWatchedVendor({
    aroundSts: (sts) => ({
      ...sts,
      // For two seconds, about every other call is answered by a part of AWS that has another trust policy.
      assumeRole: (request) => {
        const flips = wrong !== '' && Date.now() < knownEverywhereAt && Math.random() < 0.5;
        return sts.assumeRole(
          flips ? { ...request, externalId: wrong as typeof request.externalId } : request,
        );
      },
    }),
  });
  const made = await vendor.connected();
  const { trustPolicy } = (await begin(made)).body;
  made.setTrust(trustPolicy);
  wrong = 'not-known-here-yet';
  knownEverywhereAt = Date.now() + 2_000;
  const answers = await Promise.all(Array.from({ length: 10 }, () => askUncached(made)));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
});

test('after deletion, AssumeRole is retried with both until AWS denies them', async () => {
  const made = await vendor.connected();
  const { externalId: next, trustPolicy } = (await begin(made)).body;
  made.setTrust(trustPolicy);
  await vendor.call('DELETE', made.path);
  vendor.clock.pass(3_000);
  const proofs = async () =>
    (await made.audit('connection.confirm_revocation')).filter(({ phase }) => phase === 'outcome');
  await until(async () => (await proofs()).length === 1);
  expect((await proofs())[0]).toMatchObject({ code: 'access_not_ended' });
  expect(vendor.sandbox.requests.some((call) => call.roleArn === made.arn && call.externalId === next)).toBe(
    true,
  );
  vendor.sandbox.deleteRole(made.arn);
  vendor.clock.pass(hour);
  await until(async () => (await proofs())[0]?.outcome === 'succeeded');
});
