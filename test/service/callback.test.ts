import { callbackMessage, deprovisioned, provisioned, sign } from '../callback-message.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ maxWaitMs: 2_000, propagationWindowMs: 1_000 });
});
afterAll(() => vendor.close());

async function pendingConnection(name = 'shop') {
  const { body } = await vendor.call('POST', '/v1/connections', { name });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: body.trustPolicy,
  });
  return { ...body, accountId, roleArn: arn };
}

async function post(message: { headers: Record<string, string>; body: string | Buffer }) {
  const response = await fetch(`${vendor.service.url}/v1/callbacks`, {
    method: 'POST',
    headers: message.headers,
    body: message.body as string,
  });
  return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers };
}

const connectionOf = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body;

it('connects a role that trusts the principal with the external ID, and shows every check and probe', async () => {
  const connection = await pendingConnection();
  const scope = { project: 'first' };
  const answer = await post(
    callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn, scope)),
  );
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    id: connection.id,
    status: 'connected',
    accountId: connection.accountId,
    scopes: [scope],
  });
  const { checks, probes } = answer.body.verification;
  expect(checks.map((check: { outcome: string }) => check.outcome)).toEqual([
    ...Array(6).fill('passed'),
    // The role may not read itself.
    'not_checked',
    'passed',
  ]);
  expect(new Set(probes.map((probe: { probe: string }) => probe.probe))).toEqual(
    new Set([
      'caller_identity',
      'get_role',
      'with_external_id',
      'without_external_id',
      'wrong_external_id',
      'altered_external_id',
      'without_external_id_in_another_region',
    ]),
  );
  for (const probe of probes) expect(probe.requestId).toMatch(/\S/);
  expect(JSON.stringify(answer.body)).not.toContain('whsec_');
});

it('is decided at the next attempt when the connection is renamed during the check', async () => {
  const connection = await pendingConnection('renamed');
  const message = callbackMessage(
    connection.callbackSecret,
    provisioned(connection.id, connection.roleArn, { project: 'renamed' }),
  );
  vendor.sandbox.faults.set({ kind: 'delay', delayMs: 300 });
  const asked = vendor.sandbox.requests.length;
  const first = post(message);
  while (vendor.sandbox.requests.length === asked) await new Promise((resolve) => setTimeout(resolve, 5));
  const renamed = await vendor.call('PATCH', `/v1/connections/${connection.id}`, { name: 'other' });
  expect(renamed.status).toBe(200);
  const inconclusive = await first;
  vendor.sandbox.faults.clear();
  expect([inconclusive.status, inconclusive.body.code]).toEqual([503, 'callback_in_progress']);
  expect(inconclusive.headers.get('retry-after')).toBe('1');
  const second = await post(message);
  expect([second.status, second.body.status, second.body.name]).toEqual([200, 'connected', 'other']);
});

it('waits for a new role to propagate', async () => {
  vendor.sandbox.propagationDelayMs = 700;
  const connection = await pendingConnection();
  const answer = await post(
    callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn)),
  );
  vendor.sandbox.propagationDelayMs = 0;
  expect([answer.status, answer.body.status]).toEqual([200, 'connected']);
});

it('rejects a role with another external ID, ranks the causes and shows the trust policy to paste', async () => {
  const connection = await pendingConnection();
  const other = await pendingConnection();
  const answer = await post(
    callbackMessage(connection.callbackSecret, provisioned(connection.id, other.roleArn)),
  );
  expect([answer.status, answer.body.code]).toEqual([422, 'role_not_assumable']);
  expect(answer.body.diagnosis.causes.length).toBeGreaterThan(0);
  expect(JSON.parse(answer.body.trustPolicy)).toEqual(connection.trustPolicy);
  expect(await connectionOf(connection.id)).toMatchObject({ status: 'failed', roleArn: other.roleArn });
});

it('decides a webhook-id once, for fifty concurrent and later requests', async () => {
  const connection = await pendingConnection();
  const message = callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn));
  const before = vendor.sandbox.requests.length;
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(message)));
  const again = await post(message);
  expect(
    new Set([...answers, again].map((answer) => JSON.stringify([answer.status, answer.body]))).size,
  ).toBe(1);
  expect(answers[0]?.status).toBe(200);
  const positive = vendor.sandbox.requests
    .slice(before)
    .filter(({ externalId }) => externalId === connection.externalId);
  expect(positive).toHaveLength(1);
});

it('repeats the first answer of a rejected event, and verifies again for a new event', async () => {
  const connection = await pendingConnection();
  vendor.sandbox.updateTrustPolicy(connection.roleArn, {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: connection.principal }, Action: 'sts:AssumeRole' }],
  });
  const message = callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn));
  expect(await post(message)).toMatchObject({ status: 422, body: { code: 'external_id_not_required' } });
  vendor.sandbox.updateTrustPolicy(connection.roleArn, connection.trustPolicy);
  expect(await post(message)).toMatchObject({ status: 422, body: { code: 'external_id_not_required' } });
  const fresh = await post(
    callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn)),
  );
  expect([fresh.status, fresh.body.status]).toEqual([200, 'connected']);
});

