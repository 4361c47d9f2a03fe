import { types } from 'node:util';
import { createSts } from '../../service/aws/sts.js';
import {
  type AccountId,
  type ExternalId,
  newConnectionId,
  newExternalId,
  newOrganizationId,
} from '../../service/domain/ids.js';
import type { Clock } from '../../service/domain/ports.js';
import type { Partition } from '../../service/domain/role-arn.js';
import { type AroundCall, aroundEachCall } from '../../service/domain/sts-calls.js';
import { trustPolicy } from '../../service/domain/trust-policy.js';
import type { RoleToVerify } from '../../service/domain/verification/request.js';
import { verifyRole } from '../../service/domain/verification/verify-role.js';
import { consoleLink } from '../../service/templates/index.js';
import { type AwsSandbox, type Fault, type SandboxAccount, startAwsSandbox } from '../aws-sandbox/index.js';

// In Jest, Node's own errors come from another realm: the SDK would not know them for errors and drop their codes.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, error: unknown) {
    return (
      (this === Error && types.isNativeError(error)) ||
      Function.prototype[Symbol.hasInstance].call(this, error)
    );
  },
});

const connection = {
  id: newConnectionId(),
  organizationId: newOrganizationId(),
  externalId: newExternalId(),
};
const windowMs = 60_000;

let aws: AwsSandbox;
let vendor: SandboxAccount;
let customer: SandboxAccount;
/** The sandbox's clock and the service's: a wait takes no time. */
let time: number;
const clock: Clock = {
  now: () => time,
  sleep: async (ms) => {
    time += ms;
    afterSleep();
  },
};
let afterSleep: () => void = () => {};

beforeEach(async () => {
  time = Date.UTC(2026, 10, 24);
  afterSleep = () => {};
  aws = await startAwsSandbox({ now: () => time });
  vendor = aws.createAccount({ accountId: '111122223333' });
  customer = aws.createAccount({ accountId: '210987654321' });
});
afterEach(() => aws.close());

/** A role of the customer's, with these statements. */
const role = (statements: object[], options: { roleName?: string; path?: string } = {}) =>
  aws.createRole(customer.accountId, {
    roleName: 'rolebridge',
    ...options,
    trustPolicy: { Version: '2012-10-17', Statement: statements },
  }).arn;

const allow = (condition?: object, principal: unknown = { AWS: vendor.admin.arn }) => ({
  Effect: 'Allow',
  Principal: principal,
  Action: 'sts:AssumeRole',
  ...(condition && { Condition: condition }),
});

const exact = (externalId: string = connection.externalId) =>
  allow({ StringEquals: { 'sts:ExternalId': externalId } });

const verify = (
  roleArn: string,
  options: Partial<RoleToVerify> = {},
  timeoutMs = 5_000,
  around: AroundCall = (_, call) => call(),
) =>
  verifyRole(
    {
      connection,
      roleArn,
      vendorPrincipals: new Map<Partition, string>([['aws', vendor.admin.arn]]),
      deniedAccountIds: new Set(),
      sessionName: 'rolebridge',
      firstAttemptAt: time,
      propagationWindowMs: windowMs,
      maxWaitMs: windowMs,
      allowPropagation: false,
      ...options,
    },
    {
      sts: aroundEachCall(
        createSts({
          partitions: { aws: { endpoint: aws.url, credentials: async () => vendor.admin } },
          timeoutMs,
        }),
        around,
      ),
      clock,
      newExternalId,
    },
  );

/** Refused: the code, its causes and the checks; anything else fails the test. */
async function verificationFailed(roleArn: string, options?: Partial<RoleToVerify>) {
  const answer = await verify(roleArn, options);
  if (answer.outcome !== 'refused' || answer.verification.result !== 'failed')
    throw new Error(`Not refused: ${JSON.stringify(answer)}`);
  const { code, message, remedy, diagnosis, checks } = answer.verification;
  expect(message).not.toBe('');
  expect(remedy).not.toBe('');
  return { code, message, causes: diagnosis?.causes ?? [], trustPolicy: diagnosis?.trustPolicy, checks };
}

