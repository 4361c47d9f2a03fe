import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import {
  type AccessKey,
  type AwsSandbox,
  type Fault,
  type SandboxAccount,
  startAwsSandbox,
} from '../aws-sandbox/index.js';

const EXTERNAL_ID = 'the-one:shop/1';
const ANOTHER = 'another-one';
const DENIED_CONDITION = { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } };

let aws: AwsSandbox;
let vendor: SandboxAccount;
let customer: SandboxAccount;
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2026, 10, 24);
  aws = await startAwsSandbox({ now: () => clock });
  vendor = aws.createAccount({ accountId: '111122223333' });
  customer = aws.createAccount({ accountId: '210987654321' });
});

afterEach(() => aws.close());

function sts(key: AccessKey & { sessionToken?: string | undefined }, region = 'us-east-1'): STSClient {
  return new STSClient({
    endpoint: aws.url,
    region,
    credentials: {
      accessKeyId: key.accessKeyId,
      secretAccessKey: key.secretAccessKey,
      ...(key.sessionToken && { sessionToken: key.sessionToken }),
    },
    maxAttempts: 1,
    requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true },
  });
}

/** `ok`, or the error's name and text. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

async function assume(
  roleArn: string,
  input: Partial<AssumeRoleCommandInput> = {},
  key: Parameters<typeof sts>[0] = vendor.admin,
) {
  return sts(key).send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test', ...input }));
}

/** Assumes and answers the whole session's keys, for a call with them. */
async function sessionOf(roleArn: string, input: Partial<AssumeRoleCommandInput> = {}, key = vendor.admin) {
  const { Credentials: credentials } = await assume(roleArn, input, key);
  if (!credentials?.AccessKeyId || !credentials.SecretAccessKey) throw new Error('No credentials');
  return {
    accessKeyId: credentials.AccessKeyId,
    secretAccessKey: credentials.SecretAccessKey,
    sessionToken: credentials.SessionToken,
  };
}

function allow(
  condition?: object,
  principal: unknown = { AWS: vendor.root.arn },
  action: unknown = 'sts:AssumeRole',
) {
  return {
    Effect: 'Allow',
    Principal: principal,
    Action: action,
    ...(condition && { Condition: condition }),
  };
}

function policy(...statements: object[]) {
  return { Version: '2012-10-17', Statement: statements };
}

function role(...statements: object[]): string {
  return aws.createRole(customer.accountId, { roleName: 'rolebridge', trustPolicy: policy(...statements) })
    .arn;
}

