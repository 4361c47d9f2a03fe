/** If the role can read itself, its trust policy is judged, which detects faults that three probes miss. */
import { readFileSync } from 'node:fs';
import { day, hour, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
beforeAll(async () => {
  vendor = await startWatchedVendor();
});
afterAll(() => vendor.close());

const readsItself = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' }],
};

async function made(policy: (of: Made) => object, more: { mayRead?: boolean } = {}) {
  const { body: connection } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
  const { accountId } = vendor.sandbox.createAccount();
  const of = { ...connection, accountId } as Made;
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: policy(of),
    ...((more.mayRead ?? true) && { inlinePolicies: { self: readsItself } }),
  });
  const path = `/v1/connections/${connection.id}`;
  return {
    ...of,
    arn,
    give: () => vendor.call('PUT', `${path}/role`, { roleArn: arn }),
    show: async () => (await vendor.call('GET', path)).body,
    verify: () => vendor.call('POST', `${path}/verify`),
  };
}

interface Made {
  readonly id: string;
  readonly externalId: string;
  readonly accountId: string;
  readonly trustPolicy: { Version: string; Statement: [{ Condition: object }] };
}

const right = ({ trustPolicy }: Made) => trustPolicy;

test('a safe policy makes the connection proven; an unreadable policy, tested, with the missing access', async () => {
  const proven = await made(right);
  const answer = await proven.give();
  expect([answer.status, answer.body.assurance]).toEqual([200, 'proven']);
  expect(answer.body.verification.checks).toContainEqual(
    expect.objectContaining({ name: 'trust_policy', outcome: 'passed' }),
  );
  const tested = await made(right, { mayRead: false });
  const other = await tested.give();
  expect([other.status, other.body.assurance]).toEqual([200, 'tested']);
  expect(other.body.verification.checks).toContainEqual(
    expect.objectContaining({
      name: 'trust_policy',
      outcome: 'not_checked',
      remedy: expect.stringContaining('iam:GetRole'),
    }),
  );
  await until(() => vendor.receiver.types(tested.id).length > 0);
  expect(vendor.receiver.of(tested.id)[0]?.body.data).toMatchObject({ assurance: 'tested' });
});

const { roles, values } = JSON.parse(readFileSync('test/cases/unsafe-roles.json', 'utf8')) as {
  roles: { id: number; name: string; policy: object }[];
  values: Record<string, string>;
};

test.each(roles.map((role) => [role.name, role] as const))('unsafe: %s', async (_name, { id, policy }) => {
  const connection = await made((of) => {
    const real: Record<string, string> = {
      [values.externalId ?? '']: of.externalId,
      [values.vendorPrincipal ?? '']: vendor.principal,
      [values.vendorAccount ?? '']: vendor.vendorAccount.accountId,
      [values.organizationId ?? '']: vendor.organization.id,
      [values.connectionId ?? '']: of.id,
      [values.accountId ?? '']: of.accountId,
    };
    const text = Object.entries(real).reduce(
      (all, [shown, now]) => all.replaceAll(shown, now),
      JSON.stringify(policy),
    );
    for (const [, roleName = ''] of text.matchAll(
      new RegExp(`${vendor.vendorAccount.accountId}:role/([\\w-]+)`, 'g'),
    ))
      vendor.sandbox.createRole(vendor.vendorAccount.accountId, {
        roleName,
        trustPolicy: of.trustPolicy,
      });
    return JSON.parse(text);
  });
  const { status, body } = await connection.give();
  if (status === 200) {
    // Other trusted principals are named; trust in the whole vendor account is a note.
    const check = body.verification.checks.find(({ name }: { name: string }) => name === 'trust_policy');
    expect([id, body.assurance, check.message]).toEqual([
      id,
      'proven',
      expect.stringMatching(/also trusts|whole account/),
    ]);
    return;
  }
  expect([id, status]).toEqual([id, 422]);
  expect([
    'trust_policy_unsafe',
    'external_id_not_required',
    'external_id_not_enforced',
    'role_not_assumable',
  ]).toContain(body.code);
  expect((await connection.show()).status).toBe('failed');
});

