import { createHash, createHmac } from 'node:crypto';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  type AccessKey,
  type AwsSandbox,
  type SandboxAccount,
  startAwsSandbox,
} from '../aws-sandbox/index.js';

let aws: AwsSandbox;
let vendor: SandboxAccount;
let customer: SandboxAccount;

beforeEach(async () => {
  aws = await startAwsSandbox();
  vendor = aws.createAccount({ accountId: '111122223333' });
  customer = aws.createAccount({ accountId: '444455556666' });
});

afterEach(() => aws.close());

const document = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string | string[], Resource: string | string[] = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const deny = (Action: string, Resource = '*', Condition?: object) => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});
const trust = document({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });

type Key = AccessKey & { sessionToken?: string };

/** One IAM call, by hand: the parameters as the wire has them. */
async function iam(key: Key, Action: string, params: Record<string, string>) {
  const response = await fetch(aws.url, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/20261128/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
      ...(key.sessionToken && { 'x-amz-security-token': key.sessionToken }),
    },
    body: new URLSearchParams({ Action, Version: '2010-05-08', ...params }),
  });
  const text = await response.text();
  const all = (name: string) =>
    [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'g'))].map(([, value]) => value);
  return { text, all, message: all('Message')[0], code: all('Code')[0] };
}

const list = (name: string, values: string[]) =>
  Object.fromEntries(values.map((value, index) => [`${name}.member.${index + 1}`, value]));

const simulate = (
  arn: string,
  actions: string[],
  more: Record<string, string> = {},
  key: Key = customer.admin,
) => iam(key, 'SimulatePrincipalPolicy', { PolicySourceArn: arn, ...list('ActionNames', actions), ...more });

const createRole = (inline: Record<string, object>, more: object = {}) =>
  aws.createRole(customer.accountId, {
    roleName: 'vendor',
    trustPolicy: trust,
    inlinePolicies: inline,
    ...more,
  }).arn;

