import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { types } from 'node:util';
import { createSts } from '../../service/aws/sts.js';
import { newExternalId } from '../../service/domain/ids.js';
import type { RoleArn } from '../../service/domain/role-arn.js';
import { trustPolicy } from '../../service/domain/trust-policy.js';
import { type AwsSandbox, type SandboxAccount, startAwsSandbox } from '../aws-sandbox/index.js';

// In Jest, Node's own errors come from another realm: the SDK would not know them for errors and drop their codes.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, error: unknown) {
    return (
      (this === Error && types.isNativeError(error)) ||
      Function.prototype[Symbol.hasInstance].call(this, error)
    );
  },
});

const externalId = newExternalId();
const canary = 'CANARYSECRETCANARYSECRET';

let aws: AwsSandbox;
let vendor: SandboxAccount;
let roleArn: RoleArn;
beforeAll(async () => {
  aws = await startAwsSandbox();
  vendor = aws.createAccount();
  const customer = aws.createAccount();
  roleArn = aws.createRole(customer.accountId, {
    roleName: 'rolebridge',
    trustPolicy: trustPolicy({ principal: vendor.admin.arn, externalId }),
  }).arn as RoleArn;
});
afterAll(() => aws.close());

const stsAt = (endpoint: string, credentials = async () => vendor.admin as Keys, timeoutMs = 30_000) =>
  createSts({ partitions: { aws: { endpoint, credentials } }, timeoutMs });
type Keys = { accessKeyId: string; secretAccessKey: string };

const assume = (sts = stsAt(aws.url), id: typeof externalId | undefined = externalId) =>
  sts.assumeRole({ partition: 'aws', roleArn, externalId: id, sessionName: 'rolebridge' });

it('opens a session and returns its identity', async () => {
  const sts = stsAt(aws.url);
  const session = await assume(sts);
  if (session.outcome !== 'allowed') throw new Error(session.reason);
  expect(Date.parse(session.credentials.expiresAt)).toBeGreaterThan(Date.now());
  expect(await sts.callerIdentity('aws', session.credentials)).toMatchObject({
    outcome: 'allowed',
    accountId: roleArn.split(':')[4],
    arn: session.sessionArn,
  });
});

it('calls once, even when AWS throttles', async () => {
  const before = aws.requests.length;
  aws.faults.set({ kind: 'throttle' });
  expect(await assume()).toMatchObject({ outcome: 'inconclusive', reason: 'throttled' });
  aws.faults.clear();
  expect(aws.requests.length - before).toBe(1);
});

it('handles fifty concurrent calls', async () => {
  const sts = stsAt(aws.url);
  const answers = await Promise.all(Array.from({ length: 50 }, () => assume(sts)));
  expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['allowed']));
});

it('uses only the configured partitions', async () => {
  await expect(
    stsAt(aws.url).assumeRole({ partition: 'aws-cn', roleArn, externalId, sessionName: 'rolebridge' }),
  ).rejects.toThrow('No STS is configured for partition "aws-cn"');
});