test('a rejection quotes the statement and shows the policy to deploy', async () => {
  const connection = await made(({ trustPolicy, externalId }) => ({
    ...trustPolicy,
    Statement: [
      {
        ...trustPolicy.Statement[0],
        Condition: { StringEquals: { 'sts:ExternalId': [externalId, 'shared'] } },
      },
    ],
  }));
  const { status, body } = await connection.give();
  expect([status, body.code]).toEqual([422, 'trust_policy_unsafe']);
  expect(body.detail).toContain('"shared"');
  expect(JSON.parse(body.trustPolicy)).toEqual(connection.trustPolicy);
});

test('another external ID in a second statement is one to remove: the stack’s own input is right', async () => {
  const connection = await made(({ trustPolicy }) => ({
    ...trustPolicy,
    Statement: [
      trustPolicy.Statement[0],
      { ...trustPolicy.Statement[0], Condition: { StringEquals: { 'sts:ExternalId': 'another' } } },
    ],
  }));
  const { body } = await connection.give();
  expect([body.code, body.detail]).toEqual(['trust_policy_unsafe', expect.stringContaining('"another"')]);
  expect(body.remedy).toMatch(/remove the statement that is quoted.*apply again/);
  expect(body.remedy).not.toContain('externalId');
});

test('each hour the policy is read with three calls, and a widened policy fails the connection even if the probes pass', async () => {
  const connection = await made(right);
  await connection.give();
  const from = vendor.sandbox.requests.length;
  const since = () =>
    vendor.sandbox.requests
      .slice(from)
      .map(({ action }) => action)
      .filter((action) => action !== undefined);
  const checked = async () => {
    const { startedAt } = (await connection.show()).verification;
    vendor.clock.pass(hour);
    await until(async () => (await connection.show()).verification.startedAt !== startedAt, 'a check');
  };
  await checked();
  expect(await connection.show()).toMatchObject({ status: 'connected', assurance: 'proven' });
  const own = vendor.sandbox.requests.slice(from).filter(({ roleArn }) => roleArn === connection.arn);
  expect(own.map(({ action }) => action)).toEqual(['AssumeRole']);
  expect(since()).toContain('GetRole');

  vendor.sandbox.updateTrustPolicy(connection.arn, {
    ...connection.trustPolicy,
    Statement: [
      ...connection.trustPolicy.Statement,
      {
        ...connection.trustPolicy.Statement[0],
        Condition: { StringEquals: { 'sts:ExternalId': 'known-to-someone-else' } },
      },
    ],
  });
  await checked();
  await until(async () => (await connection.show()).status === 'failed', 'the failure');
  expect((await connection.show()).verification.code).toBe('trust_policy_unsafe');
  expect(vendor.logged('lost its protection').at(-1)).toMatchObject({
    code: 'trust_policy_unsafe',
    security: true,
  });
});

test('the probes are repeated daily', async () => {
  const connection = await made(right);
  await connection.give();
  const from = vendor.sandbox.requests.length;
  const { startedAt } = (await connection.show()).verification;
  vendor.clock.pass(day);
  await until(async () => (await connection.show()).verification.startedAt !== startedAt, 'a check');
  const own = vendor.sandbox.requests.slice(from).filter(({ roleArn }) => roleArn === connection.arn);
  expect(own.filter(({ externalId }) => externalId !== connection.externalId).length).toBeGreaterThanOrEqual(
    2,
  );
});

test('with proof required, an unreadable role is rejected with the policy to add', async () => {
  const strict = await startWatchedVendor({ requireProof: true, jobs: false });
  const { body: connection } = await strict.call('POST', '/v1/connections', { name: 'shop' });
  const { accountId } = strict.sandbox.createAccount();
  const { arn } = strict.sandbox.createRole(accountId, {
    roleName: 'r',
    trustPolicy: connection.trustPolicy,
  });
  const { status, body } = await strict.call('PUT', `/v1/connections/${connection.id}/role`, {
    roleArn: arn,
  });
  expect([status, body.code]).toEqual([422, 'proof_required']);
  expect(body.remedy).toContain('iam:GetRole');
  await strict.close();
});
