import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { roleIds } from '../../aws-sandbox/index.js';
import { createSts, systemClock } from '../../service/index.js';
import { yamlText } from '../../service/templates/quoting.js';
import { stackSetDocument } from '../../service/templates/stack-set-template.js';
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { proofOf, registrationMessage, sessionOf } from '../enrolling-account.js';
import { evaluate, invokeFunction, startCloudFormation } from '../templates/cloudformation.js';
import { type ApiAnswer, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let cloudFormation: Awaited<ReturnType<typeof startCloudFormation>>;
let time = 0;
const clock = {
  now: () => Date.now() + time,
  sleep: systemClock.sleep,
};
beforeEach(async () => {
  time = 0;
  vendor = await startVendor({ clock });
  cloudFormation = await startCloudFormation();
});
afterEach(async () => {
  await cloudFormation.close();
  await vendor.close();
});

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, member by member.
type Json = any;

const create = async (body: object = {}): Promise<Json> => {
  const made = await vendor.call('POST', '/v1/enrollments', { name: 'acme', ...body });
  expect(made.status).toBe(201);
  return made.body;
};
const read = async (id: string): Promise<Json> => (await vendor.call('GET', `/v1/connections/${id}`)).body;

/** Registers an account, which proves itself as the stack's function does unless `data` has another proof. */
async function register(
  enrollment: Json,
  { accountId, ...data }: Json,
  options: { secret?: string; timestamp?: number } = {},
): Promise<ApiAnswer> {
  const now = new Date(clock.now());
  const proof = data.proof ?? proofOf(vendor.sandbox, enrollment, accountId, { now });
  const { headers, body } = registrationMessage(
    enrollment,
    { proof, ...data },
    { timestamp: Math.floor(now.getTime() / 1000), ...options },
  );
  const response = await fetch(`${vendor.service.url}/v1/enrollments/${enrollment.id}/accounts`, {
    method: 'POST',
    headers,
    body,
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}
/** The environment of a Lambda function. */
function environmentOf(accountId: string, roleName: string) {
  const session = sessionOf(vendor.sandbox, accountId, roleName);
  return {
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken,
  };
}
const codeOf = ({ status, body }: ApiAnswer) => [status, body.code];
const account = (last: number) => `2109876543${String(last).padStart(2, '0')}`;

it('creates one connection for each account, the same on a repeated request, and shows its secret once', async () => {
  const enrollment = await create({
    scopeRule: {
      accounts: { [account(1)]: { project: 'shop', environment: 'production' } },
      otherwise: { project: 'shop', environment: '{label}', architecture: 'a-{account}' },
    },
  });
  const first = await register(enrollment, { accountId: account(1) });
  expect(first.status).toBe(200);
  expect(first.headers.get('cache-control')).toBe('no-store');
  expect((await register(enrollment, { accountId: account(1) })).body).toEqual(first.body);
  const second = (await register(enrollment, { accountId: account(2), label: 'test' })).body;
  expect(second.connectionId).not.toBe(first.body.connectionId);
  expect(second.externalId).not.toBe(first.body.externalId);

  expect(await read(first.body.connectionId)).toMatchObject({
    name: `acme ${account(1)}`,
    status: 'pending',
    externalId: first.body.externalId,
    expectedAccountId: account(1),
    scopes: [{ project: 'shop', environment: 'production' }],
  });
  expect((await read(second.connectionId)).scopes).toEqual([
    { project: 'shop', environment: 'test', architecture: `a-${account(2)}` },
  ]);
  const shown = (await vendor.call('GET', `/v1/enrollments/${enrollment.id}`)).body;
  expect(shown.accounts).toEqual([
    { accountId: account(1), connectionId: first.body.connectionId },
    { accountId: account(2), connectionId: second.connectionId },
  ]);
  for (const text of [JSON.stringify(shown), ...vendor.logs])
    expect(text).not.toContain(enrollment.secret.slice('whsec_'.length));

  const { records } = (await vendor.call('GET', '/v1/audit?limit=100')).body;
  const made = records.filter((record: Json) => record.action.startsWith('enrollment.'));
  expect(made.map((record: Json) => `${record.action} ${record.actor.kind} ${record.phase}`)).toEqual([
    ...Array(3)
      .fill(['enrollment.register enrollment outcome', 'enrollment.register enrollment intent'])
      .flat(),
    'enrollment.create api_key outcome',
    'enrollment.create api_key intent',
  ]);
  expect(made[0].details).toEqual({
    enrollmentId: enrollment.id,
    accountId: account(2),
    callerArn: `arn:aws:sts::${account(2)}:assumed-role/enrollment-${enrollment.id}/function`,
  });
});

it('rejects an account without the secret, after five minutes, or under an unknown enrollment', async () => {
  const enrollment = await create();
  const other = await create();
  const data = { accountId: account(1) };
  const answers = [
    await register(enrollment, data, { secret: other.secret }),
    await register(enrollment, data, { timestamp: Math.floor(Date.now() / 1000) - 301 }),
    await register({ ...enrollment, id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' }, data),
    await register(
      { ...enrollment, id: '__proto__' },
      { proof: proofOf(vendor.sandbox, enrollment, account(1)) },
    ),
  ];
  for (const answer of answers) {
    expect(codeOf(answer)).toEqual([401, 'callback_unauthorized']);
    expect(answer.body.detail).toBe(answers[0]?.body.detail);
  }
  expect((await vendor.call('GET', '/v1/connections')).body.connections).toEqual([]);
});

describe('rejects an account without a valid proof:', () => {
  const sandboxOf = () => vendor.sandbox;
  it.each<[string, (enrollment: Json) => object | Promise<object>, RegExp]>([
    [
      '61 s old',
      (e) => proofOf(sandboxOf(), e, account(1), { now: new Date(Date.now() - 62_000) }),
      /older than 60/,
    ],
    [
      'dated 61 s ahead',
      (e) => proofOf(sandboxOf(), e, account(1), { now: new Date(Date.now() + 62_000) }),
      /future/,
    ],
    [
      'on a date that is none',
      (e) => ({ ...proofOf(sandboxOf(), e, account(1)), date: '20261341T000000Z' }),
      /older/,
    ],
    [
      'dated anew',
      (e) => ({
        ...proofOf(sandboxOf(), e, account(1), { now: new Date(Date.now() - 62_000) }),
        date: today(),
      }),
      /AWS does not accept/,
    ],
    [
      'for another STS host',
      (e) => proofOf(sandboxOf(), e, account(1), { stsHost: 'sts.us-east-1.attacker.example' }),
      /AWS does not accept/,
    ],
    [
      'for another region',
      (e) => proofOf(sandboxOf(), e, account(1), { stsHost: 'sts.eu-west-1.amazonaws.com' }),
      /AWS does not accept/,
    ],
    [
      'for another service',
      (e) =>
        proofOf(sandboxOf(), e, account(1), {
          enrollmentUrl: e.enrollmentUrl.replace('127.0.0.1', 'other.example'),
        }),
      /AWS does not accept/,
    ],
    [
      'for another enrollment',
      async (e) => ({
        ...proofOf(sandboxOf(), { ...e, enrollmentUrl: (await create()).enrollmentUrl }, account(1)),
      }),
      /AWS does not accept/,
    ],
    [
      'with another nonce',
      (e) => ({ ...proofOf(sandboxOf(), e, account(1)), nonce: 'another-nonce-of-mine' }),
      /AWS does not accept/,
    ],
    [
      'that does not sign the nonce',
      (e) => without('x-rolebridge-nonce;', proofOf(sandboxOf(), e, account(1))),
      /exactly these headers/,
    ],
    [
      'that does not sign the origin',
      (e) => without(';x-rolebridge-origin', proofOf(sandboxOf(), e, account(1))),
      /exactly these headers/,
    ],
    [
      'that signs another header',
      (e) => ({
        ...proofOf(sandboxOf(), e, account(1)),
        authorization: proofOf(sandboxOf(), e, account(1)).authorization.replace('host;', 'host;x-action;'),
      }),
      /exactly these headers/,
    ],
    [
      'with a signature that is none',
      (e) => ({
        ...proofOf(sandboxOf(), e, account(1)),
        authorization: proofOf(sandboxOf(), e, account(1)).authorization.replace(/.{64}$/, 'f'.repeat(64)),
      }),
      /AWS does not accept/,
    ],
    [
      "with another session's token",
      (e) => ({
        ...proofOf(sandboxOf(), e, account(1)),
        securityToken: sessionOf(sandboxOf(), account(2), 'x').sessionToken,
      }),
      /AWS does not accept/,
    ],
    [
      'by a role of another name',
      (e) => proofOf(sandboxOf(), e, account(1), { roleName: 'developer' }),
      /not a session of a role named/,
    ],
    [
      'by a role whose name only begins so',
      (e) => proofOf(sandboxOf(), e, account(1), { roleName: `enrollment-${e.id}x` }),
      /not a session of a role named/,
    ],
  ])('a proof %s', async (_, proof, detail) => {
    const enrollment = await create();
    const answer = await register(enrollment, { proof: await proof(enrollment) });
    expect(codeOf(answer)).toEqual([403, 'account_not_proved']);
    expect(answer.body.detail).toMatch(detail);
    expect((await vendor.call('GET', '/v1/connections')).body.connections).toEqual([]);
    expect((await vendor.call('GET', `/v1/enrollments/${enrollment.id}`)).body.accounts).toEqual([]);
  });

  it.each<[string, (proof: Json) => object | undefined]>([
    ['no proof', () => undefined],
    ['an account that it names itself', (proof) => ({ ...proof, accountId: account(2) })],
    ['a URL', (proof) => ({ ...proof, url: 'https://attacker.example/' })],
    ['a body', (proof) => ({ ...proof, body: 'Action=GetSessionToken&Version=2011-06-15' })],
    ['a line end in a header', (proof) => ({ ...proof, securityToken: `${proof.securityToken}\r\nhost: x` })],
  ])('%s', async (_, change) => {
    const enrollment = await create();
    const proof = change(proofOf(vendor.sandbox, enrollment, account(1)));
    expect(
      codeOf(
        await register(enrollment, {
          accountId: account(1),
          proof,
          ...(proof === undefined && { proof: null }),
        }),
      ),
    ).toEqual([400, 'request_invalid']);
  });

  it('a used proof, even among twenty concurrent requests', async () => {
    const enrollment = await create();
    const proof = proofOf(vendor.sandbox, enrollment, account(1));
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(enrollment, { proof })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(codeOf(answer)).toEqual([403, 'account_not_proved']);
    time = 30_000;
    expect((await register(enrollment, { proof })).body.detail).toBe('The proof was used before.');
    // Nonces that are too old to be used are forgotten.
    time = 600_000;
    expect((await register(enrollment, { accountId: account(1) })).status).toBe(200);
  });

  it('a proof that AWS redirects, which is not followed', async () => {
    const asked: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(request.headers.host);
      response
        .writeHead(302, { location: `${vendor.sandbox.url}/` })
        .end(`<GetCallerIdentityResponse xmlns=""><Arn>arn:aws:sts::${account(1)}:assumed-role/x/y</Arn>`);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    const partitions = { aws: { endpoint: `http://127.0.0.1:${port}` } };
    const other = await startVendor({ sts: createSts({ partitions }) });
    const enrollment = (await other.call('POST', '/v1/enrollments', { name: 'acme' })).body;
    const { headers, body } = registrationMessage(enrollment, {
      proof: proofOf(vendor.sandbox, enrollment, account(1)),
    });
    const answer = await fetch(enrollment.enrollmentUrl, { method: 'POST', headers, body });
    expect([answer.status, ((await answer.json()) as Json).code]).toEqual([503, 'aws_unavailable']);
    expect(asked).toEqual(['sts.us-east-1.amazonaws.com']);
    await other.close();
    elsewhere.close();
  });
});

it('accepts a role that matches its pattern', async () => {
  const enrollment = await create({ rolePattern: 'AWSReservedSSO_*_*' });
  for (const [roleName, status] of [
    ['AWSReservedSSO_Admin_0123', 200],
    ['AWSReservedSSO_Admin', 403],
    ['Admin_AWSReservedSSO_1_', 403],
  ] as const)
    expect(
      (await register(enrollment, { proof: proofOf(vendor.sandbox, enrollment, account(1), { roleName }) }))
        .status,
    ).toBe(status);
});

it("protects accounts from each other: an account can't learn, deregister or take over another's connection", async () => {
  const enrollment = await create({
    scopeRule: {
      accounts: { [account(1)]: { project: 'shop', environment: 'production' } },
      otherwise: { project: 'sandboxes', environment: 'e-{account}' },
    },
  });
  const production = (await register(enrollment, { accountId: account(1) })).body;
  const callback = async (secret: string, event: object) =>
    fetch(`${vendor.service.url}/v1/callbacks`, { method: 'POST', ...callbackMessage(secret, event) });
  const roleOf = (accountId: string, externalId: string) =>
    vendor.sandbox.createRole(accountId, {
      roleName: 'connected',
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: vendor.principal },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': externalId } },
          },
        ],
      },
    }).arn;
  const arn = roleOf(account(1), production.externalId);
  expect((await callback(production.callbackSecret, provisioned(production.connectionId, arn))).status).toBe(
    200,
  );

  // Account 2 has the enrollment's secret in its stack and its own credentials.
  const own = (await register(enrollment, { accountId: account(2) })).body;
  expect([own.connectionId, own.callbackSecret]).not.toContain(production.connectionId);
  expect(own.callbackSecret).not.toBe(production.callbackSecret);
  expect((await callback(own.callbackSecret, deprovisioned(production.connectionId, arn))).status).toBe(401);
  const ownArn = roleOf(account(2), own.externalId);
  await callback(
    own.callbackSecret,
    provisioned(own.connectionId, ownArn, { project: 'shop', environment: 'production' }),
  );
  await callback(own.callbackSecret, provisioned(own.connectionId, ownArn, {}));
  expect(await read(production.connectionId)).toMatchObject({
    status: 'connected',
    accountId: account(1),
    scopes: [{ project: 'shop', environment: 'production' }],
  });
  expect(
    (await vendor.call('POST', '/v1/credentials', { project: 'shop', environment: 'production' })).body
      .accountId,
  ).toBe(account(1));
});

it('is limited by accounts, number, expiry and revocation', async () => {
  const named = await create({ accountIds: [account(1)] });
  expect(codeOf(await register(named, { accountId: account(2) }))).toEqual([403, 'account_not_enrollable']);
  expect((await register(named, { accountId: account(1) })).status).toBe(200);

  const few = await create({ maxAccounts: 2 });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => register(few, { accountId: account(10 + index) })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  expect(answers.filter(({ status }) => status !== 200).map(codeOf)).toEqual(
    Array(6).fill([403, 'account_not_enrollable']),
  );

  const short = await create({ expiresInSeconds: 60 });
  time = 61_000;
  expect(codeOf(await register(short, { accountId: account(3) }))).toEqual([403, 'enrollment_ended']);
  time = 0;

  const ended = await create();
  const registered = (await register(ended, { accountId: account(4) })).body;
  expect((await vendor.call('DELETE', `/v1/enrollments/${ended.id}`)).status).toBe(204);
  expect(codeOf(await register(ended, { accountId: account(4) }))).toEqual([401, 'callback_unauthorized']);
  expect((await read(registered.connectionId)).status).toBe('pending');
  expect((await vendor.call('GET', `/v1/enrollments/${ended.id}`)).status).toBe(404);
});

it('lists enrollments of one organization in pages, newest first, without secrets', async () => {
  const made: Json[] = [];
  for (const name of ['first', 'second', 'third', 'fourth']) {
    time += 1000;
    made.push(await create({ name }));
  }
  await register(made[1], { accountId: account(1) });
  const list = (query: string) => vendor.call('GET', `/v1/enrollments?${query}`);
  const first = (await list('limit=2')).body;
  expect(first.enrollments.map(({ name }: Json) => name)).toEqual(['fourth', 'third']);
  // The last one of a page ends while the list is read.
  await vendor.call('DELETE', `/v1/enrollments/${made[2].id}`);
  const second = (await list(`limit=2&before=${encodeURIComponent(first.next)}`)).body;
  const { id, partition, maxAccounts, createdAt, expiresAt } = made[1];
  expect(second).toEqual({
    enrollments: [
      { id, name: 'second', partition, maxAccounts, registered: 1, createdAt, expiresAt },
      expect.objectContaining({ name: 'first', registered: 0 }),
    ],
  });
  for (const answer of [first, second]) expect(JSON.stringify(answer)).not.toMatch(/whsec_|encrypted/);

  const { apiKey } = await vendor.service.createOrganization('other');
  expect((await vendor.call('GET', '/v1/enrollments', undefined, apiKey)).body).toEqual({ enrollments: [] });
  for (const query of ['limit=0', 'before=enr_x', `before=${made[0].id}`, 'after=1'])
    expect(codeOf(await list(query))).toEqual([400, 'request_invalid']);
});

it('creates one connection for fifty concurrent requests of an account', async () => {
  const enrollment = await create();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => register(enrollment, { accountId: account(1) })),
  );
  expect(
    new Set(answers.map(({ status, body }) => `${status} ${body.connectionId} ${body.callbackSecret}`)).size,
  ).toBe(1);
  expect((await vendor.call('GET', '/v1/connections')).body.connections).toHaveLength(1);
});