describe('external IDs allowed by a trust policy', () => {
  const key = 'sts:ExternalId';
  type Row = [
    name: string,
    conditions: (object | undefined)[],
    right: boolean,
    none: boolean,
    wrong: boolean,
  ];
  const rows: Row[] = [
    ['StringEquals', [{ StringEquals: { [key]: EXTERNAL_ID } }], true, false, false],
    ['StringEquals, several values', [{ StringEquals: { [key]: ['x1', EXTERNAL_ID] } }], true, false, false],
    [
      'StringEquals, another letter case',
      [{ StringEquals: { [key]: 'THE-ONE:shop/1' } }],
      false,
      false,
      false,
    ],
    ['StringEquals takes * literally', [{ StringEquals: { [key]: '*' } }], false, false, false],
    [
      'a condition key in another letter case',
      [{ StringEquals: { 'STS:externalid': EXTERNAL_ID } }],
      true,
      false,
      false,
    ],
    ['StringEqualsIgnoreCase', [{ StringEqualsIgnoreCase: { [key]: 'THE-ONE:SHOP/1' } }], true, false, false],
    ['StringLike without a wildcard', [{ StringLike: { [key]: EXTERNAL_ID } }], true, false, false],
    ['StringLike with a prefix', [{ StringLike: { [key]: 'the-*' } }], true, false, false],
    ['StringLike with ?', [{ StringLike: { [key]: 'the-one:shop/?' } }], true, false, false],
    ['StringLike with *', [{ StringLike: { [key]: '*' } }], true, false, true],
    ['no condition', [undefined], true, true, true],
    ['an empty condition', [{}], true, true, true],
    ['StringEqualsIfExists', [{ StringEqualsIfExists: { [key]: EXTERNAL_ID } }], true, true, false],
    ['StringLikeIfExists', [{ StringLikeIfExists: { [key]: 'the-*' } }], true, true, false],
    [
      'ForAllValues:StringEquals',
      [{ 'ForAllValues:StringEquals': { [key]: EXTERNAL_ID } }],
      true,
      true,
      false,
    ],
    ['ForAllValues:StringLike', [{ 'ForAllValues:StringLike': { [key]: 'the-*' } }], true, true, false],
    [
      'ForAnyValue:StringEquals',
      [{ 'ForAnyValue:StringEquals': { [key]: EXTERNAL_ID } }],
      true,
      false,
      false,
    ],
    ['StringNotEquals', [{ StringNotEquals: { [key]: ANOTHER } }], true, true, false],
    ['StringNotLike', [{ StringNotLike: { [key]: 'ano*' } }], true, true, false],
    [
      'ForAnyValue:StringNotEquals',
      [{ 'ForAnyValue:StringNotEquals': { [key]: ANOTHER } }],
      true,
      false,
      false,
    ],
    ['Null false: any external ID', [{ Null: { [key]: 'false' } }], true, false, true],
    ['Null true: none', [{ Null: { [key]: true } }], false, true, false],
    [
      'two operators, both needed',
      [{ StringLike: { [key]: '*' }, StringNotEquals: { [key]: ANOTHER } }],
      true,
      false,
      false,
    ],
    ['a second statement without the condition', [DENIED_CONDITION, undefined], true, true, true],
    [
      'a second statement for another external ID',
      [DENIED_CONDITION, { StringEquals: { [key]: ANOTHER } }],
      true,
      false,
      true,
    ],
    ['a key that is not known', [{ StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }], false, false, false],
    [
      'a negated key that is not known',
      [{ StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }],
      true,
      true,
      true,
    ],
    ['IfExists of a key that is not known', [{ StringEqualsIfExists: { 'foo:Bar': 'x' } }], true, true, true],
    ['a number compared with a text', [{ NumericLessThan: { 'sts:ExternalId': '5' } }], false, false, false],
    ['Bool on MFA, absent', [{ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }], false, false, false],
    [
      'BoolIfExists on MFA, absent',
      [{ BoolIfExists: { 'aws:MultiFactorAuthPresent': true } }],
      true,
      true,
      true,
    ],
    [
      'aws:PrincipalArn, the right one',
      [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/adm*' } }],
      true,
      true,
      true,
    ],
    [
      'aws:PrincipalArn, a wrong one',
      [{ StringLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } }],
      false,
      false,
      false,
    ],
    [
      'aws:PrincipalAccount',
      [{ StringEquals: { 'aws:PrincipalAccount': '111122223333' } }],
      true,
      true,
      true,
    ],
    ['sts:RoleSessionName', [{ StringEquals: { 'sts:RoleSessionName': 'test' } }], true, true, true],
    ['a variable', [{ StringEquals: { 'sts:RoleSessionName': '${aws:username}' } }], false, false, false],
    [
      'a variable without a value',
      [{ StringNotEquals: { 'sts:RoleSessionName': '${aws:nothing}' } }],
      false,
      false,
      false,
    ],
  ];

  test.each(rows)('%s', async (_, conditions, right, none, wrong) => {
    const arn = role(...conditions.map((condition) => allow(condition)));
    const says = async (externalId?: string) =>
      outcome(assume(arn, externalId === undefined ? {} : { ExternalId: externalId }));
    const denied = `AccessDenied: User: ${vendor.admin.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`;
    expect({ right: await says(EXTERNAL_ID), none: await says(), wrong: await says(ANOTHER) }).toEqual({
      right: right ? 'ok' : denied,
      none: none ? 'ok' : denied,
      wrong: wrong ? 'ok' : denied,
    });
  });
});

