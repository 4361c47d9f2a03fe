import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSts } from '../../service/index.js';
import { type ApiAnswer, callApi, startVendor, type Vendor } from '../vendor.js';

let time: number;
let vendor: Vendor;
beforeAll(async () => {
  time = Date.UTC(2026, 10, 24);
  vendor = await startVendor({
    clock: {
      now: () => time,
      sleep: async (ms) => {
        time += ms;
      },
    },
  });
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

const everyMark = ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'];

/** An organization with one connected default; its customer allows these actions. */
async function connected(
  options: { actions?: string[]; maxSessionDuration?: number; scope?: object; organization?: Account } = {},
) {
  const { actions = everyMark, maxSessionDuration = 3600, scope = {} } = options;
  const account = options.organization ?? (await organization());
  const { call } = account;
  const { body: connection } = await call('POST', '/v1/connections', { name: 'customer', scope });
  const { accountId } = vendor.sandbox.createAccount();
  const trust = (allowed: string[]) => ({
    ...connection.trustPolicy,
    Statement: [{ ...connection.trustPolicy.Statement[0], Action: allowed }],
  });
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    maxSessionDuration,
    trustPolicy: trust(actions),
  });
  const given = await call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn });
  expect(given.body.status).toBe('connected');
  /** The calls of AssumeRole since the role was verified. */
  const first = vendor.sandbox.requests.length;
  const assumed = () =>
    vendor.sandbox.requests
      .slice(first)
      .filter(({ action, roleArn }) => action === 'AssumeRole' && roleArn === arn);
  const allowActions = (allowed: string[]) => vendor.sandbox.updateTrustPolicy(arn, trust(allowed));
  const ask = (body: unknown = {}) => call('POST', '/v1/credentials', body);
  return { ...account, account, connection, accountId, arn, assumed, ask, allowActions };
}

type Account = Awaited<ReturnType<typeof organization>>;
async function organization() {
  const made = await vendor.service.createOrganization('customer of the vendor');
  return {
    organizationId: made.organization.id,
    call: (method: string, path: string, body?: unknown) =>
      callApi(vendor.service.url, made.apiKey, method, path, body),
  };
}

const identityOf = ({ accessKeyId, secretAccessKey, sessionToken, expiration }: ApiAnswer['body']) =>
  createSts({ partitions: { aws: { endpoint: vendor.sandbox.url } } }).callerIdentity('aws', {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiresAt: expiration,
  });

const readOnly = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
};

describe('credentials for a target', () => {
  it('work, are the matched connection’s, and say in CloudTrail which organization and target asked', async () => {
    const { ask, connection, accountId, assumed, organizationId } = await connected({
      scope: { project: 'shop' },
    });
    const { status, body, headers } = await ask({ project: 'shop', environment: 'production' });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA/),
      secretAccessKey: expect.any(String),
      sessionToken: expect.any(String),
      expiration: new Date(time + 3_600_000).toISOString(),
      accountId,
      connection: { id: connection.id, name: 'customer' },
      matchedScope: { project: 'shop' },
      attribution: 'source_identity',
    });
    expect(headers.get('cache-control')).toBe('no-store');
    const who = `${organizationId}.shop,production`;
    expect(assumed()).toEqual([
      expect.objectContaining({
        externalId: connection.externalId,
        durationSeconds: 3600,
        roleSessionName: who,
        sourceIdentity: who,
        tags: {
          'rolebridge:organization': organizationId,
          'rolebridge:project': 'shop',
          'rolebridge:environment': 'production',
        },
      }),
    ]);
    expect(await identityOf(body)).toMatchObject({
      accountId,
      arn: `arn:aws:sts::${accountId}:assumed-role/rolebridge/${who}`,
    });
  });

  it('take the caller’s session name, policy, tags and duration to AWS', async () => {
    const { ask, assumed, organizationId } = await connected({ maxSessionDuration: 43_200 });
    const { status, body } = await ask({
      durationSeconds: 7200,
      sessionName: 'alice@acme.example',
      sessionPolicy: readOnly,
      tags: { team: 'payments', 'cost center': 'é=1' },
    });
    expect([status, body.expiration]).toEqual([200, new Date(time + 7_200_000).toISOString()]);
    expect(assumed()).toEqual([
      expect.objectContaining({
        durationSeconds: 7200,
        roleSessionName: `${organizationId}.alice@acme.example`,
        sessionPolicy: JSON.stringify(readOnly),
        tags: { team: 'payments', 'cost center': 'é=1', 'rolebridge:organization': organizationId },
      }),
    ]);
  });

  it('keep two targets apart whose names are too long for AWS', async () => {
    const { ask, assumed } = await connected();
    const project = 'p'.repeat(64);
    for (const environment of ['one', 'two']) expect((await ask({ project, environment })).status).toBe(200);
    const names = assumed().map(({ sourceIdentity = '' }) => sourceIdentity);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[\w+=,.@-]{64}$/);
  });
});

