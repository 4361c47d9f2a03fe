/** Scripts outside this repository use this interface: it must not change. */
import { type Cases, startCases } from '../cases-entry.js';

let cases: Cases;
beforeAll(async () => {
  cases = await startCases({ propagationDelayMs: 0, propagationWindowMs: 0 });
});
afterAll(() => cases.close());

test('an account, a role and signed callbacks connect and disconnect', async () => {
  const { accountId, accessKeyId, secretAccessKey } = cases.createAccount();
  expect([accountId, accessKeyId, secretAccessKey]).toEqual([
    expect.stringMatching(/^\d{12}$/),
    expect.any(String),
    expect.any(String),
  ]);
  const { status, body: connection } = await cases.call('POST', '/v1/connections', {
    name: 'shop',
    expectedAccountId: accountId,
  });
  expect(status).toBe(201);
  const { id: connectionId, callbackSecret: secret, externalId } = connection;

  const open = cases.createRole({ accountId, roleName: 'open' });
  const refused = await cases.sendCallback(cases.signCallback({ secret, connectionId, roleArn: open }));
  expect([refused.status, refused.body.type]).toEqual([422, expect.any(String)]);

  const roleArn = cases.createRole({ accountId, externalId });
  const connected = await cases.sendCallback(cases.signCallback({ secret, connectionId, roleArn }));
  expect([connected.status, connected.body.status]).toEqual([200, 'connected']);

  const ended = await cases.sendCallback(
    cases.signCallback({ secret, connectionId, roleArn, type: 'role.deprovisioned' }),
  );
  expect(ended.status).toBe(200);
  expect((await cases.call('GET', `/v1/connections/${connectionId}`)).body.status).toBe('disconnected');
});

test('all members that scripts use exist', () => {
  const { url, sandboxUrl, apiKey, organizationId, principal, directory, logs } = cases;
  for (const text of [url, sandboxUrl, apiKey, organizationId, principal, directory])
    expect(text).toEqual(expect.any(String));
  expect(Array.isArray(logs)).toBe(true);
  const message = cases.signCallback({
    secret: `whsec_${Buffer.alloc(32).toString('base64')}`,
    connectionId: 'con_1',
    roleArn: 'arn:aws:iam::111122223333:role/a',
    scope: { project: 'shop' },
    data: { roleId: 'AROA1' },
    id: 'msg_1',
    timestamp: 1,
  });
  expect(message.headers['webhook-id']).toBe('msg_1');
  expect(JSON.parse(message.body).data).toEqual({
    connectionId: 'con_1',
    roleArn: 'arn:aws:iam::111122223333:role/a',
    scope: { project: 'shop' },
    roleId: 'AROA1',
  });
});