const assumeCalls = () => aws.requests.filter(({ action }) => action === 'AssumeRole');

describe('a correct role', () => {
  it('passes every check and reports each request to AWS', async () => {
    const arn = role([exact()], { path: '/a/b/' });
    const answer = await verify(arn);
    expect(answer).toMatchObject({
      outcome: 'passed',
      role: { arn, accountId: customer.accountId, path: '/a/b/', name: 'rolebridge' },
      verification: {
        result: 'passed',
        accountId: customer.accountId,
        sessionArn: `arn:aws:sts::${customer.accountId}:assumed-role/rolebridge/rolebridge`,
      },
    });
    if (answer.outcome !== 'passed') return;
    expect(answer.verification.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'role_arn passed',
      'not_vendor_account passed',
      'assumable passed',
      'account passed',
      'external_id_required passed',
      'external_id_exact passed',
      'trust_policy not_checked',
    ]);
    const outcomes = answer.verification.probes.map(({ probe, outcome }) => `${probe}: ${outcome}`);
    expect(outcomes[0]).toBe('with_external_id: allowed');
    expect(new Set(outcomes.slice(1))).toEqual(
      new Set([
        'caller_identity: allowed',
        'get_role: denied',
        'without_external_id: denied',
        'wrong_external_id: denied',
        'altered_external_id: denied',
        'without_external_id_in_another_region: denied',
      ]),
    );
    for (const { requestId } of answer.verification.probes) expect(requestId).toMatch(/^[\w-]{20,}$/);
    expect(JSON.stringify(answer)).not.toMatch(/secretAccessKey|sessionToken/);
  });

  it('is probed without its external ID only after a successful AssumeRole', async () => {
    await verify(role([exact()]));
    const sent = assumeCalls().map(({ externalId }) => externalId);
    expect(sent[0]).toBe(connection.externalId);
    expect(sent.slice(1)).not.toContain(connection.externalId);
  });

  it('waits for AWS twice: for the session, then for everything else at once', async () => {
    const events: string[] = [];
    const { arn } = aws.createRole(customer.accountId, {
      roleName: 'readable',
      trustPolicy: { Version: '2012-10-17', Statement: [exact()] },
      inlinePolicies: {
        self: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' }],
        },
      },
    });
    const answer = await verify(arn, {}, undefined, async (name, call) => {
      events.push(`${name} sent`);
      const answer = await call();
      events.push(`${name} answered`);
      return answer;
    });
    expect(answer).toMatchObject({ outcome: 'passed', assurance: 'proven' });
    expect(events.slice(0, 2)).toEqual(['AssumeRole sent', 'AssumeRole answered']);
    expect(events.slice(2, 7).sort()).toEqual([
      'AssumeRole sent',
      'AssumeRole sent',
      'GetCallerIdentity sent',
      'GetRole sent',
      'ListAccountAliases sent',
    ]);
    expect(events).toHaveLength(12);
  });

  it('passes with the trust policy that the service shows', async () => {
    const { arn } = aws.createRole(customer.accountId, {
      roleName: 'pasted',
      trustPolicy: trustPolicy({ principal: vendor.admin.arn, externalId: connection.externalId }),
    });
    expect((await verify(arn)).outcome).toBe('passed');
  });
});

