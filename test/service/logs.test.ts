/** Content of the logs, and secrets that never appear. */
import { createLogger } from '../../service/logger.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { startVendor, type Vendor } from '../vendor.js';

interface Line {
  msg: string;
  requestId?: string;
  [member: string]: unknown;
}
let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ logLevel: 'debug', propagationWindowMs: 300 });
});
afterAll(() => vendor.close());
const lines = (): Line[] => vendor.logs.map((line) => JSON.parse(line));
const linesOf = (requestId: string | null) => lines().filter((line) => line.requestId === requestId);

async function connection() {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  return { ...body, arn };
}

it('has one line per request with route, status, duration and organization, without path or query', async () => {
  const { headers } = await vendor.call('GET', '/v1/connections/con_secretsecretsecret?limit=secret');
  const all = linesOf(headers.get('x-request-id'));
  expect(all).toEqual([
    expect.objectContaining({
      msg: 'request',
      method: 'GET',
      route: '/v1/connections/:id',
      status: 400,
      durationMs: expect.any(Number),
      organizationId: vendor.organization.id,
    }),
  ]);
  expect(JSON.stringify(all)).not.toContain('limit');
});

it('follows one request through every call of AWS, by the callback and its audit records', async () => {
  const { id, callbackSecret, arn } = await connection();
  const { headers, body } = callbackMessage(callbackSecret, provisioned(id, arn));
  const answer = await fetch(`${vendor.service.url}/v1/callbacks`, {
    method: 'POST',
    headers,
    body: body as string,
  });
  expect(answer.status).toBe(200);
  const requestId = answer.headers.get('x-request-id');
  const calls = linesOf(requestId).filter(({ msg }) => msg === 'sts');
  const made = calls.map(({ call, outcome }) => `${call} ${outcome}`);
  expect([...new Set(made)].sort()).toEqual([
    'AssumeRole allowed',
    'AssumeRole denied',
    'GetCallerIdentity allowed',
    'GetRole denied',
    'ListAccountAliases denied',
  ]);
  expect(made.filter((call) => call === 'AssumeRole allowed')).toHaveLength(1);
  for (const call of calls) {
    expect(call.organizationId).toBe(vendor.organization.id);
    expect(call.awsRequestId).toEqual(expect.any(String));
  }
  const { body: audit } = await vendor.call('GET', '/v1/audit?limit=10');
  const recorded = audit.records.filter((record: { requestId: string }) => record.requestId === requestId);
  expect(recorded.map((record: { phase: string }) => record.phase).sort()).toEqual(['intent', 'outcome']);
});

it('no unknown path and no line break of it is logged', async () => {
  const before = vendor.logs.length;
  await fetch(`${vendor.service.url}/sign-in/canary-token%0a{"level":60}`, {
    headers: { 'user-agent': 'canary-agent' },
  });
  const added = vendor.logs.slice(before).join('');
  expect(added).toContain('"route":"none"');
  expect(added).not.toContain('canary');
});

describe('redacts from a line, anywhere', () => {
  const awsSecret = 'wJalrXUtnFEMI0K7MDENGbPxRfiCYEXAMPLEKEY1';
  const sessionToken = `IQoJb3JpZ2luX2VjE${'AbC9/+'.repeat(60)}==`;
  const password = 'canary-password';
  const cases: [string, object | Error, string][] = [
    [
      'a secret key in the cause of an error',
      new Error('a', { cause: new Error(`key ${awsSecret}`) }),
      awsSecret,
    ],
    [
      'a session token in the request that AWS repeats',
      Object.assign(
        new Error(`The Canonical String should have been x-amz-security-token:${sessionToken}\n\nhost`),
        {
          name: 'SignatureDoesNotMatch',
        },
      ),
      sessionToken,
    ],
    [
      'a secret in an answer of AWS in XML',
      new Error(`<SecretAccessKey>${password}</SecretAccessKey>`),
      password,
    ],
    [
      'a secret in JSON inside of a string',
      new Error(JSON.stringify({ SecretAccessKey: password })),
      password,
    ],
    [
      'a secret in JSON inside of JSON inside of a string',
      new Error(JSON.stringify({ body: JSON.stringify({ sessionToken: password }) })),
      password,
    ],
    [
      'members of an error',
      Object.assign(new Error('a'), { config: { headers: { Authorization: password } } }),
      password,
    ],
    [
      'the cause of a cause',
      new Error('a', { cause: new Error('b', { cause: new Error(`cookie: "token": "${password}"`) }) }),
      password,
    ],
    ['an aggregate', new AggregateError([new Error(`Bearer ${password}`)]), password],
    [
      'a database’s URL',
      new Error(`connect postgres://rolebridge:${password}@db.internal/rolebridge`),
      password,
    ],
    ['a signed URL', new Error(`GET https://sts/?X-Amz-Signature=${password}&X-Amz-Date=1`), password],
    [
      'an authorization header of AWS',
      new Error(`AWS4-HMAC-SHA256 Credential=AKIA, Signature=${password}`),
      password,
    ],
    ['a cookie', { headers: { cookie: `session=${password}` } }, password],
  ];
  it.each(cases)('%s', (_name, thing, secret) => {
    const written: string[] = [];
    const logger = createLogger('info', { write: (line) => void written.push(line) });
    logger.error(thing instanceof Error ? { err: thing } : thing, 'failed');
    expect(written).toHaveLength(1);
    expect(written[0]).toContain('[redacted]');
    expect(written[0]).not.toContain(secret);
    expect(() => JSON.parse(written[0] ?? '')).not.toThrow();
  });

  it('keeps ids, ARNs, hashes and paths', () => {
    const written: string[] = [];
    const logger = createLogger('info', { write: (line) => void written.push(line) });
    const kept = {
      arn: 'arn:aws:iam::123456789012:role/vendor/rolebridge',
      requestId: '7f1d3a52-0b1e-4c55-9d0c-8c7a3f0f9a11',
      commit: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
      connectionId: 'con_abcdefghijklmnopqrstuvwx',
      stack: 'at /home/someone/service/node_modules/@aws-sdk/client-sts/dist-cjs/index.js:12:34',
    };
    logger.info(kept, 'kept');
    expect(JSON.parse(written[0] ?? '')).toMatchObject(kept);
  });
});

it('has ISO times, level names, the route of failures, and stack traces only for bugs', async () => {
  const { id, callbackSecret, arn } = await connection();
  const message = callbackMessage(callbackSecret, provisioned(id, arn));
  vendor.sandbox.faults.set({ kind: 'throttle' });
  const answer = await fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...message });
  vendor.sandbox.faults.clear();
  expect(answer.status).toBe(503);
  const [line] = linesOf(answer.headers.get('x-request-id')).filter(({ msg }) => msg === 'request failed');
  expect(line).toMatchObject({
    level: 'warn',
    method: 'POST',
    route: '/v1/callbacks',
    err: { code: 'aws_unavailable' },
  });
  expect(line?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(JSON.stringify(line)).not.toContain('stack');
});
