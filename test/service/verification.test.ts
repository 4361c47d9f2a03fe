import type { Fault } from '../aws-sandbox/index.js';
import { until } from '../passing-clock.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ propagationWindowMs: 200, maxWaitMs: 1_000 });
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

const allow = (statement: object) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: vendor.principal }, ...statement },
  ],
});

/** A connection, and a role in a customer's account with the trust policy that `trust` makes. */
async function roleWith(trust: (externalId: string) => object, path = '/') {
  const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'c' });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'role',
    path,
    trustPolicy: trust(connection.externalId),
  });
  const give = (roleArn = arn) => vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn });
  const show = async () => (await vendor.call('GET', `/v1/connections/${connection.id}`)).body;
  return { connection, accountId, arn, give, show };
}

const exactly = (externalId: string) =>
  allow({ Condition: { StringEquals: { 'sts:ExternalId': externalId } } });

describe('connects a role that requires exactly this external ID', () => {
  it.each<[string, (id: string) => object]>([
    ['from the principal', exactly],
    [
      "from the vendor's whole account",
      (id) => ({
        ...allow({
          Principal: { AWS: vendor.vendorAccount.accountId },
          Condition: { StringEquals: { 'sts:ExternalId': id } },
        }),
      }),
    ],
    [
      'with an explicit deny of everything else',
      (id) => ({
        Version: '2012-10-17',
        Statement: [
          ...exactly(id).Statement,
          {
            Effect: 'Deny',
            Action: 'sts:AssumeRole',
            Principal: '*',
            Condition: { StringNotEquals: { 'sts:ExternalId': id } },
          },
        ],
      }),
    ],
  ])('%s', async (_name, trust) => {
    const { give } = await roleWith(trust);
    const answer = await give();
    expect([answer.status, answer.body.status]).toEqual([200, 'connected']);
  });
});

describe('rejects a role that others could use through the vendor', () => {
  it.each<[string, (id: string) => object, string]>([
    ['no condition', () => allow({}), 'external_id_not_required'],
    [
      'a second statement without the condition',
      (id) => ({ Version: '2012-10-17', Statement: [...exactly(id).Statement, ...allow({}).Statement] }),
      'external_id_not_required',
    ],
    ['trust in everybody', () => allow({ Principal: '*' }), 'external_id_not_required'],
    [
      'StringEqualsIfExists',
      (id) => allow({ Condition: { StringEqualsIfExists: { 'sts:ExternalId': id } } }),
      'external_id_not_required',
    ],
    [
      'ForAllValues',
      (id) => allow({ Condition: { 'ForAllValues:StringEquals': { 'sts:ExternalId': id } } }),
      'external_id_not_required',
    ],
    [
      'a negated condition',
      () => allow({ Condition: { StringNotEquals: { 'sts:ExternalId': 'x' } } }),
      'external_id_not_required',
    ],
    [
      'StringLike *',
      () => allow({ Condition: { StringLike: { 'sts:ExternalId': '*' } } }),
      'external_id_not_enforced',
    ],
    [
      'StringLike with a wildcard prefix',
      () => allow({ Condition: { StringLike: { 'sts:ExternalId': 'rb-*' } } }),
      'external_id_not_enforced',
    ],
    [
      'a condition that it is there at all',
      () => allow({ Condition: { Null: { 'sts:ExternalId': 'false' } } }),
      'external_id_not_enforced',
    ],
  ])('%s', async (_name, trust, code) => {
    const { give, show, connection } = await roleWith(trust);
    const answer = await give();
    expect([answer.status, answer.body.code]).toEqual([422, code]);
    expect(JSON.parse(answer.body.trustPolicy)).toEqual(connection.trustPolicy);
    expect(answer.body.diagnosis.causes[0].likelihood).toBe('certain');
    expect(await show()).toMatchObject({ status: 'failed', verification: { result: 'failed', code } });
  });
});

