import { until } from '../passing-clock.js';
import { readOnly, startVendorWithCustomers, type VendorWithCustomers } from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;
beforeAll(async () => {
  vendor = await startVendorWithCustomers();
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

describe('the session cache', () => {
  it('opens a session once for a thousand concurrent requests', async () => {
    const { ask, assumed } = await vendor.connected();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => ask()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(answers.map(({ body }) => body.sessionToken)).size).toBe(1);
    expect(assumed()).toHaveLength(1);
  });

  it('shares a session only between equal requests', async () => {
    const { ask, assumed } = await vendor.connected({ maxSessionDuration: 7200 });
    const shapes = [
      {},
      { project: 'shop' },
      { durationSeconds: 900 },
      { sessionName: 'alice' },
      { sessionPolicy: readOnly },
      { sessionPolicy: { ...readOnly, Id: 'another' } },
      { tags: { a: 'b' } },
      { tags: { a: 'c' } },
    ];
    const tokens = new Set<string>();
    for (const shape of shapes) {
      const answer = await ask(shape);
      tokens.add(answer.body.sessionToken);
    }
    expect(tokens.size).toBe(shapes.length);
    const calls = assumed().length;
    for (const same of [{ durationSeconds: 3600 }, { sessionPolicy: JSON.stringify(readOnly) }, { tags: {} }])
      expect(tokens).toContain((await ask(same)).body.sessionToken);
    await ask({ tags: { x: '1', y: '2' } });
    await ask({ tags: { y: '2', x: '1' } });
    expect(assumed()).toHaveLength(calls + 1);
  });

  it('renews in the background and never returns an expired session', async () => {
    const { ask, assumed } = await vendor.connected();
    const first = (await ask()).body;
    vendor.pass(2400_000);
    expect((await ask()).body.sessionToken).toBe(first.sessionToken);
    expect(assumed()).toHaveLength(1);
    vendor.pass(600_000);
    const during = (await ask()).body;
    expect(during.sessionToken).toBe(first.sessionToken);
    let renewed = during;
    await until(async () => {
      renewed = (await ask()).body;
      return renewed.sessionToken !== first.sessionToken;
    }, 'the renewed session');
    expect(Date.parse(renewed.expiration)).toBe(vendor.now() + 3_600_000);
    vendor.pass(3_600_000);
    const after = (await ask()).body;
    expect(Date.parse(after.expiration)).toBe(vendor.now() + 3_600_000);
    expect(assumed()).toHaveLength(3);
  });

  it('returns a session while AWS is unreachable, until it expires', async () => {
    const { ask, arn } = await vendor.connected();
    const first = (await ask()).body;
    vendor.sandbox.faults.set({ kind: 'throttle', roleArn: arn });
    vendor.pass(3_570_000);
    expect((await ask()).body.sessionToken).toBe(first.sessionToken);
    vendor.pass(30_000);
    const ended = await ask();
    expect([ended.status, ended.body.code]).toEqual([503, 'aws_unavailable']);
    vendor.sandbox.faults.clear();
    vendor.pass(1_000);
    expect((await ask()).status).toBe(200);
  });

  it('drops a session when AWS denies the renewal', async () => {
    const { ask, allowActions } = await vendor.connected();
    await ask();
    allowActions(['sts:TagSession']);
    vendor.pass(3_570_000);
    const { status, body } = await ask();
    expect([status, body.code]).toEqual([422, 'role_not_assumable']);
    expect((await ask()).status).toBe(422);
  });

  it('repeats a failure for a second, then calls AWS again', async () => {
    const { ask, arn, assumed } = await vendor.connected();
    vendor.sandbox.faults.set({ kind: 'error', roleArn: arn, times: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    expect((await ask()).status).toBe(503);
    expect(assumed()).toHaveLength(1);
    vendor.pass(1_000);
    expect((await ask()).status).toBe(200);
    expect(assumed()).toHaveLength(2);
  });
});

describe('a connection that changes', () => {
  it.each<
    [
      string,
      (made: Awaited<ReturnType<VendorWithCustomers['connected']>>) => Promise<unknown>,
      number,
      string,
    ]
  >([
    [
      'deleted',
      ({ call, connection }) => call('DELETE', `/v1/connections/${connection.id}`),
      404,
      'no_connection_for_target',
    ],
    [
      'without the scope',
      ({ call, connection }) => call('PUT', `/v1/connections/${connection.id}/scopes`, { scopes: [] }),
      404,
      'no_connection_for_target',
    ],
    [
      'refused at its next verification',
      async ({ call, connection, arn }) => {
        vendor.sandbox.deleteRole(arn);
        await call('POST', `/v1/connections/${connection.id}/verify`);
      },
      409,
      'connection_not_healthy',
    ],
  ])('%s issues no cached credentials', async (_name, change, status, code) => {
    const made = await vendor.connected();
    expect((await made.ask()).status).toBe(200);
    await change(made);
    const answer = await made.ask();
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it.each(['verify', 'scopes'])('gets new credentials after %s', async (what) => {
    const { ask, call, connection, assumed } = await vendor.connected();
    const before = (await ask()).body;
    const path = `/v1/connections/${connection.id}/${what}`;
    if (what === 'verify') await call('POST', path);
    else await call('PUT', path, { scopes: [{}, { project: 'more' }] });
    const calls = assumed().length;
    expect((await ask()).body.sessionToken).not.toBe(before.sessionToken);
    expect(assumed()).toHaveLength(calls + 1);
  });

  it('that is deleted during AssumeRole drops the late session', async () => {
    const { ask, call, connection, arn, assumed } = await vendor.connected();
    vendor.sandbox.faults.set({ kind: 'delay', delayMs: 300, roleArn: arn });
    const before = assumed().length;
    const asked = ask();
    await until(() => assumed().length > before);
    await call('DELETE', `/v1/connections/${connection.id}`);
    expect((await asked).body.code).toBe('no_connection_for_target');
  });

  it("that loses its scope is replaced by the new holder's account", async () => {
    const one = await vendor.connected();
    const other = await vendor.connected({ scope: { project: 'elsewhere' }, organization: one.account });
    expect((await one.ask()).body.accountId).toBe(one.accountId);
    await one.call('PUT', `/v1/connections/${other.connection.id}/scopes`, { scopes: [{}], replace: true });
    expect((await one.ask()).body.accountId).toBe(other.accountId);
  });
});