describe('explicit denies', () => {
  const deny = (condition?: object, principal: unknown = '*') => ({
    ...allow(condition, principal),
    Effect: 'Deny',
  });
  type Row = [name: string, statement: () => object, right: string, none: string];
  const rows: Row[] = [
    ['for all', () => deny(), 'AccessDenied', 'AccessDenied'],
    ['without an external ID', () => deny({ Null: { 'sts:ExternalId': 'true' } }), 'ok', 'AccessDenied'],
    [
      'with another external ID',
      () => deny({ StringNotEquals: { 'sts:ExternalId': EXTERNAL_ID } }),
      'ok',
      'AccessDenied',
    ],
    ['for another audience', () => deny(undefined, { AWS: customer.root.arn }), 'ok', 'ok'],
    [
      'for all but the vendor',
      () => ({ Effect: 'Deny', NotPrincipal: { AWS: [vendor.root.arn, vendor.admin.arn] }, Action: 'sts:*' }),
      'ok',
      'ok',
    ],
    [
      'of a key that is absent: it does not apply',
      () => deny({ StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
      'ok',
      'ok',
    ],
    ['of another action', () => ({ ...deny(), Action: 'sts:TagSession' }), 'ok', 'ok'],
  ];

  test.each(rows)('%s', async (_, statement, right, none) => {
    const arn = role(allow(), statement());
    expect(await outcome(assume(arn, { ExternalId: EXTERNAL_ID }))).toMatch(right);
    expect(await outcome(assume(arn))).toMatch(none);
  });
});

test.each([
  ['a date', { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }, 'the date "tomorrow"'],
  ['a range', { IpAddress: { 'aws:SourceIp': '10.0.0.0/99' } }, 'the IP range "10.0.0.0/99"'],
  ['a range without bits', { IpAddress: { 'aws:SourceIp': '10.0.0.0/' } }, 'the IP range "10.0.0.0/"'],
  ['a number', { NumericLessThan: { 'aws:EpochTime': 'soon' } }, 'the number "soon"'],
  ['a variable', { StringEquals: { 'sts:ExternalId': '${a, b}' } }, 'the variable ${a, b}'],
])('reports that it cannot evaluate %s instead of a denial', async (_, condition, what) => {
  expect(await outcome(assume(role(allow(condition)), { ExternalId: EXTERNAL_ID }))).toBe(
    `SandboxCannotEvaluate: The AWS sandbox can't evaluate ${what}.`,
  );
});

describe('principals allowed by a trust policy', () => {
  type Row = [name: string, principal: () => unknown, user: string, session: string];
  const rows: Row[] = [
    ['the account', () => ({ AWS: vendor.accountId }), 'ok', 'ok'],
    ["the account's root ARN", () => ({ AWS: vendor.root.arn }), 'ok', 'ok'],
    ['the user', () => ({ AWS: vendor.admin.arn }), 'ok', 'AccessDenied'],
    ['the role', () => ({ AWS: `arn:aws:iam::${vendor.accountId}:role/svc/bridge` }), 'AccessDenied', 'ok'],
    [
      'the session',
      () => ({ AWS: `arn:aws:sts::${vendor.accountId}:assumed-role/bridge/one` }),
      'AccessDenied',
      'ok',
    ],
    [
      "the role's other session",
      () => ({ AWS: `arn:aws:sts::${vendor.accountId}:assumed-role/bridge/two` }),
      'AccessDenied',
      'AccessDenied',
    ],
    ['several', () => ({ AWS: [customer.accountId, vendor.admin.arn] }), 'ok', 'AccessDenied'],
    ['everyone, AWS *', () => ({ AWS: '*' }), 'ok', 'ok'],
    ['everyone, *', () => '*', 'ok', 'ok'],
    ['another account', () => ({ AWS: customer.root.arn }), 'AccessDenied', 'AccessDenied'],
    ['a service', () => ({ Service: 'ec2.amazonaws.com' }), 'AccessDenied', 'AccessDenied'],
    ['a federation', () => ({ Federated: 'accounts.google.com' }), 'AccessDenied', 'AccessDenied'],
  ];

  test.each(rows)('%s', async (_, principal, user, session) => {
    const bridge = aws.createRole(vendor.accountId, {
      roleName: 'bridge',
      path: '/svc/',
      trustPolicy: policy(allow()),
    });
    const arn = role(allow(undefined, principal()));
    const bridgeSession = aws.createRoleSession(bridge.arn, { sessionName: 'one' });
    expect(await outcome(assume(arn))).toMatch(user);
    expect(await outcome(assume(arn, {}, bridgeSession))).toMatch(session);
  });

  it('no principal after the trusted role was deleted and recreated: IAM keeps its unique id', async () => {
    const make = () => aws.createRole(vendor.accountId, { roleName: 'bridge', trustPolicy: policy(allow()) });
    const bridge = make();
    const arn = role(allow(undefined, { AWS: bridge.arn }));
    expect(await outcome(assume(arn, {}, aws.createRoleSession(bridge.arn)))).toBe('ok');
    aws.deleteRole(bridge.arn);
    make();
    expect(await outcome(assume(arn, {}, aws.createRoleSession(bridge.arn)))).toMatch('AccessDenied');
  });

  it('no root user', async () => {
    expect(await outcome(assume(role(allow()), {}, vendor.root))).toBe(
      'AccessDenied: Roles may not be assumed by root accounts.',
    );
  });

  it('no principal of another partition', async () => {
    const gov = aws.createAccount({ partition: 'aws-us-gov' });
    const arn = role(allow(undefined, '*'));
    expect(await outcome(assume(arn, {}, gov.admin))).toMatch('AccessDenied');
    expect(gov.admin.arn).toBe(`arn:aws-us-gov:iam::${gov.accountId}:user/admin`);
  });

  it('answers alike for an unknown role, another letter case and a wrong path', async () => {
    const arn = role(allow());
    for (const other of [
      `${arn}x`,
      arn.replace('rolebridge', 'Rolebridge'),
      arn.replace('role/', 'role/x/'),
    ]) {
      expect(await outcome(assume(other))).toBe(
        `AccessDenied: User: ${vendor.admin.arn} is not authorized to perform: sts:AssumeRole on resource: ${other}`,
      );
    }
  });
});

describe('actions', () => {
  test.each([
    ['sts:AssumeRole', ['ok', 'sts:TagSession', 'sts:SetSourceIdentity']],
    [
      ['sts:AssumeRole', 'sts:TagSession'],
      ['ok', 'ok', 'sts:SetSourceIdentity'],
    ],
    [
      ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      ['ok', 'sts:TagSession', 'ok'],
    ],
    ['sts:*', ['ok', 'ok', 'ok']],
    ['*', ['ok', 'ok', 'ok']],
    ['STS:assumerole', ['ok', 'sts:TagSession', 'sts:SetSourceIdentity']],
    ['sts:TagSession', ['sts:AssumeRole', 'sts:AssumeRole', 'sts:AssumeRole']],
    ['sts:AssumeRoleWithSAML', ['sts:AssumeRole', 'sts:AssumeRole', 'sts:AssumeRole']],
  ])('%j: alone, with tags, with a source identity', async (action, expected) => {
    const arn = role(allow(undefined, undefined, action));
    const outcomes = [
      await outcome(assume(arn)),
      await outcome(assume(arn, { Tags: [{ Key: 'team', Value: 'one' }] })),
      await outcome(assume(arn, { SourceIdentity: 'alice' })),
    ];
    expect(outcomes.map((text) => /perform: (\S+)/.exec(text)?.[1] ?? text)).toEqual(expected);
  });

  it('passes the source identity along a chain, unchangeable', async () => {
    const statement = allow(undefined, undefined, 'sts:*');
    const bridge = aws.createRole(vendor.accountId, { roleName: 'bridge', trustPolicy: policy(statement) });
    const arn = role(allow({ StringEquals: { 'aws:SourceIdentity': 'alice' } }, undefined, 'sts:*'));
    const session = await sessionOf(bridge.arn, { SourceIdentity: 'alice' });
    expect((await assume(arn, {}, session)).SourceIdentity).toBe('alice');
    expect(await outcome(assume(arn, { SourceIdentity: 'mallory' }, session))).toMatch(
      'sts:SetSourceIdentity',
    );
  });

  it('conditions on request tags and source identity', async () => {
    const arn = role(
      allow(
        {
          StringEquals: { 'aws:RequestTag/team': 'one', 'sts:SourceIdentity': 'alice' },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
        },
        undefined,
        'sts:*',
      ),
    );
    const send = (Value: string, more: { Key: string; Value: string }[] = []) =>
      outcome(assume(arn, { SourceIdentity: 'alice', Tags: [{ Key: 'team', Value }, ...more] }));
    expect(await send('one')).toBe('ok');
    expect(await send('two')).toMatch('AccessDenied');
    expect(await send('one', [{ Key: 'other', Value: '' }])).toMatch('AccessDenied');
  });
});

describe('parameters', () => {
  test.each<[string, Partial<AssumeRoleCommandInput>, string]>([
    [
      'external ID of one character',
      { ExternalId: 'x' },
      "Value 'x' at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2",
    ],
    ['empty external ID', { ExternalId: '' }, "Value '' at 'externalId'"],
    [
      'external ID of 1225 characters',
      { ExternalId: 'x'.repeat(1225) },
      'Member must have length less than or equal to 1224',
    ],
    [
      'external ID with a space',
      { ExternalId: 'a b' },
      'Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*',
    ],
    ['external ID with a line feed', { ExternalId: 'ab\n' }, "at 'externalId' failed"],
    ['session name of one character', { RoleSessionName: 'x' }, "at 'roleSessionName' failed"],
    ['session name with a slash', { RoleSessionName: 'a/b' }, 'pattern: [\\w+=,.@-]*'],
    [
      'duration 899',
      { DurationSeconds: 899 },
      "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    ],
    ['duration 43201', { DurationSeconds: 43201 }, 'Member must have value less than or equal to 43200'],
    [
      'longer than the role allows',
      { DurationSeconds: 3601 },
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    ],
    [
      'an ARN that is none',
      { RoleArn: 'arn:aws:iam::21098765432:role/x' },
      'arn:aws:iam::21098765432:role/x is invalid',
    ],
    ['a short ARN', { RoleArn: 'x' }, "Value 'x' at 'roleArn'"],
    ['a source identity with a space', { SourceIdentity: 'a b' }, "at 'sourceIdentity'"],
    [
      'no ARN',
      { RoleArn: undefined },
      "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    ],
  ])('%s', async (_, input, text) => {
    const result = await outcome(assume(role(allow()), input));
    expect(result).toMatch(/^ValidationError: /);
    expect(result).toContain(text);
  });

  it('caps role chaining at an hour', async () => {
    const chained = policy(allow(undefined, '*'));
    const first = aws.createRole(vendor.accountId, { roleName: 'a', trustPolicy: chained });
    const second = aws.createRole(customer.accountId, {
      roleName: 'b',
      trustPolicy: chained,
      maxSessionDuration: 43200,
    });
    const session = await sessionOf(first.arn);
    expect(await outcome(assume(second.arn, { DurationSeconds: 3601 }, session))).toBe(
      'ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
    expect(await outcome(assume(second.arn, { DurationSeconds: 3600 }, session))).toBe('ok');
    expect(await outcome(assume(second.arn, { DurationSeconds: 43200 }))).toBe('ok');
  });

  it('accepts a session policy, rejects a malformed one', async () => {
    const arn = role(allow());
    const good = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };
    expect((await assume(arn, { Policy: JSON.stringify(good) })).PackedPolicySize).toBeGreaterThan(0);
    expect(await outcome(assume(arn, { Policy: '{' }))).toMatch('MalformedPolicyDocument');
  });
});

describe('GetCallerIdentity', () => {
  it('returns the session of a role', async () => {
    const session = await sessionOf(role(allow(DENIED_CONDITION)), {
      ExternalId: EXTERNAL_ID,
      RoleSessionName: 'me',
    });
    expect(await sts(session).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: customer.accountId,
      Arn: `arn:aws:sts::${customer.accountId}:assumed-role/rolebridge/me`,
      UserId: expect.stringMatching(/^AROA[A-Z0-9]{17}:me$/),
    });
  });

  it('returns the user of long-term keys and session tokens', async () => {
    const key = aws.createAccessKey(vendor.accountId, 'bridge');
    const { Credentials: token } = await sts(key).send(new GetSessionTokenCommand({}));
    const session = {
      accessKeyId: token?.AccessKeyId ?? '',
      secretAccessKey: token?.SecretAccessKey ?? '',
      sessionToken: token?.SessionToken,
    };
    for (const credentials of [key, session]) {
      expect(await sts(credentials).send(new GetCallerIdentityCommand({}))).toMatchObject({
        Arn: `arn:aws:iam::${vendor.accountId}:user/bridge`,
      });
    }
    const info = await sts(key).send(
      new GetAccessKeyInfoCommand({ AccessKeyId: customer.admin.accessKeyId }),
    );
    expect(info.Account).toBe(customer.accountId);
    const root = await sts(vendor.root).send(new GetCallerIdentityCommand({}));
    expect(root).toMatchObject({ Arn: vendor.root.arn, UserId: vendor.accountId });
  });

  it('rejects an unknown key, and a wrong, missing or expired session token', async () => {
    const session = await sessionOf(role(allow()), { DurationSeconds: 900 });
    const ask = (key: Parameters<typeof sts>[0]) => outcome(sts(key).send(new GetCallerIdentityCommand({})));
    const invalid = 'InvalidClientTokenId: The security token included in the request is invalid.';
    expect(await ask(session)).toBe('ok');
    expect(await ask({ ...session, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })).toBe(invalid);
    expect(await ask({ ...session, sessionToken: 'wrong' })).toBe(invalid);
    expect(await ask({ ...session, sessionToken: undefined })).toBe(invalid);
    expect(await ask({ ...vendor.admin, sessionToken: session.sessionToken })).toBe(invalid);
    clock += 900_000;
    expect(await ask(session)).toMatch(/^ExpiredToken/);
    const unsigned = await fetch(aws.url, {
      method: 'POST',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect(unsigned.status).toBe(403);
    expect(await unsigned.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });
});

describe('propagation', () => {
  it('delays a new role', async () => {
    aws.propagationDelayMs = 10_000;
    const arn = role(allow());
    expect(await outcome(assume(arn))).toMatch('AccessDenied');
    clock += 9_999;
    expect(await outcome(assume(arn))).toMatch('AccessDenied');
    clock += 1;
    expect(await outcome(assume(arn))).toBe('ok');
  });

  it('keeps the old trust policy until the new one has propagated', async () => {
    const arn = role(allow());
    aws.propagationDelayMs = 10_000;
    aws.updateTrustPolicy(arn, policy(allow(DENIED_CONDITION)));
    expect(await outcome(assume(arn))).toBe('ok');
    clock += 10_000;
    expect(await outcome(assume(arn))).toMatch('AccessDenied');
    expect(await outcome(assume(arn, { ExternalId: EXTERNAL_ID }))).toBe('ok');
  });

  it('can be skipped', async () => {
    aws.propagationDelayMs = 60_000;
    const arn = role(allow());
    aws.propagationDelayMs = 0;
    expect(await outcome(assume(arn))).toBe('ok');
  });
});

describe('faults', () => {
  test.each<[string, Fault, RegExp, number | undefined, string]>([
    ['throttle', { kind: 'throttle' }, /^Throttling: Rate exceeded/, 400, 'Throttling'],
    ['error 500', { kind: 'error' }, /^InternalFailure/, 500, 'InternalFailure'],
    ['error 503', { kind: 'error', status: 503 }, /^ServiceUnavailable/, 503, 'ServiceUnavailable'],
    ['timeout', { kind: 'timeout' }, /^TimeoutError/, undefined, 'timeout'],
    ['delay', { kind: 'delay', delayMs: 50 }, /^ok$/, undefined, 'ok'],
    ['reset', { kind: 'reset' }, /ECONNRESET|socket hang up/, undefined, 'reset'],
    ['garbage', { kind: 'garbage' }, /^no credentials$/, undefined, 'garbage'],
    ['expired token', { kind: 'expired-token' }, /^ExpiredToken/, 403, 'ExpiredToken'],
    [
      'region disabled',
      { kind: 'region-disabled' },
      /^RegionDisabledException: STS is not activated/,
      403,
      'RegionDisabledException',
    ],
    [
      'organization',
      { kind: 'denied-by-organization' },
      /^AccessDenied: .* with an explicit deny in a service control policy$/,
      403,
      'AccessDenied',
    ],
  ])('%s', async (_, fault, text, status, recorded) => {
    const arn = role(allow());
    aws.faults.set({ action: 'AssumeRole', ...fault });
    const result = await assume(arn).catch((error: Error) => error);
    // The SDK takes a 200 without XML for an empty answer: a success without credentials.
    const successText = 'Credentials' in result ? 'ok' : 'no credentials';
    expect(result instanceof Error ? `${result.name}: ${result.message}` : successText).toMatch(text);
    if (status !== undefined) expect(result).toMatchObject({ $metadata: { httpStatusCode: status } });
    expect(aws.requests.at(-1)).toMatchObject({ action: 'AssumeRole', roleArn: arn, outcome: recorded });
    expect(await outcome(sts(vendor.admin).send(new GetCallerIdentityCommand({})))).toBe('ok');
    aws.faults.clear();
    expect(await outcome(assume(arn))).toBe('ok');
  });

  it('apply to the named role and the matching calls, a number of times', async () => {
    const arn = role(allow());
    const other = aws.createRole(customer.accountId, { roleName: 'other', trustPolicy: policy(allow()) }).arn;
    aws.faults.set({ kind: 'throttle', roleArn: arn, times: 2, matches: (call) => !call.externalId });
    expect(await outcome(assume(other))).toBe('ok');
    expect(await outcome(assume(arn, { ExternalId: EXTERNAL_ID }))).toBe('ok');
    expect(await outcome(assume(arn))).toMatch('Throttling');
    expect(await outcome(assume(arn))).toMatch('Throttling');
    expect(await outcome(assume(arn))).toBe('ok');
  });

  it("don't prevent the sandbox from closing", async () => {
    const arn = role(allow());
    aws.faults.set({ kind: 'timeout', times: 1 });
    aws.faults.set({ kind: 'delay', delayMs: 60_000 });
    const hanging = Promise.all([outcome(assume(arn)), outcome(assume(arn))]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await aws.close();
    expect(await hanging).not.toContain('ok');
  });
});

it('records every call', async () => {
  const arn = role(allow(undefined, undefined, 'sts:*'));
  const { $metadata } = await assume(arn, {
    ExternalId: EXTERNAL_ID,
    DurationSeconds: 900,
    SourceIdentity: 'alice',
    Tags: [{ Key: 'team', Value: 'one' }],
  });
  expect(aws.requests).toEqual([
    {
      time: new Date(clock),
      service: 'sts',
      action: 'AssumeRole',
      requestId: $metadata.requestId,
      outcome: 'ok',
      region: 'us-east-1',
      accessKeyId: vendor.admin.accessKeyId,
      callerArn: vendor.admin.arn,
      roleArn: arn,
      externalId: EXTERNAL_ID,
      roleSessionName: 'test',
      durationSeconds: 900,
      sourceIdentity: 'alice',
      tags: { team: 'one' },
    },
  ]);
});

describe('IAM', () => {
  /** One IAM call over plain HTTP, as the customer's administrator. */
  async function iam(action: string, params: Record<string, string> = {}, key: AccessKey = customer.admin) {
    const response = await fetch(aws.url, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/20261124/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: new URLSearchParams({ Action: action, Version: '2010-05-08', ...params }),
    });
    const text = await response.text();
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
    const error = response.ok ? 'ok' : `${response.status} ${field('Code')}: ${field('Message')}`;
    return { error, text, field, requestId: response.headers.get('x-amzn-requestid') };
  }

  const TRUST = JSON.stringify(policy(allow(undefined, { AWS: '111122223333' })));
  const PERMISSIONS = JSON.stringify(policy({ Effect: 'Allow', Action: 's3:*', Resource: '*' }));
  const createRole = (trust = TRUST, more: Record<string, string> = {}) =>
    iam('CreateRole', { RoleName: 'made', AssumeRolePolicyDocument: trust, ...more });

  it('creates a role for STS, in the account of the key', async () => {
    const made = await createRole(TRUST, { Path: '/a/b/', Description: '<b> & "c"' });
    const arn = `arn:aws:iam::${customer.accountId}:role/a/b/made`;
    expect(made.field('Arn')).toBe(arn);
    expect(made.field('Description')).toBe('&lt;b&gt; &amp; &quot;c&quot;');
    expect(made.field('RequestId')).toBe(made.requestId);
    expect(decodeURIComponent(made.field('AssumeRolePolicyDocument') ?? '')).toBe(TRUST);
    expect(await outcome(assume(arn))).toBe('ok');
    expect((await iam('GetRole', { RoleName: 'made' }, vendor.admin)).error).toBe(
      '404 NoSuchEntity: The role with name made cannot be found.',
    );
  });

  it("returns IAM's errors", async () => {
    await createRole();
    const own =
      (await iam('CreatePolicy', { PolicyName: 'own', PolicyDocument: PERMISSIONS })).field('Arn') ?? '';
    const managed = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    const say = async (action: string, params: Record<string, string> = {}) =>
      (await iam(action, { RoleName: 'made', ...params })).error;
    expect((await createRole()).error).toBe('409 EntityAlreadyExists: Role with name made already exists.');
    expect(await say('AttachRolePolicy', { PolicyArn: managed })).toBe('ok');
    expect(await say('AttachRolePolicy', { PolicyArn: `${own}x` })).toMatch(/^404 NoSuchEntity/);
    expect(await say('AttachRolePolicy', { PolicyArn: managed.replace('arn:aws:', 'arn:aws-cn:') })).toMatch(
      /^400 InvalidInput/,
    );
    expect(await say('DeleteRole')).toBe(
      '409 DeleteConflict: Cannot delete entity, must detach all policies first.',
    );
    expect(await say('DetachRolePolicy', { PolicyArn: managed })).toBe('ok');
    expect(await say('DetachRolePolicy', { PolicyArn: managed })).toMatch(/^404 NoSuchEntity/);
    expect(await say('PutRolePolicy', { PolicyName: 'p', PolicyDocument: PERMISSIONS })).toBe('ok');
    expect(await say('DeleteRole')).toBe(
      '409 DeleteConflict: Cannot delete entity, must delete policies first.',
    );
    expect(await say('DeleteRolePolicy', { PolicyName: 'p' })).toBe('ok');
    expect(await say('GetRolePolicy', { PolicyName: 'p' })).toMatch(/^404 NoSuchEntity/);
    expect(await say('PutRolePermissionsBoundary', { PermissionsBoundary: own })).toBe('ok');
    expect(await say('DeletePolicy', { PolicyArn: own })).toMatch(/^409 DeleteConflict/);
    expect(await say('DeleteRole')).toBe('ok');
    expect(await say('DeleteRole')).toMatch(/^404 NoSuchEntity/);
    expect(await say('DeletePolicy', { PolicyArn: own })).toBe('ok');
    expect(await say('MakeCoffee')).toMatch(/^400 InvalidAction/);
  });

  test.each([
    ['no JSON', '{', 'This policy contains invalid Json'],
    ['no statement', '{"Version":"2012-10-17"}', 'Syntax errors in policy.'],
    ['an unknown version', '{"Version":"2020-01-01","Statement":[]}', 'Syntax errors in policy.'],
    [
      'no principal',
      JSON.stringify(policy({ Effect: 'Allow', Action: 'sts:AssumeRole' })),
      'Missing required field Principal',
    ],
    [
      'a resource',
      JSON.stringify(policy({ ...allow(undefined, '*'), Resource: '*' })),
      'Has prohibited field Resource',
    ],
    [
      'another action',
      JSON.stringify(policy(allow(undefined, '*', 's3:GetObject'))),
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      '11 digits',
      JSON.stringify(policy(allow(undefined, { AWS: '11112222333' }))),
      'Invalid principal in policy: &quot;AWS&quot;:&quot;11112222333&quot;',
    ],
    [
      'another partition',
      JSON.stringify(policy(allow(undefined, { AWS: 'arn:aws-cn:iam::111122223333:root' }))),
      'Invalid principal',
    ],
    [
      'a wildcard in an ARN',
      JSON.stringify(policy(allow(undefined, { AWS: 'arn:aws:iam::111122223333:role/*' }))),
      'Invalid principal',
    ],
    [
      'a role that does not exist',
      JSON.stringify(policy(allow(undefined, { AWS: 'arn:aws:iam::111122223333:role/none' }))),
      'Invalid principal',
    ],
    [
      'an unknown operator',
      JSON.stringify(policy(allow({ StringMatches: { 'sts:ExternalId': 'x1' } }, '*'))),
      'Invalid Condition type : StringMatches.',
    ],
    [
      'an operator with the name of a member of every object',
      JSON.stringify(policy(allow({ constructor: { 'sts:ExternalId': 'x1' } }, '*'))),
      'Invalid Condition type : constructor.',
    ],
    [
      'a type of principal with such a name',
      JSON.stringify(policy(allow(undefined, { constructor: '*' }))),
      'Invalid principal in policy: constructor',
    ],
  ])('refuses a trust policy with %s', async (_, trust, text) => {
    expect((await createRole(trust)).error).toContain(`400 MalformedPolicyDocument: ${text}`);
  });

  it('limits a trust policy to 2,048 characters without whitespace', async () => {
    const long = (size: number) => {
      const text = (filler: string) => JSON.stringify(policy({ Sid: filler, ...allow(undefined, '*') }));
      return text('s'.repeat(size - text('').length)).replace('{', `{${' '.repeat(500)}`);
    };
    expect((await createRole(long(2049))).error).toBe(
      '409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048',
    );
    expect((await createRole(long(2048))).error).toBe('ok');
  });

  it('keeps up to five versions of a policy', async () => {
    const arn =
      (await iam('CreatePolicy', { PolicyName: 'own', PolicyDocument: PERMISSIONS })).field('Arn') ?? '';
    const version = (SetAsDefault: string) =>
      iam('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: PERMISSIONS, SetAsDefault });
    for (const id of ['v2', 'v3', 'v4', 'v5']) expect((await version('true')).field('VersionId')).toBe(id);
    expect((await version('true')).error).toMatch(/^409 LimitExceeded/);
    const remove = async (VersionId: string) =>
      (await iam('DeletePolicyVersion', { PolicyArn: arn, VersionId })).error;
    expect(await remove('v5')).toMatch(/^409 DeleteConflict/);
    expect(await remove('v1')).toBe('ok');
    expect((await version('false')).field('VersionId')).toBe('v6');
    expect((await iam('GetPolicy', { PolicyArn: arn })).field('DefaultVersionId')).toBe('v5');
  });

  it('counts users that have a policy, and keeps it while one has it', async () => {
    const PolicyArn =
      (await iam('CreatePolicy', { PolicyName: 'own', PolicyDocument: PERMISSIONS })).field('Arn') ?? '';
    await iam('CreateUser', { UserName: 'bridge' });
    await iam('AttachUserPolicy', { UserName: 'bridge', PolicyArn });
    expect((await iam('GetPolicy', { PolicyArn })).field('AttachmentCount')).toBe('1');
    expect((await iam('ListEntitiesForPolicy', { PolicyArn })).field('UserName')).toBe('bridge');
    expect((await iam('DeletePolicy', { PolicyArn })).error).toMatch(/^409 DeleteConflict/);
    await iam('DetachUserPolicy', { UserName: 'bridge', PolicyArn });
    expect((await iam('DeletePolicy', { PolicyArn })).error).toBe('ok');
  });

  it('creates users and keys', async () => {
    await iam('CreateUser', { UserName: 'bridge' });
    const key = await iam('CreateAccessKey', { UserName: 'bridge' });
    const identity = await sts({
      accessKeyId: key.field('AccessKeyId') ?? '',
      secretAccessKey: key.field('SecretAccessKey') ?? '',
    }).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe(`arn:aws:iam::${customer.accountId}:user/bridge`);
  });
});