describe('who asked, when the trust policy allows less', () => {
  it.each<[string, string[], number, string]>([
    ['nothing more', ['sts:AssumeRole'], 3, 'session_name'],
    ['the source identity', ['sts:AssumeRole', 'sts:SetSourceIdentity'], 2, 'source_identity'],
    ['tags', ['sts:AssumeRole', 'sts:TagSession'], 2, 'session_name'],
  ])('%s: falls back, and knows it the next time', async (_name, actions, calls, attribution) => {
    const { ask, assumed } = await connected({ actions });
    expect(await ask()).toMatchObject({ status: 200, body: { attribution } });
    expect(assumed()).toHaveLength(calls);
    expect(await ask({ project: 'other' })).toMatchObject({ status: 200, body: { attribution } });
    expect(assumed()).toHaveLength(calls + 1);
  });

  it('learns again after the connection was verified again', async () => {
    const { ask, call, connection, allowActions } = await connected({ actions: ['sts:AssumeRole'] });
    expect((await ask()).body.attribution).toBe('session_name');
    allowActions(everyMark);
    expect((await ask({ project: 'new' })).body.attribution).toBe('session_name');
    await call('POST', `/v1/connections/${connection.id}/verify`);
    expect((await ask()).body.attribution).toBe('source_identity');
  });

  it.each([
    ['with AWS naming the action', undefined],
    ['knowing already what the role allows', {}],
  ])('refuses tags that the caller asked for and AWS denies, %s', async (_name, before) => {
    const { ask, assumed } = await connected({ actions: ['sts:AssumeRole'] });
    if (before) await ask(before);
    const { status, body } = await ask({ tags: { team: 'payments' } });
    expect([status, body.code]).toEqual([422, 'session_tags_denied']);
    expect(body.remedy).toContain('allowSessionTags');
    expect(assumed().every(({ tags, outcome }) => !tags || outcome === 'AccessDenied')).toBe(true);
  });

  it('leaves its own tags out before they take the place of the caller’s', async () => {
    const { ask, assumed } = await connected();
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`key ${number}`, '']));
    expect((await ask({ tags })).status).toBe(200);
    expect(assumed()).toEqual([expect.objectContaining({ tags })]);
  });
});

