import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSts } from '../../service/index.js';
import { type ApiAnswer, callApi } from '../vendor.js';
import {
  everyMark,
  readOnly,
  startVendorWithCustomers,
  type VendorWithCustomers,
} from '../vendor-with-customers.js';

let vendor: VendorWithCustomers;
beforeAll(async () => {
  vendor = await startVendorWithCustomers();
});
afterAll(() => vendor.close());
afterEach(() => vendor.sandbox.faults.clear());

const identityOf = ({ accessKeyId, secretAccessKey, sessionToken, expiration }: ApiAnswer['body']) =>
  createSts({ partitions: { aws: { endpoint: vendor.sandbox.url } } }).callerIdentity('aws', {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiresAt: expiration,
  });

describe('credentials for a target', () => {
  it('work, belong to the matched connection, and name organization and target in CloudTrail', async () => {
    const { ask, connection, accountId, assumed, organizationId } = await vendor.connected({
      scope: { project: 'shop' },
    });
    const { status, body, headers } = await ask({ project: 'shop', environment: 'production' });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA/),
      secretAccessKey: expect.any(String),
      sessionToken: expect.any(String),
      expiration: new Date(vendor.now() + 3_600_000).toISOString(),
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

  it('pass the caller’s session name, policy, tags and duration to AWS', async () => {
    const { ask, assumed, organizationId } = await vendor.connected({ maxSessionDuration: 43_200 });
    const { status, body } = await ask({
      durationSeconds: 7200,
      sessionName: 'alice@acme.example',
      sessionPolicy: readOnly,
      tags: { team: 'payments', 'cost center': 'é=1' },
    });
    expect([status, body.expiration]).toEqual([200, new Date(vendor.now() + 7_200_000).toISOString()]);
    expect(assumed()).toEqual([
      expect.objectContaining({
        durationSeconds: 7200,
        roleSessionName: `${organizationId}@alice@acme.example`,
        sessionPolicy: JSON.stringify(readOnly),
        tags: { team: 'payments', 'cost center': 'é=1', 'rolebridge:organization': organizationId },
      }),
    ]);
  });

  it('distinguish two targets whose names are too long for AWS', async () => {
    const { ask, assumed } = await vendor.connected();
    const project = 'p'.repeat(64);
    for (const environment of ['one', 'two']) expect((await ask({ project, environment })).status).toBe(200);
    const names = assumed().map(({ sourceIdentity = '' }) => sourceIdentity);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[\w+=,.@-]{64}$/);
  });
});

describe("the caller's identity, with a narrower trust policy", () => {
  it.each<[string, string[], number, string]>([
    ['nothing more', ['sts:AssumeRole'], 3, 'session_name'],
    ['the source identity', ['sts:AssumeRole', 'sts:SetSourceIdentity'], 2, 'source_identity'],
    ['tags', ['sts:AssumeRole', 'sts:TagSession'], 2, 'session_name'],
  ])('%s: falls back and remembers it', async (_name, actions, calls, attribution) => {
    const { ask, assumed } = await vendor.connected({ actions });
    expect(await ask()).toMatchObject({ status: 200, body: { attribution } });
    expect(assumed()).toHaveLength(calls);
    expect(await ask({ project: 'other' })).toMatchObject({ status: 200, body: { attribution } });
    expect(assumed()).toHaveLength(calls + 1);
  });

  it('retries after the connection was verified again', async () => {
    const { ask, call, connection, allowActions } = await vendor.connected({ actions: ['sts:AssumeRole'] });
    expect((await ask()).body.attribution).toBe('session_name');
    allowActions(everyMark);
    expect((await ask({ project: 'new' })).body.attribution).toBe('session_name');
    await call('POST', `/v1/connections/${connection.id}/verify`);
    expect((await ask()).body.attribution).toBe('source_identity');
  });

  it.each([
    ['with AWS naming the action', undefined],
    ['knowing already the attributes that the role allows', {}],
  ])('rejects requested tags that AWS denies, %s', async (_name, before) => {
    const { ask, assumed } = await vendor.connected({ actions: ['sts:AssumeRole'] });
    if (before) await ask(before);
    const { status, body } = await ask({ tags: { team: 'payments' } });
    expect([status, body.code]).toEqual([422, 'session_tags_denied']);
    expect(body.remedy).toContain('allowSessionTags');
    expect(assumed().every(({ tags, outcome }) => !tags || outcome === 'AccessDenied')).toBe(true);
  });

  it("omits its own tags when the caller's tags fill the limit", async () => {
    const { ask, assumed } = await vendor.connected();
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`key ${number}`, '']));
    expect((await ask({ tags })).status).toBe(200);
    expect(assumed()).toEqual([expect.objectContaining({ tags })]);
  });
});

describe('a target without credentials', () => {
  it('that matches no connection is 404', async () => {
    const { call } = await vendor.organization();
    const { status, body } = await call('POST', '/v1/credentials', { project: 'shop' });
    expect([status, body.code]).toEqual([404, 'no_connection_for_target']);
  });

  it('whose connection is unhealthy is refused with the reason, and no wider connection is used', async () => {
    const { ask, call, assumed } = await vendor.connected();
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
    const one = await vendor.connected();
    const two = await vendor.connected();
    const [first, second] = [(await one.ask()).body, (await two.ask()).body];
    expect([first.accountId, second.accountId]).toEqual([one.accountId, two.accountId]);
    const none = await vendor.organization();
    expect((await none.call('POST', '/v1/credentials', {})).status).toBe(404);
    const anonymous = await callApi(vendor.service.url, 'rbk_no', 'POST', '/v1/credentials', {});
    expect(anonymous.status).toBe(401);
  });
});

describe('AWS', () => {
  it.each(['throttle', 'timeout', 'error', 'reset', 'garbage', 'expired-token'] as const)(
    '%s is inconclusive: 503 with Retry-After',
    async (kind) => {
      const { ask, arn } = await vendor.connected();
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
  ])('rejects a session policy that is %s', async (_name, sessionPolicy) => {
    const { ask } = await vendor.connected();
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
    'rejects %d seconds for a role that allows %d, found in %d calls',
    async (durationSeconds, maxSessionDuration, calls) => {
      const { ask, assumed } = await vendor.connected({ maxSessionDuration });
      const { status, body } = await ask({ durationSeconds });
      expect([status, body.code]).toEqual([422, 'duration_too_long']);
      expect(body.maximumDurationSeconds).toBe(maxSessionDuration);
      expect(body.detail).toContain(`${maxSessionDuration} seconds`);
      expect(body.remedy).toContain('maxSessionDuration');
      expect(assumed()).toHaveLength(1 + calls);
      expect((await ask({ durationSeconds: maxSessionDuration })).status).toBe(200);
    },
  );

  it('reports the range of an unusual maximum', async () => {
    const { ask, assumed } = await vendor.connected({ maxSessionDuration: 10_000 });
    const { body } = await ask({ durationSeconds: 43_200 });
    expect(body.detail).toContain('at least 7200 and less than 14400');
    expect(body.allowedDurationSeconds).toBe(7200);
    expect(body).not.toHaveProperty('maximumDurationSeconds');
    expect(assumed()).toHaveLength(4);
  });
});

it('no issued credentials are in the logs or on the disk', async () => {
  const { ask } = await vendor.connected();
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