describe('rejects a role that is open to a confused deputy', () => {
  const key = 'sts:ExternalId';
  const own = connection.externalId;
  const required = 'external_id_not_required';
  const enforced = 'external_id_not_enforced';
  test.each<[string, string, () => object[]]>([
    ['no condition', required, () => [allow()]],
    ['an empty condition', required, () => [allow({})]],
    ['StringEqualsIfExists', required, () => [allow({ StringEqualsIfExists: { [key]: own } })]],
    ['StringLikeIfExists', required, () => [allow({ StringLikeIfExists: { [key]: '*' } })]],
    ['ForAllValues:StringEquals', required, () => [allow({ 'ForAllValues:StringEquals': { [key]: own } })]],
    ['ForAllValues:StringLike', required, () => [allow({ 'ForAllValues:StringLike': { [key]: '*' } })]],
    ['StringNotEquals of another', required, () => [allow({ StringNotEquals: { [key]: 'another' } })]],
    ['a second statement without condition', required, () => [exact(), allow()]],
    ['a second statement that trusts everyone', required, () => [exact(), allow(undefined, '*')]],
    ['trust of everyone', required, () => [allow(undefined, '*')]],
    ['trust of every AWS principal', required, () => [allow(undefined, { AWS: '*' })]],
    ['trust of the whole vendor account', required, () => [allow(undefined, { AWS: vendor.root.arn })]],
    ['StringLike *', enforced, () => [allow({ StringLike: { [key]: '*' } })]],
    ['StringLike with a prefix', enforced, () => [allow({ StringLike: { [key]: 'rb-*' } })]],
    [
      'StringLike of question marks',
      enforced,
      () => [allow({ StringLike: { [key]: '?'.repeat(own.length) } })],
    ],
    ['the external ID or *', enforced, () => [allow({ StringLike: { [key]: [own, '*'] } })]],
    ['Null: false (any will do)', enforced, () => [allow({ Null: { [key]: 'false' } })]],
    ['a second statement with StringLike', enforced, () => [exact(), allow({ StringLike: { [key]: '*' } })]],
    ['everyone with any external ID', enforced, () => [allow({ StringLike: { [key]: '*' } }, '*')]],
  ])('%s → %s', async (_, code, statements) => {
    const refused = await verificationFailed(role(statements()));
    expect(refused.code).toBe(code);
    expect(refused.causes).toEqual([
      expect.objectContaining({
        cause: code === required ? 'condition_missing' : 'condition_wildcard',
        likelihood: 'certain',
      }),
    ]);
    expect(JSON.parse(refused.trustPolicy ?? '')).toEqual(
      trustPolicy({ principal: vendor.admin.arn, externalId: own }),
    );
  });

  const elsewhere = { StringNotEquals: { 'aws:RequestedRegion': 'us-east-1' } };

  it('detects a statement in another region that needs no external ID', async () => {
    const refused = await verificationFailed(role([exact(), allow(elsewhere)]));
    expect([refused.code, refused.causes[0]?.cause]).toEqual([required, 'condition_missing']);
  });

  it.each<Fault['kind']>(['throttle', 'reset', 'region-disabled'])(
    "is decided without the other region when it doesn't answer (%s)",
    async (kind) => {
      aws.faults.set({ kind, matches: ({ region }) => region === 'us-west-2' } as Fault);
      expect((await verify(role([exact()]))).outcome).toBe('passed');
    },
  );

  it('accepts StringLike without a wildcard, which is exact', async () => {
    expect((await verify(role([allow({ StringLike: { [key]: own } })]))).outcome).toBe('passed');
  });
});

describe('a trust policy that was just fixed', () => {
  const fixedRole = async (afterMs: number) => {
    const arn = role([allow()]);
    aws.propagationDelayMs = afterMs;
    aws.updateTrustPolicy(
      arn,
      trustPolicy({ principal: vendor.admin.arn, externalId: connection.externalId }),
    );
    return arn;
  };
  it('passes when AWS serves it within ten seconds', async () => {
    const arn = await fixedRole(4_000);
    expect((await verify(arn, { allowPropagation: true })).outcome).toBe('passed');
  });
  it('is rejected when AWS keeps the old one', async () => {
    const arn = await fixedRole(30_000);
    const startedAt = time;
    expect((await verificationFailed(arn, { allowPropagation: true })).code).toBe('external_id_not_required');
    expect(time - startedAt).toBeLessThanOrEqual(11_000);
  });
  it('is rejected immediately when no fix can be propagating', async () => {
    const arn = await fixedRole(4_000);
    const startedAt = time;
    expect((await verificationFailed(arn)).code).toBe('external_id_not_required');
    expect(time).toBe(startedAt);
  });
});