const failure = (code: string, message = 'what happened') =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
   <Code>${code}</Code><Message>${message}</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`;
const session = (credentials: string, user = '<AssumedRoleUser><Arn>arn:x</Arn></AssumedRoleUser>') =>
  `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>${user}
   ${credentials}</AssumeRoleResult></AssumeRoleResponse>`;
const credentialsXml = (expiration: string) =>
  `<Credentials><AccessKeyId>AKIA</AccessKeyId><SecretAccessKey>${canary}</SecretAccessKey>
   <SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials>`;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
describe('a denial is the fault of the side that its text names:', () => {
  const vendors = { outcome: 'inconclusive', reason: 'vendor_not_allowed' };
  const roles = { outcome: 'denied', reason: 'access_denied' };
  test.each([
    ['identity', false, vendors],
    ['identity', true, vendors],
    ['session', false, vendors],
    ['boundary', false, vendors],
    ['scp', false, vendors],
    ['scp', true, vendors],
    ['vpc-endpoint', false, vendors],
    ['vpc-endpoint', true, vendors],
    ['resource', false, roles],
    ['rcp', true, roles],
  ] as const)('%s (explicit: %s)', async (by, explicit, answer) => {
    aws.faults.set({ kind: 'denied', action: 'AssumeRole', by, explicit });
    expect(await assume()).toMatchObject(answer);
    aws.faults.clear();
  });
});

describe('classifies every answer of AWS', () => {
  test.each<[string, number, string, string, string]>([
    ['AccessDenied', 403, failure('AccessDenied'), 'denied', 'access_denied'],
    ['AccessDenied that is no 403', 400, failure('AccessDenied'), 'inconclusive', 'malformed'],
    ['AccessDenied with a 503', 503, failure('AccessDenied'), 'inconclusive', 'server_error'],
    ['RegionDisabledException', 403, failure('RegionDisabledException'), 'denied', 'region_disabled'],
    ['Throttling', 400, failure('Throttling'), 'inconclusive', 'throttled'],
    ['ThrottlingException', 400, failure('ThrottlingException'), 'inconclusive', 'throttled'],
    ['RequestLimitExceeded', 503, failure('RequestLimitExceeded'), 'inconclusive', 'throttled'],
    ['a bare 429', 429, '', 'inconclusive', 'throttled'],
    ['InternalFailure', 500, failure('InternalFailure'), 'inconclusive', 'server_error'],
    ['ServiceUnavailable', 503, failure('ServiceUnavailable'), 'inconclusive', 'server_error'],
    ['a 502 of a proxy', 502, '<html>Bad gateway</html>', 'inconclusive', 'server_error'],
    ['ExpiredToken', 403, failure('ExpiredToken'), 'inconclusive', 'vendor_credentials_expired'],
    [
      'ExpiredTokenException',
      400,
      failure('ExpiredTokenException'),
      'inconclusive',
      'vendor_credentials_expired',
    ],
    [
      'InvalidClientTokenId',
      403,
      failure('InvalidClientTokenId'),
      'inconclusive',
      'vendor_credentials_invalid',
    ],
    [
      'SignatureDoesNotMatch',
      403,
      failure('SignatureDoesNotMatch'),
      'inconclusive',
      'vendor_credentials_invalid',
    ],
    [
      'UnrecognizedClientException',
      400,
      failure('UnrecognizedClientException'),
      'inconclusive',
      'vendor_credentials_invalid',
    ],
    ['a 403 of a proxy', 403, '<html>AccessDenied</html>', 'inconclusive', 'malformed'],
    ['a 403 without a body', 403, '', 'inconclusive', 'malformed'],
    ['a 403 in JSON', 403, '{"Code":"AccessDenied"}', 'inconclusive', 'malformed'],
    ['a ValidationError', 400, failure('ValidationError'), 'inconclusive', 'malformed'],
    ['a 200 without a body', 200, '', 'inconclusive', 'malformed'],
    ['a 200 of a login page', 200, '<html><body>Sign in</body></html>', 'inconclusive', 'malformed'],
    [
      'a 200 that is cut off',
      200,
      session(credentialsXml('2030-01-01T00:00:00Z')).slice(0, 200),
      'inconclusive',
      'malformed',
    ],
    ['a 200 without credentials', 200, session(''), 'inconclusive', 'malformed'],
    [
      'a 200 without a session ARN',
      200,
      session(credentialsXml('2030-01-01T00:00:00Z'), ''),
      'inconclusive',
      'malformed',
    ],
    ['a 200 with a date that is none', 200, session(credentialsXml('soon')), 'inconclusive', 'malformed'],
  ])('%s', async (_, status, body, outcome, reason) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const answer = await assume(stsAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
      expect(answer).toMatchObject({ outcome, reason });
      expect(JSON.stringify(answer)).not.toContain(canary);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('a closed port', async () => {
    expect(await assume(stsAt('http://127.0.0.1:1'))).toMatchObject({ reason: 'unreachable' });
  });

  it('an unknown host', async () => {
    expect(await assume(stsAt('http://sts.invalid', undefined, 400))).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringMatching(/^(unreachable|timed_out)$/),
    });
  });

  it('no answer', async () => {
    aws.faults.set({ kind: 'timeout', times: 1 });
    const answer = await assume(stsAt(aws.url, undefined, 400));
    expect(answer).toMatchObject({ outcome: 'inconclusive', reason: 'timed_out' });
    aws.faults.clear();
  });

  it('an unknown key', async () => {
    const unknown = async () => ({ accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: canary });
    const answer = await assume(stsAt(aws.url, unknown));
    expect(answer).toMatchObject({ outcome: 'inconclusive', reason: 'vendor_credentials_invalid' });
    expect(JSON.stringify(answer)).not.toContain(canary);
  });

  it('missing credentials', async () => {
    const answer = await assume(
      stsAt(aws.url, async () => {
        throw Object.assign(new Error(`no ${canary}`), { name: 'CredentialsProviderError' });
      }),
    );
    expect(answer).toMatchObject({ outcome: 'inconclusive', reason: 'vendor_credentials_invalid' });
    expect(JSON.stringify(answer)).not.toContain(canary);
  });
});
