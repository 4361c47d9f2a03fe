/** `rolebridge doctor` on a machine with a service, well set up and then wrong in one thing at a time. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPrincipal } from '../../service/cli/doctor/aws-checks.js';
import {
  createAccessKeyEncryption,
  createLocalKeyEncryptionKey,
  openFileStore,
} from '../../service/index.js';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { runCommandLine } from '../command-line.js';
import { startVendor } from '../vendor.js';

let sandbox: AwsSandbox;
let folder: string;
let settings: Record<string, string>;
let own: { accessKeyId: string; secretAccessKey: string };
const servers: Server[] = [];
const serviceKey = randomBytes(32);
const ownEnvironment = { ...process.env };

beforeAll(async () => {
  sandbox = await startAwsSandbox();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-doctor-'));
  const { accountId } = sandbox.createAccount();
  own = sandbox.createAccessKey(accountId, 'rolebridge');
  const publicUrl = await serve((_request, response) => response.end('{"status":"ok"}'));
  settings = {
    ROLEBRIDGE_PRINCIPAL: `arn:aws:iam::${accountId}:user/rolebridge`,
    ROLEBRIDGE_SERVICE_KEYS: `k1:${serviceKey.toString('base64')}`,
    ROLEBRIDGE_ENCRYPTION_KEYS: `e1:${randomBytes(32).toString('base64')}`,
    ROLEBRIDGE_STS_ENDPOINT: sandbox.url,
    ROLEBRIDGE_PUBLIC_URL: publicUrl,
    ROLEBRIDGE_DATA_DIR: join(folder, 'data'),
  };
});
beforeEach(() => {
  // The AWS SDK looks for the vendor's credentials here, and nowhere else that a test could reach.
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: own.accessKeyId,
    AWS_SECRET_ACCESS_KEY: own.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
  });
});
afterAll(async () => {
  process.env = ownEnvironment;
  await sandbox.close();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer as never);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function examine(changes: Record<string, string | undefined> = {}) {
  const { code, stdout, stderr } = await runCommandLine(['doctor', '--json'], {
    env: { ...settings, ...changes },
  });
  expect(stderr).toBe('');
  const { healthy, checks } = JSON.parse(stdout) as {
    healthy: boolean;
    checks: { check: string; outcome: string; message: string; remedy?: string }[];
  };
  return { code, healthy, checks, of: (name: string) => checks.find(({ check }) => check === name) };
}

const inOrder = [
  'configuration',
  'clock',
  'store',
  'vendor credentials',
  'canary',
  'STS endpoint',
  'IAM endpoint',
  'AWS endpoints',
  'public URL',
  'service keys',
  'encryption key',
];

test('a healthy service prints eleven checks in order and exits with 0', async () => {
  const { code, healthy, checks } = await examine();
  // The sandbox is not AWS's own.
  const outcomeOf = (name: string) => (name === 'AWS endpoints' ? 'warning' : 'ok');
  expect(checks.map(({ check, outcome }) => [check, outcome])).toEqual(
    inOrder.map((name) => [name, outcomeOf(name)]),
  );
  expect([code, healthy]).toEqual([0, true]);
  const forPeople = await runCommandLine(['doctor'], { env: settings });
  expect(forPeople.stdout.trimEnd().split('\n')).toHaveLength(12);
});

test('wrong settings are named, and the exit code is 2', async () => {
  const { code, checks } = await examine({ ROLEBRIDGE_PRINCIPAL: 'vendor', ROLEBRIDGE_PORT: 'x' });
  expect(code).toBe(2);
  expect(checks).toEqual([
    {
      check: 'configuration',
      outcome: 'failed',
      message: expect.stringMatching(/ROLEBRIDGE_PRINCIPAL: [\s\S]*ROLEBRIDGE_PORT: /),
      remedy: expect.any(String),
    },
  ]);
});

test.each([
  [-20, 'ok', /matches AWS's/],
  [-120, 'warning', /1(19|20|21) seconds ahead of/],
  [400, 'failed', /(399|400|401) seconds behind/],
])('clock %d seconds off AWS: %s', async (seconds, outcome, message) => {
  const endpoint = await serve((_request, response) => {
    response.setHeader('date', new Date(Date.now() + (seconds as number) * 1000).toUTCString());
    response.end();
  });
  const { of } = await examine({ ROLEBRIDGE_STS_ENDPOINT: endpoint });
  expect(of('clock')).toMatchObject({ outcome, message: expect.stringMatching(message as RegExp) });
});

test('unreachable STS skips the clock check and names the endpoint to allow', async () => {
  const { code, of } = await examine({ ROLEBRIDGE_STS_ENDPOINT: 'http://127.0.0.1:9' });
  expect(code).toBe(1);
  expect(of('clock')).toMatchObject({ outcome: 'not_checked' });
  expect(of('vendor credentials')).toMatchObject({ outcome: 'failed' });
  expect(of('STS endpoint')).toMatchObject({
    outcome: 'failed',
    message: expect.stringContaining('ECONNREFUSED'),
    remedy: expect.stringContaining('443'),
  });
});

test("a custom IAM endpoint is named, and fails when it doesn't answer", async () => {
  const iam = await serve((_request, response) => response.end());
  const reached = await examine({ ROLEBRIDGE_IAM_ENDPOINT: iam });
  expect(reached.of('IAM endpoint')).toMatchObject({ outcome: 'ok', message: `${iam} answers.` });
  expect(reached.of('AWS endpoints')?.message).toContain(
    `Calls of IAM go to ${iam}, which is not AWS's own.`,
  );
  const { code, of } = await examine({ ROLEBRIDGE_IAM_ENDPOINT: 'http://127.0.0.1:9' });
  expect(code).toBe(1);
  expect(of('IAM endpoint')).toMatchObject({
    outcome: 'failed',
    remedy: expect.stringContaining('ROLEBRIDGE_IAM_ENDPOINT'),
  });
  expect(of('STS endpoint')).toMatchObject({ outcome: 'ok' });
});

test("the service's identity differs from the principal that roles trust", async () => {
  const other = sandbox.createAccessKey(sandbox.createAccount().accountId, 'somebody');
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: other.accessKeyId,
    AWS_SECRET_ACCESS_KEY: other.secretAccessKey,
  });
  const { code, of } = await examine();
  expect(code).toBe(1);
  expect(of('vendor credentials')).toMatchObject({
    outcome: 'failed',
    message: expect.stringMatching(/user\/somebody, but .*user\/rolebridge/),
  });
});

test('there are no AWS credentials', async () => {
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.AWS_SECRET_ACCESS_KEY;
  expect((await examine()).of('vendor credentials')).toMatchObject({
    outcome: 'failed',
    remedy: expect.stringContaining(settings.ROLEBRIDGE_PRINCIPAL ?? ''),
  });
});

describe('the canary', () => {
  const canaryIn = (accountId: string, externalId: string | undefined) =>
    sandbox.createRole(accountId, {
      roleName: `canary-${externalId}`,
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: settings.ROLEBRIDGE_PRINCIPAL ?? '' },
            Action: 'sts:AssumeRole',
            ...(externalId && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
          },
        ],
      },
    }).arn;
  const ownAccount = () => settings.ROLEBRIDGE_PRINCIPAL?.split(':')[4] ?? '';

  test.each([
    ['opens', () => sandbox.createAccount().accountId, 'rolebridge-canary', 0, 'ok', /can assume/],
    [
      'opens without its external ID',
      () => sandbox.createAccount().accountId,
      undefined,
      1,
      'failed',
      /without its external ID/,
    ],
    ['is in the service’s own account', ownAccount, 'rolebridge-canary', 1, 'failed', /own account/],
    [
      'is denied',
      () => sandbox.createAccount().accountId,
      'another',
      1,
      'failed',
      /AWS denies .*not authorized/,
    ],
  ])('%s', async (_name, accountId, externalId, code, outcome, message) => {
    const examined = await examine({ ROLEBRIDGE_CANARY_ROLE_ARN: canaryIn(accountId(), externalId) });
    expect(examined.of('canary')).toMatchObject({ outcome, message: expect.stringMatching(message) });
    expect(examined.code).toBe(code);
  });

  test('is not checked while AWS gives no verdict without its external ID', async () => {
    const roleArn = canaryIn(sandbox.createAccount().accountId, 'rolebridge-canary');
    const matches = ({ externalId }: { externalId?: string }) => externalId === undefined;
    sandbox.faults.set({ kind: 'error', status: 503, action: 'AssumeRole', roleArn, matches });
    const examined = await examine({ ROLEBRIDGE_CANARY_ROLE_ARN: roleArn });
    sandbox.faults.clear();
    expect(examined.of('canary')).toMatchObject({
      outcome: 'not_checked',
      message: expect.stringContaining('without its external ID'),
    });
  });

  test('a vendor policy denies AssumeRole', async () => {
    const roleArn = canaryIn(sandbox.createAccount().accountId, 'rolebridge-canary');
    sandbox.faults.set({ kind: 'denied', action: 'AssumeRole', by: 'identity' });
    const examined = await examine({ ROLEBRIDGE_CANARY_ROLE_ARN: roleArn });
    sandbox.faults.clear();
    expect(examined.of('canary')).toMatchObject({
      outcome: 'failed',
      remedy: expect.stringContaining('identity policy'),
    });
  });
});

test('the public URL is missing, is http on another machine, or does not answer', async () => {
  expect((await examine({ ROLEBRIDGE_PUBLIC_URL: undefined })).of('public URL')).toMatchObject({
    outcome: 'warning',
    message: expect.stringContaining('http://127.0.0.1:8080'),
  });
  expect((await examine({ ROLEBRIDGE_PUBLIC_URL: 'http://vendor.example' })).of('public URL')).toMatchObject({
    outcome: 'warning',
    remedy: expect.stringContaining('TLS'),
  });
  const silent = await examine({ ROLEBRIDGE_PUBLIC_URL: 'http://127.0.0.1:9' });
  expect([silent.code, silent.of('public URL')?.outcome]).toEqual([0, 'warning']);
});

test('a data directory in use is read, and a removed or edited audit line is named', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rolebridge-data-'));
  const keys = [{ id: 'k1', key: serviceKey }];
  const vendor = await startVendor({ store: await openFileStore({ directory: data, keys }) });
  await vendor.call('POST', '/v1/connections', { name: 'first' });
  const inUse = { ROLEBRIDGE_DATA_DIR: data };
  expect((await examine(inUse)).of('store')).toMatchObject({
    outcome: 'ok',
    message: expect.stringMatching(`is intact, and in use by process ${process.pid}`),
  });
  // The service did not notice.
  expect((await vendor.call('POST', '/v1/connections', { name: 'second' })).status).toBe(201);
  await vendor.close();
  const log = join(data, 'audit', readdirSync(join(data, 'audit'))[0] ?? '');
  const lines = readFileSync(log, 'utf8').split('\n');
  const [, second = ''] = lines;
  const edited = second.replace('"outcome":"succeeded"', '"outcome":"refused"');
  expect(edited).not.toBe(second);
  for (const damage of [[], [edited]]) {
    writeFileSync(log, lines.toSpliced(1, 1, ...damage).join('\n'));
    const damaged = await examine(inUse);
    expect([damaged.code, damaged.of('store')]).toEqual([
      1,
      expect.objectContaining({ outcome: 'failed', message: expect.stringContaining(log) }),
    ]);
  }
}, 60_000);

test('the encryption key: none, a missing key in use, an old key in use', async () => {
  expect((await examine({ ROLEBRIDGE_ENCRYPTION_KEYS: undefined })).of('encryption key')).toMatchObject({
    outcome: 'warning',
  });
  expect(
    (await examine({ ROLEBRIDGE_ENCRYPTION_KEYS: undefined, ROLEBRIDGE_ACCESS_KEYS: 'off' })).of(
      'encryption key',
    ),
  ).toMatchObject({ outcome: 'ok' });

  const old = randomBytes(32);
  const data = mkdtempSync(join(tmpdir(), 'rolebridge-data-'));
  const vendor = await startVendor({
    store: await openFileStore({ directory: data, keys: [{ id: 'k1', key: serviceKey }] }),
    accessKeyEncryption: createAccessKeyEncryption(createLocalKeyEncryptionKey([{ id: 'old', key: old }])),
  });
  const { accountId } = vendor.sandbox.createAccount();
  const key = vendor.sandbox.createAccessKey(accountId, 'customer');
  const { accessKeyId, secretAccessKey } = key;
  await vendor.call('POST', '/v1/connections', {
    name: 'archive',
    method: 'access_key',
    accessKeyId,
    secretAccessKey,
  });
  await vendor.close();
  const there = { ROLEBRIDGE_DATA_DIR: data };
  expect((await examine(there)).of('encryption key')).toMatchObject({
    outcome: 'failed',
    message: expect.stringContaining('1 access keys are encrypted under the key "old"'),
  });
  const both = `${settings.ROLEBRIDGE_ENCRYPTION_KEYS},old:${old.toString('base64')}`;
  const held = { ...there, ROLEBRIDGE_ENCRYPTION_KEYS: both };
  expect((await examine(held)).of('encryption key')).toMatchObject({
    outcome: 'warning',
    remedy: expect.stringContaining('rolebridge reencrypt'),
  });

  const again = await runCommandLine(['reencrypt', '--json'], { env: { ...settings, ...held } });
  expect([again.code, JSON.parse(again.stdout)]).toEqual([
    0,
    {
      accessKeys: { keyId: 'e1', reencrypted: 1, unchanged: 0, failed: [] },
      callbackSecrets: expect.objectContaining({ reencrypted: 0, failed: [] }),
      enrollmentSecrets: expect.objectContaining({ reencrypted: 0, failed: [] }),
      webhookSecrets: expect.objectContaining({ reencrypted: 0, failed: [] }),
      personKeys: expect.objectContaining({ reencrypted: 0, failed: [] }),
      signatures: { keyId: 'i1', signedAgain: 0 },
    },
  ]);
  expect((await examine(held)).of('encryption key')).toMatchObject({ outcome: 'ok' });
}, 60_000);

test.each([
  [
    'arn:aws:sts::111122223333:assumed-role/rolebridge/i-0abc',
    'arn:aws:iam::111122223333:role/path/rolebridge',
    true,
  ],
  ['arn:aws:sts::111122223333:assumed-role/other/i-0abc', 'arn:aws:iam::111122223333:role/rolebridge', false],
  [
    'arn:aws:sts::444455556666:assumed-role/rolebridge/i-0abc',
    'arn:aws:iam::111122223333:role/rolebridge',
    false,
  ],
  ['arn:aws:iam::111122223333:user/rolebridge', 'arn:aws:iam::111122223333:user/rolebridge', true],
  ['arn:aws:iam::111122223333:user/rolebridge', 'arn:aws:iam::111122223333:role/rolebridge', false],
  ['arn:aws:iam::111122223333:user/anybody', 'arn:aws:iam::111122223333:root', true],
])('%s is %s: %s', (caller, principal, is) => expect(isPrincipal(caller, principal)).toBe(is));