describe("explains why a role can't be assumed", () => {
  test.each<[string, string, string, () => string]>([
    ['no such role', 'possible', '', () => `arn:aws:iam::${customer.accountId}:role/none`],
    ['another principal', 'possible', '', () => role([allow(undefined, { AWS: customer.admin.arn })])],
    ['another external ID', 'possible', '', () => role([exact('another-one')])],
    ['an explicit deny', 'possible', '', () => role([exact(), { ...allow(), Effect: 'Deny' }])],
    [
      'another external ID that is not insisted on',
      'certain',
      'external_id_different',
      () => role([allow({ StringEqualsIfExists: { 'sts:ExternalId': 'another-one' } })]),
    ],
    [
      'the connection id as external ID',
      'certain',
      'external_id_different',
      () => role([exact(connection.id)]),
    ],
    [
      'the external ID in capitals',
      'certain',
      'external_id_different',
      () => role([exact(connection.externalId.toUpperCase())]),
    ],
    [
      'a path that the role does not have',
      'certain',
      'role_name_or_path',
      () => role([exact()]).replace(':role/', ':role/vendor/'),
    ],
  ])('%s: %s', async (_, likelihood, cause, arn) => {
    const roleArn = arn();
    const refused = await verificationFailed(roleArn, { propagationWindowMs: 0 });
    expect(refused.code).toBe('role_not_assumable');
    if (likelihood === 'certain')
      expect(refused.causes).toEqual([expect.objectContaining({ cause, likelihood })]);
    else
      expect(refused.causes.map((possible) => possible.cause)).toEqual([
        'external_id_different',
        'principal_different',
        'role_name_or_path',
        'organization_policy',
      ]);
    expect(JSON.parse(refused.trustPolicy ?? '')).toHaveProperty('Statement');
    // The one attempt, and at most four experiments.
    expect(assumeCalls().length).toBeLessThanOrEqual(5);
  });

  test.each<[Fault['kind'], string]>([
    ['denied-by-organization', 'organization_policy'],
    ['region-disabled', 'sts_region_off'],
  ])("%s: in AWS's words", async (kind, cause) => {
    aws.faults.set({ kind, because: 'with an explicit deny in a resource control policy' } as Fault);
    const refused = await verificationFailed(role([exact()]), { propagationWindowMs: 0 });
    expect(refused.code).toBe('role_not_assumable');
    expect(refused.causes).toEqual([expect.objectContaining({ cause, likelihood: 'certain' })]);
    expect(assumeCalls()).toHaveLength(1);
  });

  it("doesn't wait for propagation when STS is disabled in the region", async () => {
    aws.faults.set({ kind: 'region-disabled' });
    const startedAt = time;
    expect((await verificationFailed(role([exact()]))).code).toBe('role_not_assumable');
    expect(time).toBe(startedAt);
  });
});

describe('a role that is propagating', () => {
  it('connects as soon as it has propagated', async () => {
    aws.propagationDelayMs = 12_000;
    const startedAt = time;
    expect((await verify(role([exact()]))).outcome).toBe('passed');
    expect(time - startedAt).toBeLessThan(16_000);
  });

  it("is inconclusive when this call can't wait long enough", async () => {
    aws.propagationDelayMs = 30_000;
    const startedAt = time;
    expect(await verify(role([exact()]), { maxWaitMs: 5_000 })).toMatchObject({
      outcome: 'inconclusive',
      reason: 'propagating',
      retryAfterSeconds: 1,
    });
    expect(time - startedAt).toBeLessThanOrEqual(5_000);
  });

  it('is rejected after the window of the first attempt, even in a later call', async () => {
    const arn = role([exact('another-one')]);
    expect((await verificationFailed(arn, { firstAttemptAt: time - windowMs, maxWaitMs: 5_000 })).code).toBe(
      'role_not_assumable',
    );
  });

  it('is rejected at the end of the window when this call can wait that long', async () => {
    const startedAt = time;
    const options = { propagationWindowMs: 3_000, maxWaitMs: 3_000 };
    expect((await verificationFailed(role([exact('another-one')]), options)).code).toBe('role_not_assumable');
    expect(time - startedAt).toBe(3_000);
  });
});