describe("explains why a role can't be assumed", () => {
  it.each<[string, (id: string) => object, string, string]>([
    ['the connection id in place of the external ID', () => allow({}), 'external_id_different', 'certain'],
    ['the external ID in capitals', (id) => exactly(id.toUpperCase()), 'external_id_different', 'certain'],
    [
      'IfExists with another external ID',
      () => allow({ Condition: { StringEqualsIfExists: { 'sts:ExternalId': 'another' } } }),
      'external_id_different',
      'certain',
    ],
    ['another external ID', () => exactly('another'), 'external_id_different', 'likely'],
    [
      'another principal',
      (id) => ({
        ...allow({
          Principal: { AWS: '999999999999' },
          Condition: { StringEquals: { 'sts:ExternalId': id } },
        }),
      }),
      'external_id_different',
      'likely',
    ],
  ])('%s', async (name, trust, cause, likelihood) => {
    const { give, connection, arn } = await roleWith(trust);
    if (name.startsWith('the connection id')) vendor.sandbox.updateTrustPolicy(arn, exactly(connection.id));
    const answer = await give();
    expect([answer.status, answer.body.code]).toEqual([422, 'role_not_assumable']);
    expect(answer.body.diagnosis.causes[0]).toMatchObject({ cause, likelihood });
  });

  it('a wrong path, with the ARN of the role', async () => {
    const { give, accountId, arn } = await roleWith(exactly);
    const answer = await give(`arn:aws:iam::${accountId}:role/some/path/role`);
    expect(answer.body.diagnosis.causes).toEqual([
      expect.objectContaining({ cause: 'role_name_or_path', likelihood: 'certain' }),
    ]);
    expect(answer.body.remedy).toContain(arn);
  });

  it.each([
    ['denied-by-organization', 'organization_policy'],
    ['region-disabled', 'sts_region_off'],
  ] as const)('%s', async (kind, cause) => {
    const { give } = await roleWith(exactly);
    const because = 'with an explicit deny in a resource control policy';
    vendor.sandbox.faults.set({ kind, action: 'AssumeRole', because } as Fault);
    const answer = await give();
    expect([answer.status, answer.body.code]).toEqual([422, 'role_not_assumable']);
    expect(answer.body.diagnosis.causes).toEqual([expect.objectContaining({ cause, likelihood: 'certain' })]);
  });
});

it.each([
  'because no identity-based policy allows the sts:AssumeRole action',
  'with an explicit deny in an identity-based policy',
  'because no session policy allows the sts:AssumeRole action',
  'because no permissions boundary allows the sts:AssumeRole action',
  'with an explicit deny in a permissions boundary',
  'with an explicit deny in a service control policy',
  'because no VPC endpoint policy allows the sts:AssumeRole action',
  'with an explicit deny in a VPC endpoint policy',
])('a denial "%s" blames the vendor and is inconclusive', async (because) => {
  const { give, show } = await roleWith(exactly);
  vendor.sandbox.faults.set({ kind: 'denied-by-organization', action: 'AssumeRole', because });
  const answer = await give();
  expect([answer.status, answer.body.code]).toEqual([503, 'vendor_not_allowed']);
  expect(answer.headers.get('retry-after')).not.toBeNull();
  expect(answer.body).not.toHaveProperty('trustPolicy');
  expect(await show()).toMatchObject({ status: 'pending' });
});

