import { callbackMessage, provisioned } from '../callback-message.js';
import { startVendorWithCustomers, type VendorWithCustomers } from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;

beforeEach(async () => {
  vendor = await startVendorWithCustomers();
});
afterEach(() => vendor.close());

async function ask(url: string, token?: string) {
  const response = await fetch(
    url,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
  return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers };
}

describe('the status of a connection, by its status token', () => {
  it('is pending, then connected, without account, role or external ID', async () => {
    const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
    expect(body.statusUrl).toBe(`${vendor.service.url}/v1/connections/${body.id}/status`);
    expect(body.statusToken).toMatch(/^rbs_[\w-]{43}$/);
    const pending = await ask(body.statusUrl, body.statusToken);
    expect(pending.status).toBe(200);
    expect(pending.body).toEqual({ status: 'pending', checkedAt: body.createdAt });
    expect(pending.headers.get('cache-control')).toBe('no-store');

    const { connection } = await vendor.connected();
    const connected = await ask(connection.statusUrl, connection.statusToken);
    expect(connected.body).toEqual({ status: 'connected', checkedAt: expect.stringMatching(/^\d{4}-.+Z$/) });
  });

  it('has the time and code of a failure', async () => {
    const { call, connection, allowActions } = await vendor.connected();
    allowActions(['sts:TagSession']);
    await call('POST', `/v1/connections/${connection.id}/verify`);
    const { body } = await ask(connection.statusUrl, connection.statusToken);
    expect(body).toEqual({ status: 'failed', code: 'role_not_assumable', checkedAt: expect.any(String) });
  });

  it('is returned for its token only: others get the same 401', async () => {
    const [first, second] = [await vendor.connected(), await vendor.connected()];
    const { statusUrl, statusToken, callbackSecret } = first.connection;
    const refused = [
      await ask(statusUrl),
      await ask(statusUrl, second.connection.statusToken),
      await ask(statusUrl, `${statusToken}x`),
      await ask(statusUrl, callbackSecret),
      await ask(statusUrl, vendor.apiKey),
      await ask(statusUrl.replace(first.connection.id, 'con_aaaaaaaaaaaaaaaa'), statusToken),
      await ask(statusUrl.replace(first.connection.id, '__proto__'), statusToken),
    ];
    for (const { status, body } of refused) {
      expect(status).toBe(401);
      expect(body).toEqual(refused[0]?.body);
    }
  });

  it('is the only call that the token allows', async () => {
    const { connection } = await vendor.connected();
    const { id, statusUrl, statusToken } = connection;
    for (const path of [`/v1/connections/${id}`, '/v1/connections', '/v1/audit', '/v1/resolve'])
      expect((await vendor.call('GET', path, undefined, statusToken)).status).toBe(401);
    const posted = await fetch(statusUrl, {
      method: 'POST',
      headers: { authorization: `Bearer ${statusToken}` },
    });
    expect(posted.status).toBe(405);
    const signed = callbackMessage(statusToken, provisioned(id, 'arn:aws:iam::210987654321:role/a'));
    expect((await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...signed })).status).toBe(
      401,
    );
  });

  it('gets a new token with a new callback secret; the old token expires with the old secret', async () => {
    const { call, connection } = await vendor.connected();
    const { statusUrl, statusToken } = connection;
    const { body } = await call('POST', `/v1/connections/${connection.id}/rotate-callback-secret`, {
      previousValidSeconds: 60,
    });
    const statuses = async () => [
      (await ask(statusUrl, statusToken)).status,
      (await ask(statusUrl, body.statusToken)).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    vendor.pass(61_000);
    expect(await statuses()).toEqual([401, 200]);
  });

  it('has a token that is shown once and never logged', async () => {
    const { call, connection } = await vendor.connected();
    await ask(connection.statusUrl, connection.statusToken);
    const seen = [
      (await call('GET', `/v1/connections/${connection.id}`)).body,
      (await call('GET', '/v1/audit')).body,
      vendor.logs,
    ];
    expect(JSON.stringify(seen)).not.toContain(connection.statusToken);
  });
});
