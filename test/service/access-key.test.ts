import { type AccessKeyVendor, keyOf, startAccessKeyVendor } from '../access-key-vendor.js';
import type { Fault } from '../aws-sandbox/index.js';

let vendor: AccessKeyVendor;
beforeAll(async () => {
  vendor = await startAccessKeyVendor();
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

const count = async () =>
  (await vendor.call('GET', '/v1/connections?limit=100')).body.connections.length as number;

describe('a connection with an access key', () => {
  it('is verified, then stored: shows account, principal and four characters of the key', async () => {
    const { accountId, admin, adminArn } = vendor.customer();
    const { status, body, headers } = await vendor.create(admin, { scope: { project: 'keys' } });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/connections/${body.id}`);
    expect(body).toMatchObject({
      method: 'access_key',
      status: 'connected',
      accountId,
      principalArn: adminArn,
      accessKeyLastFour: admin.accessKeyId.slice(-4),
      scopes: [{ project: 'keys' }],
      verification: { result: 'passed' },
    });
    expect(body.verification.checks.map((check: { name: string }) => check.name)).toEqual([
      'access_key_works',
      'not_root_user',
      'not_vendor_account',
      'account',
    ]);
    expect(body.verification.probes[0].requestId).toMatch(/\S/);
    expect(await vendor.show(body.id)).toEqual(body);
    const { body: list } = await vendor.call('GET', '/v1/connections?limit=100');
    expect(list.connections).toContainEqual(body);
    const { body: resolution } = await vendor.call('GET', '/v1/resolve?project=keys');
    expect(resolution.connection).toMatchObject({ id: body.id, accountId, principalArn: adminArn });
    const texts = JSON.stringify([body, list, resolution]) + vendor.stored();
    for (const value of Object.values(admin)) expect(texts).not.toContain(value);
  });

  it('accepts a session token and shows its expiry', async () => {
    const { accountId } = vendor.customer();
    const key = vendor.session(accountId);
    const sessionExpiresAt = key.expiration.toISOString();
    const { status, body } = await vendor.create(keyOf(key), {
      sessionExpiresAt,
      expectedAccountId: accountId,
    });
    expect([status, body.status]).toEqual([201, 'connected']);
    expect(body).toMatchObject({ principalArn: key.arn, sessionExpiresAt, expectedAccountId: accountId });
  });

  it('asks the STS of its partition only', async () => {
    const answer = await vendor.create(vendor.customer().admin, { partition: 'aws-cn' });
    expect([answer.status, answer.body.code]).toEqual([422, 'partition_not_supported']);
  });
});

describe('rejects, without storing it:', () => {
  const other = (secret: string) => `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
  it.each<[string, () => [object, object?], string, RegExp]>([
    ["a root user's key", () => [vendor.customer().root], 'root_access_key', /root user/],
    [
      'a key that AWS does not know',
      () => [{ ...vendor.customer().admin, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }],
      'access_key_invalid',
      /does not know/,
    ],
    [
      "another key's secret",
      () => {
        const { admin } = vendor.customer();
        return [{ ...admin, secretAccessKey: other(admin.secretAccessKey) }];
      },
      'access_key_invalid',
      /secret/,
    ],
    [
      "another session's token",
      () => {
        const { accountId } = vendor.customer();
        return [
          { ...keyOf(vendor.session(accountId)), sessionToken: vendor.session(accountId).sessionToken },
        ];
      },
      'access_key_invalid',
      /session token/,
    ],
    [
      'a session that has ended',
      () => [keyOf(vendor.session(vendor.customer().accountId, -1))],
      'access_key_expired',
      /expired/,
    ],
    [
      'a session that has expired by its given expiry',
      () => [
        keyOf(vendor.session(vendor.customer().accountId)),
        { sessionExpiresAt: '2020-01-01T00:00:00Z' },
      ],
      'access_key_expired',
      /2020/,
    ],
    [
      "a key of the vendor's account",
      () => [keyOf(vendor.sandbox.createAccessKey(vendor.vendorAccount.accountId, 'someone'))],
      'key_in_vendor_account',
      /can't be connected/,
    ],
    [
      'a key of another account than expected',
      () => [vendor.customer().admin, { expectedAccountId: '123123123123' }],
      'account_mismatch',
      /123123123123/,
    ],
  ])('%s', async (_name, make, code, detail) => {
    const [key, more] = make();
    const before = [await count(), vendor.storedConnections()];
    const { status, body } = await vendor.create(key, more);
    expect([status, body.code]).toEqual([code === 'account_mismatch' ? 409 : 422, code]);
    expect(body.detail).toMatch(detail);
    expect(body.remedy).toMatch(/\S/);
    expect([await count(), vendor.storedConnections()]).toEqual(before);
  });

  it.each<[string, Fault]>([
    ['throttling', { kind: 'throttle' }],
    ['an error of AWS', { kind: 'error', status: 500 }],
    ['silence', { kind: 'timeout' }],
    ['a reset', { kind: 'reset' }],
    ['garbage', { kind: 'garbage' }],
    ['a policy on the way', { kind: 'denied-by-organization' }],
  ])('a key at %s, without a verdict', async (_name, fault) => {
    vendor.sandbox.faults.set({ ...fault, action: 'GetCallerIdentity' });
    const before = await count();
    const answer = await vendor.create(vendor.customer().admin);
    expect([answer.status, answer.body.code]).toEqual([503, 'aws_unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await count()).toBe(before);
  });

  const good = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const token = 'FwoGZXIvYXdzEXAMPLETOKEN';
  it.each<[string, Record<string, unknown>, string]>([
    ['no key at all', { accessKeyId: undefined, secretAccessKey: undefined }, 'accessKeyId'],
    ['no id', { accessKeyId: undefined }, 'accessKeyId'],
    ['an id that is a number', { accessKeyId: 12345 }, 'accessKeyId'],
    ['an id that is an object', { accessKeyId: { toString: 'AKIAIOSFODNN7EXAMPLE' } }, 'accessKeyId'],
    ['an empty id', { accessKeyId: '' }, 'accessKeyId'],
    ['an id of 15 characters', { accessKeyId: 'AKIA12345678901' }, 'accessKeyId'],
    ['an id of 129 characters', { accessKeyId: `AKIA${'A'.repeat(125)}` }, 'accessKeyId'],
    ['an id in small letters', { accessKeyId: 'akiaiosfodnn7example' }, 'accessKeyId'],
    ["a user's unique id", { accessKeyId: 'AIDAIOSFODNN7EXAMPLE' }, 'accessKeyId'],
    ['a space before the id', { accessKeyId: ' AKIAIOSFODNN7EXAMPLE' }, 'accessKeyId'],
    ['a line end after the id', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE\n' }, 'accessKeyId'],
    ['CRLF and a header in the id', { accessKeyId: 'AKIAIOSFODNN7EXA\r\nX-Evil: 1' }, 'accessKeyId'],
    ['a credential scope in the id', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE/20260101' }, 'accessKeyId'],
    ['look-alike letters in the id', { accessKeyId: 'АKIAIOSFODNN7EXAMPLE' }, 'accessKeyId'],
    ['a zero-width space in the id', { accessKeyId: 'AKIAIOSFODNN7EXAMPL\u200bE' }, 'accessKeyId'],
    ['no secret', { secretAccessKey: undefined }, 'secretAccessKey'],
    ['an empty secret', { secretAccessKey: '' }, 'secretAccessKey'],
    ['null for a secret', { secretAccessKey: null }, 'secretAccessKey'],
    ['half a secret', { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }, 'secretAccessKey'],
    [
      'a space in the secret',
      { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE EY' },
      'secretAccessKey',
    ],
    ['CRLF after the secret', { secretAccessKey: `${good.secretAccessKey}\r\n` }, 'secretAccessKey'],
    ['NUL in the secret', { secretAccessKey: `${good.secretAccessKey}\0` }, 'secretAccessKey'],
    ['an endless secret', { secretAccessKey: 'A'.repeat(129) }, 'secretAccessKey'],
    ['a token with a long-term key', { sessionToken: token }, 'sessionToken'],
    ['a temporary key without its token', { accessKeyId: 'ASIAIOSFODNN7EXAMPLE' }, 'sessionToken'],
    ['an empty token', { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', sessionToken: '' }, 'sessionToken'],
    [
      'a line end in the token',
      { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', sessionToken: `${token}\n${token}` },
      'sessionToken',
    ],
    [
      'an endless token',
      { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', sessionToken: 'A'.repeat(8193) },
      'sessionToken',
    ],
    ['an end for a key that has none', { sessionExpiresAt: '2099-01-01T00:00:00Z' }, 'sessionExpiresAt'],
    [
      'an end that is no time',
      { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', sessionToken: token, sessionExpiresAt: 'soon' },
      'sessionExpiresAt',
    ],
    ['an endpoint', { endpoint: 'http://169.254.169.254' }, 'endpoint'],
    ['a role ARN beside the key', { roleArn: 'arn:aws:iam::123456789012:role/x' }, 'roleArn'],
    ['another method', { method: 'password' }, 'method'],
    ['a key for a role', { method: 'assume_role' }, 'accessKeyId'],
    ['a key without a method', { method: undefined }, 'accessKeyId'],
  ])('%s, without asking AWS', async (_name, wrong, member) => {
    const before = vendor.sandbox.requests.length;
    const answer = await vendor.create({ ...good, ...wrong });
    expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    expect(answer.body.detail).toContain(member);
    expect(vendor.sandbox.requests.length).toBe(before);
    for (const value of [wrong.secretAccessKey, wrong.sessionToken])
      if (typeof value === 'string' && value !== '') expect(JSON.stringify(answer.body)).not.toContain(value);
  });
});

describe('verifying again', () => {
  it('detects a key that AWS no longer accepts, keeps it, and recovers when it works', async () => {
    const { accountId, admin } = vendor.customer();
    const { body: connection } = await vendor.create(admin, { scope: { project: 'again' } });
    const verify = () => vendor.call('POST', `/v1/connections/${connection.id}/verify`);
    expect((await verify()).status).toBe(200);
    vendor.sandbox.faults.set({ kind: 'expired-token', times: 1 });
    expect((await verify()).body.code).toBe('access_key_expired');
    expect(await vendor.show(connection.id)).toMatchObject({
      status: 'failed',
      accountId,
      scopes: [{ project: 'again' }],
      verification: { result: 'failed', code: 'access_key_expired' },
    });
    vendor.sandbox.faults.set({ kind: 'throttle', times: 1 });
    expect((await verify()).status).toBe(503);
    expect((await vendor.show(connection.id)).status).toBe('failed');
    expect((await verify()).body.status).toBe('connected');
  });
});

describe('a service without access keys', () => {
  it.each([
    [
      'without an encryption key',
      { accessKeyEncryption: undefined },
      'access_key_not_available',
      /encryption key/,
    ],
    ['with this way in turned off', { acceptsAccessKeys: false }, 'access_key_turned_off', /no access keys/],
  ])(
    '%s says so and what to do instead, asks nothing of AWS, and connects roles',
    async (_name, options, code, detail) => {
      const service = await startAccessKeyVendor(options);
      const { admin } = service.customer();
      const body = { name: 'key', method: 'access_key', ...admin };
      const answer = await service.call('POST', '/v1/connections', body);
      expect([answer.status, answer.body.code]).toEqual([422, code]);
      expect(answer.body.detail).toMatch(detail);
      expect(answer.body.remedy).toMatch(/role/);
      expect(service.sandbox.requests).toEqual([]);
      expect((await service.call('POST', '/v1/connections', { name: 'role' })).status).toBe(201);
      await service.close();
      service.expectNoSecretLeft(1);
    },
  );
});

// The last: it searches the output of all tests above.
it('leaves no secret in logs, answers or files', () => vendor.expectNoSecretLeft(25));