describe('SimulatePrincipalPolicy', () => {
  it('evaluates each action and resource by the policies of the role', async () => {
    const arn = createRole({
      deploy: document(allow(['ec2:Describe*', 's3:*']), deny('s3:GetObject', 'arn:aws:s3:::secret/*')),
    });
    const answer = await simulate(arn, ['ec2:DescribeInstances', 'ec2:RunInstances']);
    expect(answer.all('EvalActionName')).toEqual(['ec2:DescribeInstances', 'ec2:RunInstances']);
    expect(answer.all('EvalDecision')).toEqual(['allowed', 'implicitDeny']);
    expect(answer.all('SourcePolicyId')).toEqual(['deploy']);
    const resources = ['arn:aws:s3:::secret/a', 'arn:aws:s3:::open/a'];
    const objects = await simulate(arn, ['s3:GetObject'], list('ResourceArns', resources));
    expect(objects.all('EvalDecision')).toEqual(['explicitDeny', 'allowed']);
    expect(objects.all('EvalResourceDecision')).toEqual(['explicitDeny', 'allowed']);
  });

  it('includes permissions boundary and service control policies, and names the denying one', async () => {
    const boundary = await iam(customer.admin, 'CreatePolicy', {
      PolicyName: 'boundary',
      PolicyDocument: JSON.stringify(document(allow(['s3:*', 'ec2:*']))),
    });
    const arn = createRole({ all: document(allow('*')) }, { permissionsBoundaryArn: boundary.all('Arn')[0] });
    aws.setServiceControlPolicies(customer.accountId, [document(deny('ec2:RunInstances'))]);
    const answer = await simulate(arn, ['s3:ListBucket', 'iam:ListRoles', 'ec2:RunInstances']);
    expect(answer.all('EvalDecision')).toEqual(['allowed', 'implicitDeny', 'explicitDeny']);
    expect(answer.all('AllowedByPermissionsBoundary')).toEqual(['true', 'false', 'true']);
    expect(answer.all('AllowedByOrganizations')).toEqual(['true', 'true', 'false']);
  });

  it('lists missing context values, and uses supplied ones', async () => {
    const arn = createRole({
      tagged: document(allow('ec2:StartInstances', '*', { StringEquals: { 'aws:ResourceTag/team': 'one' } })),
    });
    const without = await simulate(arn, ['ec2:StartInstances']);
    expect(without.all('EvalDecision')).toEqual(['implicitDeny']);
    expect(without.text).toContain('<MissingContextValues><member>aws:ResourceTag/team</member>');
    const given = await simulate(arn, ['ec2:StartInstances'], {
      'ContextEntries.member.1.ContextKeyName': 'aws:resourcetag/Team',
      'ContextEntries.member.1.ContextKeyType': 'string',
      'ContextEntries.member.1.ContextKeyValues.member.1': 'one',
    });
    expect(given.all('EvalDecision')).toEqual(['allowed']);
    expect(given.text).toContain('<MissingContextValues></MissingContextValues>');
  });

  it('answers in pages', async () => {
    const arn = createRole({ all: document(allow('*')) });
    const actions = Array.from({ length: 7 }, (_, number) => `ec2:Describe${number}`);
    const first = await simulate(arn, actions, { MaxItems: '4' });
    const second = await simulate(arn, actions, { MaxItems: '4', Marker: String(first.all('Marker')[0]) });
    expect([first.all('IsTruncated')[0], second.all('IsTruncated')[0]]).toEqual(['true', 'false']);
    expect([...first.all('EvalActionName'), ...second.all('EvalActionName')]).toEqual(actions);
  });

  it('rejects wildcards and AWS managed policies without a known document', async () => {
    const arn = createRole({}, { managedPolicyArns: ['arn:aws:iam::aws:policy/AWSSupportAccess'] });
    expect((await simulate(arn, ['ec2:Describe*'])).message).toBe('Invalid Action Name: ec2:Describe*');
    expect((await simulate(arn, ['support:DescribeCases'])).message).toBe(
      'The AWS sandbox can&#39;t evaluate the AWS managed policy AWSSupportAccess.',
    );
  });
});

describe('permissions of a role session', () => {
  const self = (arn: string) => ({
    self: document(allow(['iam:GetRole', 'iam:SimulatePrincipalPolicy'], arn)),
  });
  const roleArn = 'arn:aws:iam::444455556666:role/vendor';

  it('reads itself with the inline policy on its ARN, and no other role', async () => {
    const arn = createRole(self(roleArn));
    aws.createRole(customer.accountId, { roleName: 'other', trustPolicy: trust });
    const session = aws.createRoleSession(arn, { sessionName: 'check' });
    const role = await iam(session, 'GetRole', { RoleName: 'vendor' });
    expect(JSON.parse(decodeURIComponent(String(role.all('AssumeRolePolicyDocument')[0])))).toEqual(trust);
    expect(role.all('RoleId')[0]).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect((await simulate(arn, ['s3:ListBucket'], {}, session)).all('EvalDecision')).toEqual([
      'implicitDeny',
    ]);
    expect((await iam(session, 'GetRole', { RoleName: 'other' })).message).toBe(
      `User: ${session.arn} is not authorized to perform: iam:GetRole on resource: role other because no identity-based policy allows the iam:GetRole action`,
    );
  });

  it.each([
    ['ReadOnlyAccess', true],
    ['SecurityAudit', true],
    ['job-function/ViewOnlyAccess', false],
    ['PowerUserAccess', false],
  ])('reads itself with %s: %s', async (policy, reads) => {
    const arn = createRole({}, { managedPolicyArns: [`arn:aws:iam::aws:policy/${policy}`] });
    const { code } = await iam(aws.createRoleSession(arn), 'GetRole', { RoleName: 'vendor' });
    expect(code).toBe(reads ? undefined : 'AccessDenied');
  });

  it.each([
    [
      'an explicit deny',
      { deny: document(deny('iam:GetRole')) },
      'with an explicit deny in an identity-based policy',
    ],
    ['no policy', {}, 'because no identity-based policy allows the iam:GetRole action'],
  ])("names the denying policy in AWS's words: %s", async (_, inline, because) => {
    const session = aws.createRoleSession(createRole(inline));
    expect((await iam(session, 'GetRole', { RoleName: 'vendor' })).message).toMatch(`role vendor ${because}`);
  });

  it('is limited by its session policy', async () => {
    const arn = createRole(self('*'));
    const sts = new STSClient({ endpoint: aws.url, region: 'us-east-1', credentials: vendor.admin });
    const Policy = JSON.stringify(document(allow('s3:*')));
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'limited', Policy }),
    );
    const key = {
      accessKeyId: String(Credentials?.AccessKeyId),
      secretAccessKey: String(Credentials?.SecretAccessKey),
      sessionToken: String(Credentials?.SessionToken),
    };
    expect((await iam(key, 'GetRole', { RoleName: 'vendor' })).message).toMatch(
      'because no session policy allows the iam:GetRole action',
    );
  });
});