it('belongs to one organization, and never takes a scope from its holder', async () => {
  const other = await vendor.service.createOrganization('other');
  const enrollment = await create({ scopeRule: { otherwise: { project: 'shop' } } });
  for (const method of ['GET', 'DELETE'])
    expect(
      (await vendor.call(method, `/v1/enrollments/${enrollment.id}`, undefined, other.apiKey)).status,
    ).toBe(404);
  expect((await register(enrollment, { accountId: account(1) })).status).toBe(200);
  expect(codeOf(await register(enrollment, { accountId: account(2) }))).toEqual([409, 'scope_taken']);
});

it.each([
  [{ name: '' }],
  [{ maxAccounts: 0 }],
  [{ accountIds: [] }],
  [{ accountIds: ['1'] }],
  [{ expiresInSeconds: 7_776_001 }],
  [{ scopeRule: { otherwise: { project: '{tag}' } } }],
  [{ scopeRule: { otherwise: { project: '${label}' } } }],
  [{ scopeRule: { accounts: { '1': {} } } }],
  [{ secret: 'whsec_mine' }],
  [{ rolePattern: 'role/*' }],
  [{ rolePattern: '*a*b*c*d*' }],
])('refuses %j', async (body) => {
  const { status, body: problem } = await vendor.call('POST', '/v1/enrollments', { name: 'acme', ...body });
  expect([status, problem.code]).toEqual([400, 'request_invalid']);
});

