/** AWS is slow or unresponsive, the service shuts down, the clock jumps: no answer claims a missing verdict. */

import { systemClock } from '../../service/index.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { startVendorProcess } from '../service-as-process.js';
import { callApi, startVendor, type Vendor } from '../vendor.js';

describe('while AWS', () => {
  let vendor: Vendor;
  beforeAll(async () => {
    vendor = await startVendor({ propagationWindowMs: 200, maxWaitMs: 1_000 });
  });
  afterAll(() => vendor.close());
  afterEach(() => vendor.sandbox.faults.clear());

  it.each([
    ['is slow, but within the time limit', { kind: 'delay', delayMs: 600 }, 200],
    ['throttles', { kind: 'throttle' }, 503],
    ['answers 500', { kind: 'error', status: 500 }, 503],
    ['answers 503', { kind: 'error', status: 503 }, 503],
    ['resets connections', { kind: 'reset' }, 503],
    ['answers with garbage', { kind: 'garbage' }, 503],
    ['never answers', { kind: 'timeout' }, 503],
    ['has ended the session of the vendor’s own credentials', { kind: 'expired-token' }, 503],
  ] as const)(
    '%s, the role keeps its status, and the answer arrives within the time limit',
    async (_name, fault, status) => {
      const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
      const { accountId } = vendor.sandbox.createAccount();
      const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
      await vendor.call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
      vendor.sandbox.faults.set(fault);
      const startedAt = performance.now();
      const [answer, callback, other] = await Promise.all([
        vendor.call('POST', `/v1/connections/${body.id}/verify`),
        fetch(`${vendor.service.url}/v1/callbacks`, {
          method: 'POST',
          ...(callbackMessage(body.callbackSecret, provisioned(body.id, arn)) as { body: string }),
        }),
        vendor.call('GET', '/v1/connections').then(() => performance.now() - startedAt),
      ]);
      // Each attempt ends with its first hanging call; the limit of a request is 25 seconds.
      expect(performance.now() - startedAt).toBeLessThan(status === 200 ? 15_000 : 10_000);
      expect(other).toBeLessThan(1_900);
      // Of two verifications at once, one may find that the other has changed the connection.
      expect(status === 200 ? [200, 409] : [503]).toContain(answer.status);
      if (status === 503) {
        expect(callback.status).toBe(503);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(Number(callback.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect((await vendor.call('GET', `/v1/connections/${body.id}`)).body.status).toBe('connected');
    },
  );
});

describe('SIGTERM', () => {
  let vendor: Awaited<ReturnType<typeof startVendorProcess>>;
  afterEach(() => vendor.close());

  it('completes a running verification, whose answer is stored after the restart', async () => {
    vendor = await startVendorProcess();
    const first = await vendor.start();
    const apiKey = await vendor.organization(first);
    const { body } = await callApi(first.url, apiKey, 'POST', '/v1/connections', { name: 'shop' });
    const { accountId } = vendor.sandbox.createAccount();
    const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
    vendor.sandbox.faults.set({ kind: 'delay', delayMs: 700 });
    const asked = vendor.sandbox.requests.length;
    const verified = callApi(first.url, apiKey, 'PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
    while (vendor.sandbox.requests.length === asked) await new Promise((resolve) => setTimeout(resolve, 10));
    first.child.kill('SIGTERM');
    expect((await verified).body).toMatchObject({ status: 'connected', roleArn: arn });
    expect(await first.ended).toBe(0);
    vendor.sandbox.faults.clear();
    const second = await vendor.start();
    const after = await callApi(second.url, apiKey, 'GET', `/v1/connections/${body.id}`);
    expect(after.body).toMatchObject({ status: 'connected', roleArn: arn });
  }, 60_000);

  it('asks clients that wait for a new role to retry, and ends within ten seconds', async () => {
    vendor = await startVendorProcess();
    const first = await vendor.start();
    const apiKey = await vendor.organization(first);
    const { body } = await callApi(first.url, apiKey, 'POST', '/v1/connections', { name: 'shop' });
    const roleArn = `arn:aws:iam::${vendor.sandbox.createAccount().accountId}:role/not-there-yet`;
    const asked = vendor.sandbox.requests.length;
    const waiting = callApi(first.url, apiKey, 'PUT', `/v1/connections/${body.id}/role`, { roleArn });
    while (vendor.sandbox.requests.length === asked) await new Promise((resolve) => setTimeout(resolve, 10));
    const told = performance.now();
    first.child.kill('SIGTERM');
    const answer = await waiting;
    expect([answer.status, answer.body.code]).toEqual([503, 'verification_in_progress']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await first.ended).toBe(0);
    expect(performance.now() - told).toBeLessThan(10_000);
  }, 60_000);
});

describe('the clock jumps', () => {
  let vendor: Vendor;
  afterEach(() => vendor.close());
  const day = 86_400_000;
  it.each([
    ['a day ahead', day],
    ['a year back', -365 * day],
  ])(
    '%s: the service continues, old callbacks are stale, and no expired session is issued',
    async (_name, jump) => {
      let offset = 0;
      const clock = {
        now: () => Date.now() + offset,
        sleep: systemClock.sleep,
      };
      vendor = await startVendor({ clock, propagationWindowMs: 200 });
      const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop', scope: {} });
      const { accountId } = vendor.sandbox.createAccount();
      const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
      const post = async (timestamp: number) => {
        const event = provisioned(body.id, arn);
        const message = callbackMessage(body.callbackSecret, event, {
          timestamp: Math.floor(timestamp / 1000),
        });
        const options = { method: 'POST', headers: message.headers, body: message.body as string };
        return (await fetch(`${vendor.service.url}/v1/callbacks`, options)).status;
      };
      const before = clock.now();
      expect(await post(before)).toBe(200);
      expect((await vendor.call('POST', '/v1/credentials', {})).status).toBe(200);
      offset = jump;
      // AWS's clock is this one here: its role is not to be one of the future.
      vendor.sandbox.deleteRole(arn);
      vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
      expect(await post(before)).toBe(401);
      expect(await post(clock.now())).toBe(200);
      const { status, body: issued } = await vendor.call('POST', '/v1/credentials', {});
      expect(status).toBe(200);
      expect(Date.parse(issued.expiration)).toBeGreaterThan(clock.now());
      expect((await vendor.call('POST', `/v1/connections/${body.id}/verify`)).status).toBe(200);
      const { body: audit } = await vendor.call('GET', '/v1/audit?limit=100');
      expect(audit.records.length).toBeGreaterThan(4);
      expect((await fetch(`${vendor.service.url}/readyz`)).status).toBe(200);
    },
  );
});
