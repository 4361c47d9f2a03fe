import { startAccessKeyVendor } from '../access-key-vendor.js';
import { startVendorWithCustomers, type VendorWithCustomers } from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;

beforeEach(async () => {
  vendor = await startVendorWithCustomers();
});
afterEach(() => vendor.close());

type Call = Awaited<ReturnType<VendorWithCustomers['organization']>>['call'];

/** All of the log, the oldest first, a line each. */
async function log(call: Call, query = ''): Promise<string[]> {
  const { body } = await call('GET', `/v1/audit?limit=100${query}`);
  return body.records
    .reverse()
    .map((record: Record<string, unknown>) =>
      [record.action, record.phase, record.outcome, record.code].filter(Boolean).join(' '),
    );
}

describe('the audit log', () => {
  it('records intent, outcome and caller of every change to a connection', async () => {
    const { call, connection, arn } = await vendor.connected();
    const path = `/v1/connections/${connection.id}`;
    await call('PATCH', path, { name: 'renamed' });
    await call('PUT', `${path}/scopes`, { scopes: [{ project: 'shop' }] });
    await call('POST', `${path}/verify`);
    vendor.sandbox.deleteRole(arn);
    await call('POST', `${path}/verify`);
    const deleted = await call('DELETE', path);

    const both = (action: string, ending = 'succeeded') => [
      `${action} intent`,
      `${action} outcome ${ending}`,
    ];
    expect(await log(call, `&connection=${connection.id}`)).toEqual([
      ...both('connection.create'),
      ...both('connection.verify'),
      ...both('connection.rename'),
      ...both('connection.set_scopes'),
      ...both('connection.verify'),
      ...both('connection.verify', 'refused role_not_assumable'),
      ...both('connection.delete'),
    ]);
    const [last, intent] = (await call('GET', '/v1/audit?limit=2')).body.records;
    expect(last).toMatchObject({
      connectionId: connection.id,
      intentId: intent.id,
      actor: { kind: 'api_key', id: expect.stringMatching(/^key_/) },
      requestId: deleted.headers.get('x-request-id'),
    });
  });

  it('records issued credentials by target, cached ones once, and refusals', async () => {
    const { call, ask } = await vendor.connected({ scope: { project: 'shop' } });
    await ask({ project: 'shop' });
    await ask({ project: 'shop' });
    await ask({ project: 'warehouse' });
    const issued = (await log(call)).filter((line) => line.startsWith('credentials'));
    expect(issued).toEqual([
      'credentials.issue intent',
      'credentials.issue outcome succeeded',
      'credentials.issue outcome succeeded',
      'credentials.issue outcome refused no_connection_for_target',
    ]);
    const [refused] = (await call('GET', '/v1/audit?limit=1')).body.records;
    expect(refused).toMatchObject({ target: { project: 'warehouse' } });
  });

  it('records inconclusive checks', async () => {
    const { call, connection } = await vendor.connected();
    vendor.sandbox.faults.set({ action: 'AssumeRole', kind: 'throttle', times: 1 });
    await call('POST', `/v1/connections/${connection.id}/verify`);
    expect((await log(call)).at(-1)).toBe('connection.verify outcome inconclusive aws_unavailable');
  });

  it('is read in pages, newest first, for one organization only', async () => {
    const { call } = await vendor.connected();
    const other = await vendor.connected();
    const whole = (await call('GET', '/v1/audit?limit=100')).body.records;
    const first = (await call('GET', '/v1/audit?limit=3')).body;
    const second = (await call('GET', `/v1/audit?limit=100&before=${first.next}`)).body;
    expect([...first.records, ...second.records]).toEqual(whole);
    expect(second.next).toBeUndefined();
    expect((await call('GET', `/v1/audit?connection=${other.connection.id}`)).body).toEqual({ records: [] });
    expect(JSON.stringify(whole)).not.toContain(other.connection.id);
  });

  it.each(['limit=0', 'limit=101', 'before=x', 'connection=con_x', 'limit=1&limit=2', 'since=2026-01-01'])(
    'refuses the query %s',
    async (query) => {
      const { call } = await vendor.organization();
      const answer = await call('GET', `/v1/audit?${query}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    },
  );

  it('holds no secret', async () => {
    const keys = await startAccessKeyVendor();
    try {
      const { admin } = keys.customer();
      const { body } = await keys.create(admin);
      await keys.call('PUT', `/v1/connections/${body.id}/access-key`, admin);
      await keys.call('POST', '/v1/credentials', {});
      const text = JSON.stringify((await keys.call('GET', '/v1/audit?limit=100')).body);
      expect(text).toContain('connection.rotate_access_key');
      expect(text).not.toContain(admin.secretAccessKey);
      expect(text).not.toContain(admin.accessKeyId);
    } finally {
      await keys.close();
    }
  });
});