describe('what is held', () => {
  it('is opened once for a thousand at once', async () => {
    const { ask, assumed } = await connected();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => ask()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(answers.map(({ body }) => body.sessionToken)).size).toBe(1);
    expect(assumed()).toHaveLength(1);
  });

  it('is shared by the same request only', async () => {
    const { ask, assumed } = await connected({ maxSessionDuration: 7200 });
    const shapes = [
      {},
      { project: 'shop' },
      { durationSeconds: 900 },
      { sessionName: 'alice' },
      { sessionPolicy: readOnly },
      { sessionPolicy: { ...readOnly, Id: 'another' } },
      { tags: { a: 'b' } },
      { tags: { a: 'c' } },
    ];
    const tokens = new Set<string>();
    for (const shape of shapes) {
      const answer = await ask(shape);
      tokens.add(answer.body.sessionToken);
    }
    expect(tokens.size).toBe(shapes.length);
    const calls = assumed().length;
    for (const same of [{ durationSeconds: 3600 }, { sessionPolicy: JSON.stringify(readOnly) }, { tags: {} }])
      expect(tokens).toContain((await ask(same)).body.sessionToken);
    await ask({ tags: { x: '1', y: '2' } });
    await ask({ tags: { y: '2', x: '1' } });
    expect(assumed()).toHaveLength(calls + 1);
  });

  it('is renewed in the background before it ends, and never handed out after', async () => {
    const { ask, assumed } = await connected();
    const first = (await ask()).body;
    time += 2400_000;
    expect((await ask()).body.sessionToken).toBe(first.sessionToken);
    expect(assumed()).toHaveLength(1);
    time += 600_000;
    const during = (await ask()).body;
    expect(during.sessionToken).toBe(first.sessionToken);
    while (assumed()[1]?.outcome !== 'ok') await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const renewed = (await ask()).body;
    expect(renewed.sessionToken).not.toBe(first.sessionToken);
    expect(Date.parse(renewed.expiration)).toBe(time + 3_600_000);
    time += 3_600_000;
    const after = (await ask()).body;
    expect(Date.parse(after.expiration)).toBe(time + 3_600_000);
    expect(assumed()).toHaveLength(3);
  });

  it('is handed out while AWS can’t be asked, until it ends', async () => {
    const { ask, arn } = await connected();
    const first = (await ask()).body;
    vendor.sandbox.faults.set({ kind: 'throttle', roleArn: arn });
    time += 3_570_000;
    expect((await ask()).body.sessionToken).toBe(first.sessionToken);
    time += 30_000;
    const ended = await ask();
    expect([ended.status, ended.body.code]).toEqual([503, 'aws_unavailable']);
    vendor.sandbox.faults.clear();
    time += 1_000;
    expect((await ask()).status).toBe(200);
  });

  it('goes when AWS denies the renewal', async () => {
    const { ask, allowActions } = await connected();
    await ask();
    allowActions(['sts:TagSession']);
    time += 3_570_000;
    const { status, body } = await ask();
    expect([status, body.code]).toEqual([422, 'role_not_assumable']);
    expect((await ask()).status).toBe(422);
  });

  it('a failure is told again for a second, then AWS is asked again', async () => {
    const { ask, arn, assumed } = await connected();
    vendor.sandbox.faults.set({ kind: 'error', roleArn: arn, times: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    expect((await ask()).status).toBe(503);
    expect(assumed()).toHaveLength(1);
    time += 1_000;
    expect((await ask()).status).toBe(200);
    expect(assumed()).toHaveLength(2);
  });
});

describe('a connection that changes', () => {
  it.each<[string, (made: Awaited<ReturnType<typeof connected>>) => Promise<unknown>, number, string]>([
    [
      'deleted',
      ({ call, connection }) => call('DELETE', `/v1/connections/${connection.id}`),
      404,
      'no_connection_for_target',
    ],
    [
      'without the scope',
      ({ call, connection }) => call('PUT', `/v1/connections/${connection.id}/scopes`, { scopes: [] }),
      404,
      'no_connection_for_target',
    ],
    [
      'refused at its next verification',
      async ({ call, connection, arn }) => {
        vendor.sandbox.deleteRole(arn);
        await call('POST', `/v1/connections/${connection.id}/verify`);
      },
      409,
      'connection_not_healthy',
    ],
  ])('%s has its credentials handed out no more', async (_name, change, status, code) => {
    const made = await connected();
    expect((await made.ask()).status).toBe(200);
    await change(made);
    const answer = await made.ask();
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it.each(['verify', 'scopes'])('gets new ones after %s', async (what) => {
    const { ask, call, connection, assumed } = await connected();
    const before = (await ask()).body;
    const path = `/v1/connections/${connection.id}/${what}`;
    if (what === 'verify') await call('POST', path);
    else await call('PUT', path, { scopes: [{}, { project: 'more' }] });
    const calls = assumed().length;
    expect((await ask()).body.sessionToken).not.toBe(before.sessionToken);
    expect(assumed()).toHaveLength(calls + 1);
  });

  it('deleted while AWS is being asked has the late session dropped', async () => {
    const { ask, call, connection, arn } = await connected();
    vendor.sandbox.faults.set({ kind: 'delay', delayMs: 300, roleArn: arn });
    const asked = ask();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await call('DELETE', `/v1/connections/${connection.id}`);
    expect((await asked).body.code).toBe('no_connection_for_target');
  });

  it('to another holder of the scope answers with that one’s account', async () => {
    const one = await connected();
    const other = await connected({ scope: { project: 'elsewhere' }, organization: one.account });
    expect((await one.ask()).body.accountId).toBe(one.accountId);
    await one.call('PUT', `/v1/connections/${other.connection.id}/scopes`, { scopes: [{}], replace: true });
    expect((await one.ask()).body.accountId).toBe(other.accountId);
  });
});

describe('a target without credentials', () => {
  it('of which no connection is', async () => {
    const { call } = await organization();
    const { status, body } = await call('POST', '/v1/credentials', { project: 'shop' });
    expect([status, body.code]).toEqual([404, 'no_connection_for_target']);
  });

  it('whose connection is not healthy is refused with the reason, and no wider one is used', async () => {
    const { ask, call, assumed } = await connected();
    const { body: narrow } = await call('POST', '/v1/connections', {
      name: 'narrow',
      scope: { project: 'shop' },
    });
    const pending = await ask({ project: 'shop' });
    expect([pending.status, pending.body.code]).toEqual([409, 'connection_not_healthy']);
    expect(pending.body.connection).toEqual({ id: narrow.id, name: 'narrow', status: 'pending' });
    await call('PUT', `/v1/connections/${narrow.id}/role`, {
      roleArn: `arn:aws:iam::${vendor.sandbox.createAccount().accountId}:role/none`,
    });
    const failed = await ask({ project: 'shop' });
    expect(failed.body.connection).toMatchObject({ status: 'failed', code: 'role_not_assumable' });
    expect(failed.body.remedy).toContain('verify');
    expect(assumed()).toHaveLength(0);
  });

  it('never gets another organization’s', async () => {
    const one = await connected();
    const two = await connected();
    const [first, second] = [(await one.ask()).body, (await two.ask()).body];
    expect([first.accountId, second.accountId]).toEqual([one.accountId, two.accountId]);
    const none = await organization();
    expect((await none.call('POST', '/v1/credentials', {})).status).toBe(404);
    const anonymous = await callApi(vendor.service.url, 'rbk_no', 'POST', '/v1/credentials', {});
    expect(anonymous.status).toBe(401);
  });
});

describe('AWS', () => {
  it.each(['throttle', 'timeout', 'error', 'reset', 'garbage', 'expired-token'] as const)(
    'with a %s is no verdict: 503 with Retry-After',
    async (kind) => {
      const { ask, arn } = await connected();
      vendor.sandbox.faults.set({ kind, roleArn: arn });
      const { status, body, headers } = await ask();
      expect(status).toBe(503);
      expect(['aws_unavailable', 'vendor_credentials_invalid']).toContain(body.code);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    },
  );

  it.each([
    ['not a policy', { hello: 'world' }],
    ['a statement without a resource', { ...readOnly, Statement: [{ Effect: 'Allow', Action: 's3:*' }] }],
  ])('refuses a session policy that is %s', async (_name, sessionPolicy) => {
    const { ask } = await connected();
    const { status, body } = await ask({ sessionPolicy });
    expect([status, body.code]).toEqual([422, 'session_policy_invalid']);
  });

  it.each([
    [43_200, 3600, 3],
    [43_200, 7200, 3],
    [43_200, 14_400, 3],
    [43_200, 28_800, 3],
    [3601, 3600, 0],
    [7200, 3600, 1],
  ])(
    'refuses %d seconds of a role that allows %d, and that is found in %d calls',
    async (durationSeconds, maxSessionDuration, calls) => {
      const { ask, assumed } = await connected({ maxSessionDuration });
      const { status, body } = await ask({ durationSeconds });
      expect([status, body.code]).toEqual([422, 'duration_too_long']);
      expect(body.maximumDurationSeconds).toBe(maxSessionDuration);
      expect(body.detail).toContain(`${maxSessionDuration} seconds`);
      expect(body.remedy).toContain('maxSessionDuration');
      expect(assumed()).toHaveLength(1 + calls);
      expect((await ask({ durationSeconds: maxSessionDuration })).status).toBe(200);
    },
  );

  it('says between what a maximum is that nobody would guess', async () => {
    const { ask, assumed } = await connected({ maxSessionDuration: 10_000 });
    const { body } = await ask({ durationSeconds: 43_200 });
    expect(body.detail).toContain('at least 7200 and less than 14400');
    expect(body.allowedDurationSeconds).toBe(7200);
    expect(body).not.toHaveProperty('maximumDurationSeconds');
    expect(assumed()).toHaveLength(4);
  });
});

it('no credentials that were handed out are in the logs or on the disk', async () => {
  const { ask } = await connected();
  const { body } = await ask();
  await ask({ durationSeconds: 43_200 });
  const written = readdirSync(vendor.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  expect(written.length).toBeGreaterThan(0);
  for (const text of [...vendor.logs, ...written])
    for (const secret of [body.secretAccessKey, body.sessionToken, body.accessKeyId])
      expect(text).not.toContain(secret);
});

describe('bad input', () => {
  const cases: [string, unknown][] = [
    ['a duration of 0', { durationSeconds: 0 }],
    ['a duration of 899', { durationSeconds: 899 }],
    ['a duration of 43201', { durationSeconds: 43_201 }],
    ['a duration of 900.5', { durationSeconds: 900.5 }],
    ['a negative duration', { durationSeconds: -3600 }],
    ['a duration in text', { durationSeconds: '3600' }],
    ['a duration that is null, as NaN is in JSON', { durationSeconds: Number.NaN }],
    ['a huge duration', { durationSeconds: 1e300 }],
    ['a session name with a space', { sessionName: 'a b' }],
    ['a session name with CRLF', { sessionName: 'ab\r\n' }],
    ['a session name of one character', { sessionName: 'a' }],
    ['an empty session name', { sessionName: '' }],
    ['a session name too long to put the organization before it', { sessionName: 'a'.repeat(36) }],
    ['a session name with a letter outside ASCII', { sessionName: 'josé' }],
    ['a session name that is no text', { sessionName: 12 }],
    ['51 tags', { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) }],
    ['a tag key of 129 characters', { tags: { ['k'.repeat(129)]: 'v' } }],
    ['a tag value of 257 characters', { tags: { k: 'v'.repeat(257) } }],
    ['an empty tag key', { tags: { '': 'v' } }],
    ['a tag value with a quote', { tags: { k: '"' } }],
    ['a tag value that is no text', { tags: { k: 1 } }],
    ['a tag that is AWS’s', { tags: { 'aws:x': 'v' } }],
    ['a tag that is the service’s', { tags: { 'Rolebridge:organization': 'org_other' } }],
    ['tag keys that differ in letter case only', { tags: { Team: 'a', team: 'b' } }],
    ['tags in a list', { tags: ['team'] }],
    ['a session policy that is no JSON', { sessionPolicy: '{"Version"' }],
    ['a session policy that is a list', { sessionPolicy: '[]' }],
    ['a session policy that is a list, not in text', { sessionPolicy: [] }],
    ['a session policy that is JSON of a text', { sessionPolicy: '"*"' }],
    ['an empty session policy', { sessionPolicy: '' }],
    ['a session policy of 2049 characters', { sessionPolicy: JSON.stringify({ Id: 'x'.repeat(2049 - 9) }) }],
    ['an object that is too large a session policy', { sessionPolicy: { Id: 'x'.repeat(2048) } }],
    ['a session policy outside Latin-1', { sessionPolicy: { Id: '→' } }],
    ['an external ID', { externalId: 'mine' }],
    ['a role', { roleArn: 'arn:aws:iam::123456789012:role/x' }],
    ['a region', { region: 'us-east-1' }],
    ['an environment without its project', { environment: 'production' }],
    ['a project with a slash', { project: 'a/b' }],
    ['a list', []],
    ['a text', 'shop'],
  ];
  it.each(cases)('%s', async (_name, body) => {
    const before = vendor.sandbox.requests.length;
    const answer = await vendor.call('POST', '/v1/credentials', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
    expect(answer.body.remedy).not.toBe('');
    expect(answer.body.detail).not.toBe('');
    expect(vendor.sandbox.requests).toHaveLength(before);
  });

  it('takes POST only', async () => {
    expect((await vendor.call('GET', '/v1/credentials')).status).toBe(405);
  });
});
