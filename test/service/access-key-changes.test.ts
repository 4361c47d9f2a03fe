import { randomBytes } from 'node:crypto';
import { type AccessKeyVendor, type CustomerKey, keyOf, startAccessKeyVendor } from '../access-key-vendor.js';
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';

let vendor: AccessKeyVendor;
beforeAll(async () => {
  vendor = await startAccessKeyVendor();
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

describe('rotating the keys', () => {
  it('keeps id, name and scopes, and destroys the old key', async () => {
    const { accountId, admin } = vendor.customer();
    const { body: connection } = await vendor.create(admin, { scope: { project: 'rotated' } });
    const held = vendor.encryptedKeyOf(connection.id);
    const next = keyOf(vendor.sandbox.createAccessKey(accountId, 'second'));
    const { status, body } = await vendor.call('PUT', `/v1/connections/${connection.id}/access-key`, next);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: connection.id,
      name: 'key',
      scopes: [{ project: 'rotated' }],
      accessKeyLastFour: next.accessKeyId.slice(-4),
      principalArn: expect.stringContaining('user/second'),
    });
    expect(vendor.stored()).not.toContain(held.secretAccessKey);
    expect(vendor.stored()).not.toContain(held.wrappedDataKey);
  });

  it.each<[string, () => CustomerKey, number, string]>([
    ['of another account', () => vendor.customer().admin, 409, 'account_mismatch'],
    ['of a root user', () => vendor.customer().root, 422, 'root_access_key'],
    ['that is half a key', () => ({ accessKeyId: 'AKIA', secretAccessKey: 'x' }), 400, 'request_invalid'],
  ])('rejects one %s, and keeps the old key', async (_name, make, status, code) => {
    const { body: connection } = await vendor.create(vendor.customer().admin);
    const answer = await vendor.call('PUT', `/v1/connections/${connection.id}/access-key`, make());
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await vendor.show(connection.id)).toEqual(connection);
    expect((await vendor.call('POST', `/v1/connections/${connection.id}/verify`)).status).toBe(200);
  });

  it("is rejected for a connection with a role and for another organization's connection", async () => {
    const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'role' });
    const path = `/v1/connections/${connection.id}`;
    const rotated = await vendor.call('PUT', `${path}/access-key`, vendor.customer().admin);
    expect([rotated.status, rotated.body.code]).toEqual([422, 'method_mismatch']);
    expect((await vendor.call('POST', `${path}/migrate-to-role`)).body.code).toBe('method_mismatch');
    const { body: held } = await vendor.create(vendor.customer().admin);
    const { apiKey } = await vendor.service.createOrganization('other');
    for (const [method, end, body] of [
      ['PUT', 'access-key', vendor.customer().admin],
      ['POST', 'migrate-to-role', undefined],
    ] as const) {
      const answer = await vendor.call(method, `/v1/connections/${held.id}/${end}`, body, apiKey);
      expect([answer.status, answer.body.code]).toEqual([404, 'connection_not_found']);
    }
  });
});