describe("the caller's side of AssumeRole", () => {
  const assume = async (key: AccessKey, arn: string) =>
    new STSClient({ endpoint: aws.url, region: 'us-east-1', credentials: key, maxAttempts: 1 })
      .send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'test' }))
      .then(
        () => 'ok',
        (error: Error) => error.message,
      );
  const limitUser = (statement: object) =>
    iam(vendor.admin, 'PutUserPolicy', {
      UserName: 'rolebridge',
      PolicyName: 'limits',
      PolicyDocument: JSON.stringify(document(statement)),
    });

  it('requires an identity-based policy when the user has any', async () => {
    const arn = createRole({});
    const key = aws.createAccessKey(vendor.accountId, 'rolebridge');
    expect(await assume(key, arn)).toBe('ok');
    await limitUser(allow('sts:AssumeRole', 'arn:aws:iam::*:role/vendors/*'));
    expect(await assume(key, arn)).toMatch(
      'because no identity-based policy allows the sts:AssumeRole action',
    );
    await limitUser(allow('sts:AssumeRole', arn));
    expect(await assume(key, arn)).toBe('ok');
    await limitUser(deny('sts:*'));
    expect(await assume(key, arn)).toMatch('with an explicit deny in an identity-based policy');
  });

  it('requires none within one account when the trust policy names the user', async () => {
    const key = aws.createAccessKey(vendor.accountId, 'rolebridge');
    await limitUser(allow('s3:*'));
    const named = (AWS: string) =>
      document({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' });
    const role = (roleName: string, trustPolicy: object) =>
      aws.createRole(vendor.accountId, { roleName, trustPolicy }).arn;
    expect(await assume(key, role('user', named('arn:aws:iam::111122223333:user/rolebridge')))).toBe('ok');
    expect(await assume(key, role('account', named('111122223333')))).toMatch('no identity-based policy');
  });

  it("is denied by the organization's service control policy", async () => {
    aws.setServiceControlPolicies(vendor.accountId, [document(deny('sts:AssumeRole'))]);
    expect(await assume(vendor.admin, createRole({}))).toMatch(
      'with an explicit deny in a service control policy',
    );
  });

  it.each([
    ['identity', true, 'with an explicit deny in an identity-based policy'],
    ['session', false, 'because no session policy allows the sts:AssumeRole action'],
    ['vpc-endpoint', false, 'because no VPC endpoint policy allows the sts:AssumeRole action'],
    ['boundary', false, 'because no permissions boundary allows the sts:AssumeRole action'],
    ['rcp', true, 'with an explicit deny in a resource control policy'],
  ] as const)('is denied on demand by %s', async (by, explicit, because) => {
    const arn = createRole({});
    aws.faults.set({ kind: 'denied', by, explicit, action: 'AssumeRole' });
    expect(await assume(vendor.admin, arn)).toBe(
      `User: ${vendor.admin.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn} ${because}`,
    );
  });
});

