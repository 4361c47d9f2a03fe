import { callbackMessage, provisioned } from '../callback-message.js';
import { startVendorWithCustomers, type VendorWithCustomers } from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;

beforeEach(async () => {
  vendor = await startVendorWithCustomers();
});
afterEach(() => vendor.close());

async function connected() {
  const { call, connection, arn } = await vendor.connected();
  const rotate = (body: object = {}) =>
    call('POST', `/v1/connections/${connection.id}/rotate-callback-secret`, body);
  const callBack = async (secret: string) => {
    const timestamp = Math.floor(vendor.now() / 1000);
    const message = callbackMessage(secret, provisioned(connection.id, arn), { timestamp });
    const response = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
    return response.status;
  };
  return { call, connection, rotate, callBack, first: connection.callbackSecret as string };
}

describe('rotating the callback secret', () => {
  it('accepts both secrets for a day, then only the new one', async () => {
    const { rotate, callBack, first } = await connected();
    const { status, body } = await rotate();
    expect(status).toBe(200);
    expect([await callBack(first), await callBack(body.callbackSecret)]).toEqual([200, 200]);
    expect(Date.parse(body.previousValidUntil) - vendor.now()).toBeLessThanOrEqual(24 * 3_600_000);
    vendor.pass(24 * 3_600_000);
    expect([await callBack(first), await callBack(body.callbackSecret)]).toEqual([401, 200]);
  });

  it('rejects the old secret immediately on request, as after a leak', async () => {
    const { rotate, callBack, first } = await connected();
    const { body } = await rotate({ previousValidSeconds: 0 });
    expect([await callBack(first), await callBack(body.callbackSecret)]).toEqual([401, 200]);
  });

  it('shows the new secret once', async () => {
    const { call, connection, rotate } = await connected();
    const { body } = await rotate();
    const seen = [
      await call('GET', `/v1/connections/${connection.id}`),
      await call('GET', '/v1/audit'),
      await rotate(),
    ];
    for (const answer of seen) expect(JSON.stringify(answer.body)).not.toContain(body.callbackSecret);
  });

  it.each([
    { previousValidSeconds: -1 },
    { previousValidSeconds: 604_801 },
    { previousValidSeconds: 1.5 },
    { previousValidSeconds: '60' },
    { callbackSecret: 'whsec_mine' },
  ])('refuses %j', async (body) => {
    const { rotate } = await connected();
    const answer = await rotate(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
  });
});