describe('migrating to a role', () => {
  async function moving(scopes: object[] = [{ project: `p${randomBytes(4).toString('hex')}` }]) {
    const account = vendor.customer();
    const { body: connection } = await vendor.create(account.admin);
    await vendor.call('PUT', `/v1/connections/${connection.id}/scopes`, { scopes });
    const { status, body } = await vendor.call('POST', `/v1/connections/${connection.id}/migrate-to-role`);
    expect(status).toBe(200);
    const roleIn = (accountId: string, trustPolicy = body.trustPolicy) =>
      vendor.sandbox.createRole(accountId, { roleName: 'rolebridge', trustPolicy }).arn;
    return { ...account, id: connection.id as string, started: body, roleIn, scopes };
  }
  const post = async ({ headers, body }: ReturnType<typeof callbackMessage>) => {
    const response = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', headers, body });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };

  it('completes with the callback: the key works until then, and is destroyed afterwards', async () => {
    const scopes = [{ project: 'one' }, { project: 'two', environment: 'production' }];
    const { id, accountId, started, roleIn } = await moving(scopes);
    expect(started).toMatchObject({ method: 'access_key', status: 'connected', principal: vendor.principal });
    expect(started.roleTemplates.cdktf).toContain(started.externalId);
    expect((await vendor.show(id)).migrateToRole).toEqual({ externalId: started.externalId });
    expect((await vendor.call('POST', `/v1/connections/${id}/verify`)).status).toBe(200);
    const held = vendor.encryptedKeyOf(id);
    const roleArn = roleIn(accountId);
    const answer = await post(
      callbackMessage(started.callbackSecret, provisioned(id, roleArn, { project: 'one' })),
    );
    expect(answer.status).toBe(200);
    const connection = await vendor.show(id);
    expect(connection).toMatchObject({
      method: 'assume_role',
      status: 'connected',
      roleArn,
      accountId,
      scopes,
    });
    expect(connection).toMatchObject({ externalId: started.externalId, name: 'key' });
    expect(Object.keys(connection)).not.toContain('accessKeyLastFour');
    for (const encrypted of [held.accessKeyId, held.secretAccessKey, held.wrappedDataKey])
      expect(vendor.stored()).not.toContain(encrypted);
    const gone = await post(callbackMessage(started.callbackSecret, deprovisioned(id, roleArn)));
    expect([gone.status, gone.body.status]).toEqual([200, 'disconnected']);
  });

  it('completes with an ARN from the API', async () => {
    const { id, accountId, roleIn } = await moving();
    const answer = await vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn: roleIn(accountId) });
    expect([answer.status, answer.body.method, answer.body.status]).toEqual([
      200,
      'assume_role',
      'connected',
    ]);
  });

  it('is rejected for an unsafe role or another account: the key still works, and the reason is shown', async () => {
    const { id, accountId, roleIn } = await moving();
    const open = roleIn(accountId, {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: vendor.principal } }],
    });
    for (const [roleArn, status, code] of [
      [open, 422, 'external_id_not_required'],
      [roleIn(vendor.customer().accountId), 409, 'account_mismatch'],
    ]) {
      const answer = await vendor.call('PUT', `/v1/connections/${id}/role`, { roleArn });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(await vendor.show(id)).toMatchObject({
        method: 'access_key',
        status: 'connected',
        // A role in another account is rejected before it is checked: the page shows the last checked role.
        migrateToRole: { roleArn: open, verification: { code: 'external_id_not_required' } },
      });
    }
    expect((await vendor.call('POST', `/v1/connections/${id}/verify`)).status).toBe(200);
  });

  it('keeps the external ID when it is restarted, and rejects the old callback secret', async () => {
    const { id, accountId, started, roleIn } = await moving();
    const { body: again } = await vendor.call('POST', `/v1/connections/${id}/migrate-to-role`);
    expect(again.externalId).toBe(started.externalId);
    const event = provisioned(id, roleIn(accountId));
    expect((await post(callbackMessage(started.callbackSecret, event))).status).toBe(401);
    expect((await post(callbackMessage(again.callbackSecret, event))).status).toBe(200);
  });

  it('accepts no role from API or callback before it is started', async () => {
    const { body: connection } = await vendor.create(vendor.customer().admin);
    const roleArn = 'arn:aws:iam::123456789012:role/x';
    const answer = await vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn });
    expect([answer.status, answer.body.code]).toEqual([422, 'method_mismatch']);
    expect(answer.body.remedy).toContain('migrate-to-role');
    const wrongSecret = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const called = await post(callbackMessage(wrongSecret, provisioned(connection.id, roleArn)));
    expect([called.status, called.body.code]).toEqual([401, 'callback_unauthorized']);
  });

  it('keeps the key when the stack is destroyed', async () => {
    const { id, started } = await moving();
    const event = deprovisioned(id, 'arn:aws:iam::123456789012:role/x');
    const answer = await post(callbackMessage(started.callbackSecret, event));
    expect([answer.status, answer.body.method, answer.body.status]).toEqual([200, 'access_key', 'connected']);
  });
});

it('destroys the key of a deleted connection, and answers its late callback as deleted', async () => {
  const { body: connection } = await vendor.create(vendor.customer().admin);
  const { body: started } = await vendor.call('POST', `/v1/connections/${connection.id}/migrate-to-role`);
  const held = vendor.encryptedKeyOf(connection.id);
  expect((await vendor.call('DELETE', `/v1/connections/${connection.id}`)).status).toBe(204);
  expect(vendor.stored()).not.toContain(held.wrappedDataKey);
  expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).status).toBe(404);
  const event = provisioned(connection.id, 'arn:aws:iam::123456789012:role/x');
  const { headers, body } = callbackMessage(started.callbackSecret, event);
  const answer = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', headers, body });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    422,
    'connection_disconnected',
  ]);
});

// The last: it searches the output of all tests above.
it('leaves no secret in logs, answers or files', () => vendor.expectNoSecretLeft(15));
