/** A callback secret reports the role of its connection, in the account that the connection is bound to, and no more. */
import { callbackMessage, connectionCheck, deprovisioned, provisioned } from '../callback-message.js';
import { until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
beforeAll(async () => {
  vendor = await startWatchedVendor({ requireAccount: true, jobs: false });
});
afterAll(() => vendor.close());

async function made(more: object = {}) {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop', ...more });
  const { accountId } = vendor.sandbox.createAccount();
  const role = (roleName = 'rolebridge', account = accountId, trustPolicy = body.trustPolicy) =>
    vendor.sandbox.createRole(account, { roleName, trustPolicy }).arn;
  const path = `/v1/connections/${body.id}`;
  return {
    ...body,
    accountId,
    role,
    path,
    callBack: (event: object) => vendor.callBack(body.callbackSecret, event),
    show: async () => (await vendor.call('GET', path)).body,
    types: () => vendor.receiver.types(body.id),
    lastMessage: () => vendor.receiver.of(body.id).at(-1)?.body.data,
  };
}

const connected = async (more: object = {}) => {
  const connection = await made(more);
  const arn = connection.role();
  expect((await vendor.call('PUT', `${connection.path}/role`, { roleArn: arn })).status).toBe(200);
  await until(() => connection.types().length === 1);
  return { ...connection, arn };
};

describe('the account', () => {
  it('must be set before a callback can connect', async () => {
    const { id, role, callBack, show, types } = await made();
    const answer = await callBack(provisioned(id, role()));
    expect([answer.status, answer.body.code]).toEqual([409, 'account_not_bound']);
    expect(await show()).toMatchObject({ status: 'pending' });
    await until(() => types().length > 0);
    expect(types()).toEqual(['connection.callback_refused']);
  });

  it('of a deleted connection is not asked for: its stack gets that reason, and there is no alarm', async () => {
    const { id, arn, accountId, path, callBack } = await connected();
    expect((await vendor.call('DELETE', path)).status).toBe(204);
    const alarms = vendor.logged('The connection is not bound to an account').length;
    for (const event of [connectionCheck(id, accountId), provisioned(id, arn)]) {
      const answer = await callBack(event);
      expect([answer.status, answer.body.code]).toEqual([422, 'connection_disconnected']);
      expect(answer.body.remedy).toContain('Ask the vendor for a new connection');
    }
    expect(vendor.logged('The connection is not bound to an account')).toHaveLength(alarms);
  });

  it('is the account that the connection was created for', async () => {
    const account = vendor.sandbox.createAccount().accountId;
    const { id, role, callBack } = await made({ expectedAccountId: account });
    const foreign = await callBack(provisioned(id, role('foreign')));
    expect([foreign.status, foreign.body.code]).toEqual([409, 'account_mismatch']);
    const own = await callBack(provisioned(id, role('own', account)));
    expect([own.status, own.body.status, own.body.accountId]).toEqual([200, 'connected', account]);
  });

  it('is bound by an ARN from the API, stays bound without a role, and alarms at another account', async () => {
    const { id, arn, accountId, role, callBack, show, types, lastMessage } = await connected();
    expect(await show()).toMatchObject({ expectedAccountId: accountId });
    expect((await callBack(deprovisioned(id, arn))).body.status).toBe('disconnected');
    const thief = vendor.sandbox.createAccount().accountId;
    const evil = role('evil', thief);
    const answer = await callBack(provisioned(id, evil));
    expect([answer.status, answer.body.code]).toEqual([409, 'account_mismatch']);
    expect(JSON.stringify(answer.body)).not.toContain(accountId);
    await until(() => types().includes('connection.callback_refused'));
    expect(lastMessage()).toMatchObject({ code: 'account_mismatch', security: true, refusedRoleArn: evil });
    expect(vendor.logged('The role is in another account than expected').at(-1)).toMatchObject({
      level: 'error',
      connectionId: id,
      security: true,
    });
    expect((await callBack(provisioned(id, role('again')))).body.status).toBe('connected');
  });
});

describe('released', () => {
  it('the connection waits for a role in the new account, and the old account no longer works', async () => {
    const { id, arn, path, callBack, externalId, callbackSecret, show } = await connected({
      scope: { project: 'moves' },
    });
    const other = vendor.sandbox.createAccount().accountId;
    const { status, body } = await vendor.call('POST', `${path}/release-account`, {
      expectedAccountId: other,
    });
    expect([status, body.status, body.expectedAccountId]).toEqual([200, 'pending', other]);
    expect(body.externalId).not.toBe(externalId);
    expect(body.callbackSecret).not.toBe(callbackSecret);
    expect((await callBack(provisioned(id, arn))).status).toBe(401);
    expect((await vendor.call('GET', '/v1/resolve?project=moves')).body.connection.status).toBe('pending');
    const next = vendor.sandbox.createRole(other, { roleName: 'new', trustPolicy: body.trustPolicy }).arn;
    expect((await vendor.callBack(body.callbackSecret, provisioned(id, next))).body.status).toBe('connected');
    expect(await show()).toMatchObject({ accountId: other, scopes: [{ project: 'moves' }] });
  });

  it('the account of a pending connection can be set, but not changed after use', async () => {
    const { path, accountId, role } = await made();
    const set = await vendor.call('PATCH', path, { expectedAccountId: accountId });
    expect([set.status, set.body.expectedAccountId]).toEqual([200, accountId]);
    expect((await vendor.call('PUT', `${path}/role`, { roleArn: role() })).status).toBe(200);
    const changed = await vendor.call('PATCH', path, { expectedAccountId: '123456789012' });
    expect([changed.status, changed.body.code]).toEqual([409, 'account_mismatch']);
  });
});

describe('a callback', () => {
  it('takes two durable writes, the last with connection, audit outcome and answer', async () => {
    const { id, accountId, role, callBack } = await made();
    await vendor.call('PATCH', `/v1/connections/${id}`, { expectedAccountId: accountId });
    const arn = role();
    const writes: string[] = [];
    const { store } = vendor;
    const spies = (['commit', 'appendAudit'] as const).map((name) => {
      const spy = jest.spyOn(store, name);
      spy.mockName(name);
      return spy;
    });
    expect((await callBack(provisioned(id, arn))).status).toBe(200);
    for (const spy of spies) for (const _ of spy.mock.calls) writes.push(spy.getMockName());
    for (const spy of spies) spy.mockRestore();
    expect(writes.sort()).toEqual(['appendAudit', 'commit']);
  });

  it('with the webhook-id of another body is rejected', async () => {
    const { id, callbackSecret, arn } = await connected();
    const send = async (event: object) => {
      const { headers, body } = callbackMessage(callbackSecret, event, { id: 'msg_same' });
      const response = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', headers, body });
      return [response.status, ((await response.json()) as { code?: string }).code];
    };
    expect(await send(provisioned(id, arn))).toEqual([200, undefined]);
    expect(await send(deprovisioned(id, arn))).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('a role', () => {
  it('is a different role after it is recreated under its name', async () => {
    const { id, arn, role, callBack, show } = await connected();
    const before = deprovisioned(id, arn);
    vendor.sandbox.deleteRole(arn);
    expect(role()).toBe(arn);
    expect((await callBack(provisioned(id, arn))).status).toBe(200);
    expect((await callBack(before)).body.status).toBe('connected');
    const { roleId } = await show();
    const stale = { ...provisioned(id, arn), data: { ...before.data } };
    const answer = await callBack(stale);
    expect([answer.status, answer.body.code]).toEqual([422, 'role_id_mismatch']);
    expect(await show()).toMatchObject({ status: 'connected', roleId });
    expect((await callBack(deprovisioned(id, arn))).body.status).toBe('disconnected');
  });

  it('that never connected leaves the connection pending when it is removed', async () => {
    const { id, role, callBack, show, accountId } = await made();
    await vendor.call('PUT', `/v1/connections/${id}/role`, {
      roleArn: role('wrong', accountId, {
        ...trust,
        Statement: [{ ...trust.Statement[0], Principal: { AWS: '999999999999' } }],
      }),
    });
    const { status, roleArn } = await show();
    expect(status).toBe('failed');
    const answer = await callBack(deprovisioned(id, roleArn));
    expect([answer.status, answer.body.status]).toEqual([200, 'pending']);
  });

  it('replaces the connected one in the same account only when it passes every check', async () => {
    const { id, arn, role, callBack, show, types, lastMessage } = await connected();
    const open = role('open', undefined, trust);
    const refused = await callBack(provisioned(id, open));
    expect([refused.status, refused.body.code]).toEqual([422, 'external_id_not_required']);
    expect(await show()).toMatchObject({ status: 'connected', roleArn: arn });
    const next = role('next');
    expect((await callBack(provisioned(id, next))).body).toMatchObject({
      status: 'connected',
      roleArn: next,
    });
    await until(() => types().includes('connection.role_changed'));
    expect(types()).toEqual(['connection.connected', 'connection.role_changed']);
    expect(lastMessage()).toMatchObject({ roleArn: next, previousRoleArn: arn });
  });
});

describe('the dry run before a role is created', () => {
  it('reports the result without changes and without the external ID', async () => {
    const account = vendor.sandbox.createAccount().accountId;
    const { id, callBack, externalId, show } = await made({ expectedAccountId: account });
    const before = await show();
    const right = await callBack(
      connectionCheck(id, account, { externalId, roleArn: `arn:aws:iam::${account}:role/rolebridge` }),
    );
    expect(right.status).toBe(200);
    expect(
      right.body.checks.map((check: { name: string; outcome: string }) => [check.name, check.outcome]),
    ).toEqual([
      ['secret', 'passed'],
      ['account', 'passed'],
      ['external_id', 'passed'],
      ['role', 'passed'],
    ]);
    const wrong = await callBack(
      connectionCheck(id, account, { externalId: 'another', roleArn: 'arn:aws:iam::123456789012:role/x' }),
    );
    expect(wrong.body.checks.slice(2)).toMatchObject([
      { name: 'external_id', outcome: 'failed', code: 'external_id_mismatch' },
      { name: 'role', outcome: 'failed', code: 'account_mismatch' },
    ]);
    expect(JSON.stringify(wrong.body)).not.toContain(externalId);
    expect(await show()).toEqual(before);
  });

  it('is rejected for another account and with another secret', async () => {
    const { id, arn, callBack } = await connected();
    const answer = await callBack(connectionCheck(id, '123456789012'));
    expect([answer.status, answer.body.code]).toEqual([409, 'account_mismatch']);
    expect(JSON.stringify(answer.body)).not.toContain(arn);
    const { headers, body } = callbackMessage('whsec_AAAA', connectionCheck(id, '123456789012'));
    expect(
      (await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', headers, body })).status,
    ).toBe(401);
  });
});

let trust: { Version: string; Statement: object[] };
beforeAll(() => {
  trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: vendor.principal }, Action: 'sts:AssumeRole' }],
  };
});