it('answers 503 while AWS throttles, and the same webhook-id connects afterwards', async () => {
  const connection = await pendingConnection();
  const message = callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn));
  vendor.sandbox.faults.set({ action: 'AssumeRole', kind: 'throttle' });
  const answer = await post(message);
  vendor.sandbox.faults.clear();
  expect([answer.status, answer.body.code]).toEqual([503, 'aws_unavailable']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await connectionOf(connection.id)).status).toBe('pending');
  expect((await post(message)).status).toBe(200);
});

it('answers 409 when another connection holds the scope, before any call to AWS', async () => {
  await vendor.call('POST', '/v1/connections', { name: 'holder', scope: { project: 'held' } });
  const connection = await pendingConnection();
  const before = vendor.sandbox.requests.length;
  const answer = await post(
    callbackMessage(
      connection.callbackSecret,
      provisioned(connection.id, connection.roleArn, { project: 'held' }),
    ),
  );
  expect([answer.status, answer.body.code]).toEqual([409, 'scope_taken']);
  expect(vendor.sandbox.requests.length).toBe(before);
});

it('disconnects at destroy, repeatedly and after the vendor deleted the connection', async () => {
  const connection = await pendingConnection();
  await post(callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn)));
  for (const _ of [1, 2]) {
    const answer = await post(
      callbackMessage(connection.callbackSecret, deprovisioned(connection.id, connection.roleArn)),
    );
    expect([answer.status, answer.body.status]).toEqual([200, 'disconnected']);
  }
  await vendor.call('DELETE', `/v1/connections/${connection.id}`);
  const late = await post(
    callbackMessage(connection.callbackSecret, deprovisioned(connection.id, connection.roleArn)),
  );
  expect([late.status, late.body.status]).toEqual([200, 'disconnected']);
});

it('assigns a role that two organizations control to the first, without naming it to the second', async () => {
  const connection = await pendingConnection();
  await post(callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn)));
  const { apiKey } = await vendor.service.createOrganization('other');
  const second = (await vendor.call('POST', '/v1/connections', { name: 'second' }, apiKey)).body;

  // Without control of the role its ARN teaches nothing: the answer is that of any role that AWS denies.
  const stranger = await post(
    callbackMessage(second.callbackSecret, provisioned(second.id, connection.roleArn)),
  );
  expect([stranger.status, stranger.body.code]).toEqual([422, 'role_not_assumable']);

  const trust = structuredClone(connection.trustPolicy);
  trust.Statement[0].Condition.StringEquals['sts:ExternalId'] = [connection.externalId, second.externalId];
  vendor.sandbox.updateTrustPolicy(connection.roleArn, trust);
  const answer = await post(
    callbackMessage(second.callbackSecret, provisioned(second.id, connection.roleArn)),
  );
  expect([answer.status, answer.body.code]).toEqual([409, 'role_already_connected']);
  expect(JSON.stringify(answer.body)).not.toMatch(
    new RegExp(`${connection.id}|${connection.externalId}|acme`),
  );
  // This has consequences for the first connection's role.
  const first = (await vendor.call('GET', `/v1/connections/${connection.id}`)).body;
  expect(first).toMatchObject({ status: 'failed', verification: { code: 'external_id_not_enforced' } });
  expect(JSON.stringify(first)).not.toMatch(new RegExp(`${second.id}|${second.externalId}`));
});