it('requires a valid label when its rule uses labels', async () => {
  const enrollment = await create({ scopeRule: { otherwise: { project: 'shop', environment: '{label}' } } });
  for (const data of [{ accountId: account(1) }, { accountId: account(1), label: '../x' }])
    expect(codeOf(await register(enrollment, data))).toEqual([400, 'request_invalid']);
});

it('connects every account of a stack set: connection, role with its external ID, callback', async () => {
  const enrollment = await create({ scopeRule: { otherwise: { project: 'shop', environment: '{label}' } } });
  const document = stackSetDocument(
    { principals: new Map([['aws', vendor.principal]]), callbackUrl: `${vendor.service.url}/v1/callbacks` },
    enrollment,
  );
  expect(enrollment.stackSetTemplate).toContain(yamlText(document).trim());
  for (const Label of ['test', 'production']) {
    const { accountId } = vendor.sandbox.createAccount();
    const parameters = { EnrollmentSecret: enrollment.secret, Label };
    const stack = evaluate(document, { accountId, parameters });
    const functionOf = (name: string) => stack.resources[`${name}Function`].Properties.Code.ZipFile;
    const properties = stack.resources.Enrollment.Properties;
    const environment = environmentOf(accountId, stack.resources.EnrollmentLog.Properties.RoleName);
    const enrolled = await invokeFunction(
      cloudFormation,
      functionOf('Enrollment'),
      { RequestType: 'Create', ResourceProperties: properties },
      { environment },
    );
    expect(enrolled).toMatchObject({ Status: 'SUCCESS', NoEcho: true });
    expect(enrolled.output).not.toContain('whsec_');

    const attributes = Object.fromEntries(
      Object.entries(enrolled.Data).map(([name, value]) => [`Enrollment.${name}`, value as string]),
    );
    const { resources } = evaluate(document, { accountId, parameters, attributes });
    const { arn } = vendor.sandbox.createRole(accountId, {
      roleName: 'stack',
      trustPolicy: resources.Role.Properties.AssumeRolePolicyDocument,
    });
    const ResourceProperties = { ...resources.Callback.Properties, RoleArn: arn, RoleId: roleIds.get(arn) };
    const created = await invokeFunction(cloudFormation, functionOf('Callback'), {
      RequestType: 'Create',
      ResourceProperties,
    });
    expect(created).toMatchObject({ Status: 'SUCCESS' });
    const id = enrolled.PhysicalResourceId;
    expect(await read(id)).toMatchObject({
      status: 'connected',
      accountId,
      roleArn: arn,
      scopes: [{ project: 'shop', environment: Label }],
    });

    if (Label === 'production') continue;
    const PhysicalResourceId = id;
    for (const [name, gone] of [
      ['Callback', ResourceProperties],
      ['Enrollment', properties],
    ] as const) {
      const event = { RequestType: 'Delete', PhysicalResourceId, ResourceProperties: gone };
      expect((await invokeFunction(cloudFormation, functionOf(name), event)).Status).toBe('SUCCESS');
    }
    expect(await read(id)).toMatchObject({ status: 'disconnected', reason: 'deprovisioned' });
  }
});

it('fails the stack of an excluded account with the reason', async () => {
  const enrollment = await create({ accountIds: [account(1)] });
  const document = stackSetDocument(
    { principals: new Map([['aws', vendor.principal]]), callbackUrl: `${vendor.service.url}/v1/callbacks` },
    enrollment,
  );
  const parameters = { EnrollmentSecret: enrollment.secret };
  const { resources } = evaluate(document, { accountId: account(2), parameters });
  const code = resources.EnrollmentFunction.Properties.Code.ZipFile;
  const environment = environmentOf(account(2), resources.EnrollmentLog.Properties.RoleName);
  const event = { RequestType: 'Create', ResourceProperties: resources.Enrollment.Properties };
  const failed = await invokeFunction(cloudFormation, code, event, { environment });
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-enrolled' });
  expect(failed.Reason).toMatch(/^account_not_enrollable: /);
});

const today = () => new Date().toISOString().replace(/[:-]|\.\d+/g, '');

const without = (name: string, proof: Json) => ({
  ...proof,
  authorization: proof.authorization.replace(name, ''),
});