describe('AWS faults are never a verdict', () => {
  const faults: [Fault['kind'], string, Fault][] = [
    ['throttle', 'throttled', { kind: 'throttle' }],
    ['error', 'server_error', { kind: 'error', status: 500 }],
    ['error', 'server_error', { kind: 'error', status: 503 }],
    ['reset', 'unreachable', { kind: 'reset' }],
    ['garbage', 'malformed', { kind: 'garbage' }],
    ['timeout', 'timed_out', { kind: 'timeout' }],
    ['expired-token', 'vendor_credentials_expired', { kind: 'expired-token' }],
  ];
  const moments: [string, Pick<Fault, 'action' | 'matches'>][] = [
    ['with the external ID', { matches: (call) => call.externalId === connection.externalId }],
    ['GetCallerIdentity', { action: 'GetCallerIdentity' }],
    [
      'without the external ID',
      { matches: (call) => call.roleArn !== undefined && call.externalId === undefined },
    ],
    [
      'with another external ID',
      { matches: (call) => ![undefined, connection.externalId as string].includes(call.externalId) },
    ],
  ];
  test.each(
    faults.flatMap(([kind, reason, fault]) =>
      moments.map(([when, scope]) => ({ kind, reason, when, fault, scope })),
    ),
  )(
    '$kind $when → inconclusive ($reason), and decided afterwards',
    async ({ kind, reason, fault, scope }) => {
      const arn = role([exact()]);
      aws.faults.set({ ...fault, ...scope });
      const answer = await verify(arn, {}, kind === 'timeout' ? 400 : undefined);
      expect(answer).toMatchObject({ outcome: 'inconclusive', reason });
      if (answer.outcome !== 'inconclusive') return;
      expect(answer.retryAfterSeconds).toBeGreaterThan(0);
      if (reason === 'throttled') expect(answer.retryAfterSeconds).toBe(5);
      aws.faults.clear();
      expect((await verify(arn)).outcome).toBe('passed');
    },
  );
});

describe('rejects before any call to AWS', () => {
  test.each<[string, string, () => string, Partial<RoleToVerify>]>([
    ['text that is no ARN', 'role_arn_invalid', () => 'role/rolebridge', {}],
    ['an ARN with a space at its end', 'role_arn_invalid', () => `${role([exact()])} `, {}],
    [
      'a partition without a principal',
      'partition_not_supported',
      () => 'arn:aws-cn:iam::210987654321:role/r',
      {},
    ],
    ['an unknown partition', 'partition_not_supported', () => 'arn:aws-mars:iam::210987654321:role/r', {}],
    [
      "the vendor's own account",
      'role_in_vendor_account',
      () => `arn:aws:iam::${vendor.accountId}:role/r`,
      {},
    ],
    [
      'an account on the deny list',
      'role_in_vendor_account',
      () => role([exact()]),
      { deniedAccountIds: new Set(['210987654321' as AccountId]) },
    ],
    [
      'an account other than the expected one',
      'account_mismatch',
      () => role([exact()]),
      { connection: { ...connection, expectedAccountId: '999988887777' as AccountId } },
    ],
  ])('%s → %s', async (_, code, arn, options) => {
    const refused = await verificationFailed(arn(), options);
    expect(refused.code).toBe(code);
    expect(refused.checks.at(-1)).toMatchObject({ outcome: 'failed', code });
    expect(aws.requests).toHaveLength(0);
  });

  it("the vendor's account of another partition too", async () => {
    const refused = await verificationFailed('arn:aws:iam::444455556666:role/r', {
      vendorPrincipals: new Map<Partition, string>([
        ['aws', vendor.admin.arn],
        ['aws-us-gov', 'arn:aws-us-gov:iam::444455556666:root'],
      ]),
    });
    expect(refused.code).toBe('role_in_vendor_account');
    expect(aws.requests).toHaveLength(0);
  });
});