describe('GetCallerIdentity proves who signed it', () => {
  class Sha256 {
    readonly #hash;
    constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
      const key = typeof secret === 'string' ? secret : secret && Buffer.from(secret as ArrayBuffer);
      this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
    }
    update(data: string | ArrayBuffer | ArrayBufferView) {
      this.#hash.update(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer));
    }
    async digest() {
      return new Uint8Array(this.#hash.digest());
    }
    reset() {}
  }

  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const signer = () =>
    new SignatureV4({ credentials: customer.admin, region: 'us-east-1', service: 'sts', sha256: Sha256 });
  const request = (over: object = {}) => {
    const { hostname, port } = new URL(aws.url);
    const headers = {
      host: `${hostname}:${port}`,
      'content-type': 'application/x-www-form-urlencoded',
      'x-rolebridge-nonce': 'one',
    };
    return {
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: '/',
      method: 'POST',
      headers,
      body,
      ...over,
    };
  };

  async function send(headers: Record<string, string>, text = body) {
    const { host: _, ...others } = headers;
    const response = await fetch(aws.url, { method: 'POST', headers: others, body: text });
    const answer = await response.text();
    return /<Arn>(.*)<\/Arn>/.exec(answer)?.[1] ?? /<Code>(.*)<\/Code>/.exec(answer)?.[1];
  }

  it('with exactly the signed headers', async () => {
    const { headers } = await signer().sign(request());
    expect(await send(headers)).toBe(customer.admin.arn);
    expect(await send({ ...headers, 'x-rolebridge-nonce': 'two' })).toBe('SignatureDoesNotMatch');
    expect(await send(headers, `${body}&X=1`)).toBe('SignatureDoesNotMatch');
    expect(await send({ ...headers, 'x-amz-extra': '1' })).toBe('SignatureDoesNotMatch');
    const { authorization: _, ...unsigned } = headers;
    expect(await send(unsigned)).toBe('MissingAuthenticationToken');
    const forged = String(headers.authorization).replace(/Signature=.*/, 'Signature=0');
    expect(await send({ ...headers, authorization: forged })).toBe('IncompleteSignature');
  });

  it('for 15 minutes', async () => {
    const signingDate = new Date(Date.now() - 16 * 60_000);
    const { headers } = await signer().sign(request(), { signingDate });
    expect(await send(headers)).toBe('SignatureDoesNotMatch');
  });

  it('as a presigned URL, until X-Amz-Expires', async () => {
    const query = { Action: 'GetCallerIdentity', Version: '2011-06-15' };
    const presign = async (options: object) => {
      const signed = await signer().presign(request({ method: 'GET', query, body: undefined }), options);
      return new URLSearchParams(signed.query as Record<string, string>);
    };
    const get = async (params: URLSearchParams, headers = { 'x-rolebridge-nonce': 'one' }) => {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const response = await fetch(`${aws.url}/?${params}`, { headers: { ...type, ...headers } });
      return (await response.text()).match(/<(?:Arn|Code)>(.*?)</)?.[1];
    };
    const params = await presign({ expiresIn: 60 });
    expect(await get(params)).toBe(customer.admin.arn);
    expect(await get(params, { 'x-rolebridge-nonce': 'two' })).toBe('SignatureDoesNotMatch');
    const old = await presign({ expiresIn: 60, signingDate: new Date(Date.now() - 61_000) });
    expect(await get(old)).toBe('SignatureDoesNotMatch');
    params.set('X-Amz-Expires', '600');
    expect(await get(params)).toBe('SignatureDoesNotMatch');
  });

  it('with the SDK', async () => {
    const sts = new STSClient({ endpoint: aws.url, region: 'us-east-1', credentials: vendor.admin });
    expect((await sts.send(new GetCallerIdentityCommand())).Arn).toBe(vendor.admin.arn);
  });
});