describe('is inconclusive when AWS', () => {
  const faults = [
    ['throttles', { kind: 'throttle' }, 'aws_unavailable'],
    ['fails', { kind: 'error', status: 500 }, 'aws_unavailable'],
    ['is not available', { kind: 'error', status: 503 }, 'aws_unavailable'],
    ['never answers', { kind: 'timeout' }, 'aws_unavailable'],
    ['resets the connection', { kind: 'reset' }, 'aws_unavailable'],
    ['answers garbage', { kind: 'garbage' }, 'aws_unavailable'],
    ["says that the vendor's credentials expired", { kind: 'expired-token' }, 'vendor_credentials_invalid'],
  ] as const;
  const calls = [
    ['at the first call', { action: 'AssumeRole' }],
    ['at GetCallerIdentity', { action: 'GetCallerIdentity' }],
    [
      'at a negative probe',
      { action: 'AssumeRole', matches: (call: { externalId?: string }) => call.externalId === undefined },
    ],
  ] as const;
  it.each(
    faults.flatMap(([name, fault, code]) =>
      calls.map(([when, scope]) => [name, when, { ...fault, ...scope }, code] as const),
    ),
  )('%s %s', async (_name, _when, fault, code) => {
    const { give, show } = await roleWith(exactly);
    vendor.sandbox.faults.set(fault);
    const answer = await give();
    expect([answer.status, answer.body.code]).toEqual([503, code]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await show()).status).toBe('pending');
    vendor.sandbox.faults.clear();
    expect((await give()).status).toBe(200);
  });
});

it("rejects roles in the vendor's account and in denied accounts before any call to AWS", async () => {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'own' });
  const before = vendor.sandbox.requests.length;
  const answer = await vendor.call('PUT', `/v1/connections/${body.id}/role`, {
    roleArn: `arn:aws:iam::${vendor.vendorAccount.accountId}:role/x`,
  });
  expect([answer.status, answer.body.code]).toEqual([422, 'role_in_vendor_account']);
  expect(vendor.sandbox.requests.length).toBe(before);
});

it('rejects a role in an unexpected account before any call to AWS', async () => {
  const { body } = await vendor.call('POST', '/v1/connections', {
    name: 'own',
    expectedAccountId: '111111111111',
  });
  const before = vendor.sandbox.requests.length;
  const answer = await vendor.call('PUT', `/v1/connections/${body.id}/role`, {
    roleArn: 'arn:aws:iam::222222222222:role/x',
  });
  expect([answer.status, answer.body.code]).toEqual([409, 'account_mismatch']);
  expect(vendor.sandbox.requests.length).toBe(before);
});

it('calls AWS without the stored external ID only for negative probes, with a session name for the caller', async () => {
  const { give, connection } = await roleWith(exactly);
  const from = vendor.sandbox.requests.length;
  await give();
  const assumed = vendor.sandbox.requests.slice(from).filter((request) => request.action === 'AssumeRole');
  const [positive, ...negative] = assumed.map(({ externalId }) => externalId);
  expect(positive).toBe(connection.externalId);
  expect(negative).not.toContain(connection.externalId);
  expect(negative.length).toBeGreaterThan(2);
  const names = new Set(assumed.map(({ roleSessionName }) => roleSessionName));
  expect(names).toEqual(new Set([`rolebridge.manual.${connection.id}`, `${vendor.organization.id}.session`]));
});

it('drops a result when the connection was deleted during the check', async () => {
  const { give, connection } = await roleWith(exactly);
  vendor.sandbox.faults.set({ kind: 'delay', delayMs: 500, action: 'AssumeRole' });
  const before = vendor.sandbox.requests.length;
  const verifying = give();
  await until(() => vendor.sandbox.requests.length > before);
  expect((await vendor.call('DELETE', `/v1/connections/${connection.id}`)).status).toBe(204);
  expect((await verifying).status).not.toBe(200);
  expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).status).toBe(404);
});

it('comes to a verdict when the window for propagation is longer than a request may take', async () => {
  const patient = await startVendor({ propagationWindowMs: 60_000, maxWaitMs: 1_000 });
  const { body: connection } = await patient.call('POST', '/v1/connections', { name: 'c' });
  const roleArn = `arn:aws:iam::${patient.sandbox.createAccount().accountId}:role/deleted`;
  const refused = await patient.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn });
  expect([refused.status, refused.body.code]).toEqual([422, 'role_not_assumable']);
  const again = await patient.call('POST', `/v1/connections/${connection.id}/verify`);
  expect([again.status, again.body.code]).toEqual([422, 'role_not_assumable']);
  await patient.close();
});