describe('rejects an unexpected session', () => {
  test.each([
    ['in another account', 'arn:aws:sts::999988887777:assumed-role/rolebridge/rolebridge'],
    ['of another role', 'arn:aws:sts::210987654321:assumed-role/rolebridge-2/rolebridge'],
    ['in another partition', 'arn:aws-cn:sts::210987654321:assumed-role/rolebridge/rolebridge'],
  ])('%s', async (_, sessionArn) => {
    aws.faults.set({ kind: 'garbage', body: assumeRoleAnswer(sessionArn), action: 'AssumeRole', times: 1 });
    expect((await verificationFailed(role([exact()]))).code).toBe('account_mismatch');
    // It was found out before the negative probes: they would have proved nothing.
    expect(assumeCalls()).toHaveLength(1);
  });

  it.each([
    ['of a correct role', () => [exact()]],
    ['of a role that opens without the external ID, too', () => [allow()]],
  ])('that GetCallerIdentity identifies as another: %s', async (_, statements) => {
    const body = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
      <Arn>arn:aws:sts::999988887777:assumed-role/rolebridge/rolebridge</Arn><UserId>A:b</UserId>
      <Account>999988887777</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
    aws.faults.set({ kind: 'garbage', body, action: 'GetCallerIdentity' });
    const { code, checks } = await verificationFailed(role(statements()));
    expect(code).toBe('account_mismatch');
    expect(checks.at(-1)).toMatchObject({ name: 'account', outcome: 'failed' });
  });
});

test.each<[Partition, string]>([
  ['aws', 'console.aws.amazon.com'],
  ['aws-us-gov', 'console.amazonaws-us-gov.com'],
  ['aws-cn', 'console.amazonaws.cn'],
  ['aws-eusc', 'console.amazonaws-eusc.eu'],
])('the console link of %s is pre-filled and encoded', (partition, host) => {
  const principal = `arn:${partition}:iam::111122223333:root`;
  const link = new URL(
    consoleLink({
      partition,
      principal,
      externalId: 'a&b=c/d' as ExternalId,
      permissions: 'read-only',
      roleName: 'r+1',
    }),
  );
  expect(link.host).toBe(host);
  const [page, query] = link.hash.split('?');
  expect(page).toBe('#/roles/create');
  expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
    step: 'review',
    trustedEntityType: 'AWS_ACCOUNT',
    awsAccount: '111122223333',
    isThirdParty: 'true',
    externalId: 'a&b=c/d',
    roleName: 'r+1',
    policies: `arn:${partition}:iam::aws:policy/ReadOnlyAccess`,
  });
});

const assumeRoleAnswer = (sessionArn: string) =>
  `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>${sessionArn}</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>${customer.admin.accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
    <SessionToken>t</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>
  </AssumeRoleResult></AssumeRoleResponse>`;

describe('a role during an external ID rotation', () => {
  const changing = { ...connection, pendingExternalId: newExternalId() };
  const both = () => role([exact(), exact(changing.pendingExternalId)]);

  it('is waited for while part of AWS accepts the old external ID, as long as for a new role', async () => {
    const arn = both();
    const began = time;
    afterSleep = () => {
      if (time - began >= 40_000)
        aws.updateTrustPolicy(arn, {
          Version: '2012-10-17',
          Statement: [exact(changing.pendingExternalId)],
        });
    };
    const answer = await verify(arn, { connection: changing, allowPropagation: true, callerRetries: true });
    expect(answer).toMatchObject({ outcome: 'passed', externalId: changing.pendingExternalId });
    expect(time - began).toBeGreaterThanOrEqual(40_000);
  });

  it('is inconclusive when the wait ends before the window, and rejected after the window', async () => {
    const arn = both();
    const options = { connection: changing, allowPropagation: true, callerRetries: true, maxWaitMs: 25_000 };
    const firstAttemptAt = time;
    expect(await verify(arn, { ...options, firstAttemptAt })).toMatchObject({
      outcome: 'inconclusive',
      reason: 'propagating',
    });
    expect(time - firstAttemptAt).toBeLessThanOrEqual(25_000);
    time = firstAttemptAt + windowMs;
    expect(await verificationFailed(arn, { ...options, firstAttemptAt })).toMatchObject({
      code: 'previous_external_id_accepted',
    });
  });

  it('is rejected immediately when it also accepts other external IDs', async () => {
    const arn = role([exact(), exact(changing.pendingExternalId), allow()]);
    const began = time;
    expect((await verificationFailed(arn, { connection: changing, callerRetries: true })).code).toBe(
      'external_id_not_required',
    );
    expect(time).toBe(began);
  });
});