describe('rejects with 401 and changes nothing', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  let connection: Awaited<ReturnType<typeof pendingConnection>>;
  let stranger: Awaited<ReturnType<typeof pendingConnection>>;
  beforeAll(async () => {
    connection = await pendingConnection();
    stranger = await pendingConnection();
  });
  const event = () => provisioned(connection.id, connection.roleArn);
  const message = (options = {}) => callbackMessage(connection.callbackSecret, event(), options);
  const cases: [string, () => { headers: Record<string, string>; body: string | Buffer }][] = [
    ['one byte of the body changed', () => ({ ...message(), body: `${JSON.stringify(event())} ` })],
    ['the same JSON written otherwise', () => ({ ...message(), body: JSON.stringify(event(), null, 1) })],
    [
      'a new id with an old signature',
      () => ({ ...message(), headers: { ...message().headers, 'webhook-id': 'msg_other' } }),
    ],
    [
      'the timestamp of another message',
      () => {
        const { headers, body } = message();
        return { body, headers: { ...headers, 'webhook-timestamp': String(seconds() - 5) } };
      },
    ],
    ['301 s late', () => message({ timestamp: seconds() - 302 })],
    ['301 s early', () => message({ timestamp: seconds() + 302 })],
    ['a timestamp in milliseconds', () => message({ timestamp: Date.now() })],
    ['a negative timestamp', () => message({ timestamp: -seconds() })],
    ['a timestamp that is no number', () => message({ timestamp: 'now' })],
    ['no timestamp', () => without(message(), 'webhook-timestamp')],
    ['no id', () => without(message(), 'webhook-id')],
    ['no signature', () => without(message(), 'webhook-signature')],
    ['an empty signature', () => message({ signature: '' })],
    ['a signature that is too short', () => message({ signature: 'v1,AAAA' })],
    [
      'a signature of another scheme',
      () => ({
        ...message(),
        headers: {
          ...message().headers,
          'webhook-signature': message().headers['webhook-signature']?.replace('v1,', 'v1a,') ?? '',
        },
      }),
    ],
    ['a thousand candidates', () => message({ signature: Array(1000).fill('v1,AAAA').join(' ') })],
    ["another connection's secret", () => callbackMessage(stranger.callbackSecret, event())],
    [
      'an unknown connection',
      () =>
        callbackMessage(
          connection.callbackSecret,
          provisioned('con_aaaaaaaaaaaaaaaaaaaaaaaa', connection.roleArn),
        ),
    ],
    [
      'a connection id of __proto__',
      () => callbackMessage(connection.callbackSecret, provisioned('__proto__', connection.roleArn)),
    ],
    ['a body that is no JSON', () => callbackMessage(connection.callbackSecret, 'role.provisioned')],
    ['an empty body', () => callbackMessage(connection.callbackSecret, '')],
  ];
  it.each(cases)('%s', async (_name, make) => {
    const before = await connectionOf(connection.id);
    const requests = vendor.sandbox.requests.length;
    const answer = await post(make());
    expect([answer.status, answer.body.code]).toEqual([401, 'callback_unauthorized']);
    expect(await connectionOf(connection.id)).toEqual(before);
    expect(vendor.sandbox.requests.length).toBe(requests);
  });

  it('answers alike for an unknown connection and a wrong secret', async () => {
    const wrong = await post(callbackMessage(stranger.callbackSecret, event()));
    const unknown = await post(
      callbackMessage(
        stranger.callbackSecret,
        provisioned('con_aaaaaaaaaaaaaaaaaaaaaaaa', connection.roleArn),
      ),
    );
    expect(unknown.body).toEqual(wrong.body);
  });
});

it('accepts a timestamp just under 300 s away', async () => {
  for (const offset of [-298, 298]) {
    const connection = await pendingConnection();
    const timestamp = Math.floor(Date.now() / 1000) + offset;
    const answer = await post(
      callbackMessage(connection.callbackSecret, provisioned(connection.id, connection.roleArn), {
        timestamp,
      }),
    );
    expect(answer.status).toBe(200);
  }
});

it('finds the valid signature among several, as during a rotation', async () => {
  const connection = await pendingConnection();
  const event = JSON.stringify(provisioned(connection.id, connection.roleArn));
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = `v1,AAAA ${sign(connection.callbackSecret, 'msg_two', timestamp, event)}`;
  const answer = await post(
    callbackMessage(connection.callbackSecret, event, { id: 'msg_two', timestamp, signature }),
  );
  expect(answer.status).toBe(200);
});

describe('rejects a signed but invalid body with 422', () => {
  const cases: [string, (id: string, arn: string) => object | string, string][] = [
    ['an unknown type', (id, arn) => ({ ...provisioned(id, arn), type: 'role.other' }), 'request_invalid'],
    [
      'an external ID in the data',
      (id, arn) => ({
        ...provisioned(id, arn),
        data: { connectionId: id, roleArn: arn, externalId: 'mine' },
      }),
      'request_invalid',
    ],
    [
      'a scope with a gap',
      (id, arn) => provisioned(id, arn, { environment: 'production' }),
      'request_invalid',
    ],
    ['a scope name with a slash', (id, arn) => provisioned(id, arn, { project: 'a/b' }), 'request_invalid'],
    [
      'an unknown key',
      (id, arn) => ({ ...provisioned(id, arn), endpoint: 'http://evil.example' }),
      'request_invalid',
    ],
    [
      'the same key twice',
      (id, arn) => JSON.stringify(provisioned(id, arn)).replace('{', '{"type":"role.deprovisioned",'),
      'request_invalid',
    ],
    [
      'a user instead of a role',
      (id) => provisioned(id, 'arn:aws:iam::123456789012:user/x'),
      'role_arn_invalid',
    ],
    [
      'a partition without a principal',
      (id) => provisioned(id, 'arn:aws-cn:iam::123456789012:role/x'),
      'partition_not_supported',
    ],
  ];
  it.each(cases)('%s', async (_name, make, code) => {
    const connection = await pendingConnection();
    const answer = await post(
      callbackMessage(connection.callbackSecret, make(connection.id, connection.roleArn)),
    );
    expect([answer.status, answer.body.code]).toEqual([422, code]);
    expect((await connectionOf(connection.id)).status).toBe('pending');
  });
});

function without(message: ReturnType<typeof callbackMessage>, header: string) {
  const { [header]: _, ...headers } = message.headers;
  return { ...message, headers };
}
