import { yamlText } from '../../service/templates/quoting.js';
import { stackSetDocument } from '../../service/templates/stack-set-template.js';
import { callbackMessage } from '../callback-message.js';
import { evaluate, invokeFunction, startCloudFormation } from '../templates/cloudformation.js';
import { type ApiAnswer, startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let cloudFormation: Awaited<ReturnType<typeof startCloudFormation>>;
let time = 0;
const clock = {
  now: () => Date.now() + time,
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
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

async function register(
  enrollment: Json,
  data: object,
  options: { secret?: string; timestamp?: number } = {},
): Promise<ApiAnswer> {
  const event = { type: 'account.enrolled', timestamp: new Date().toISOString(), data };
  const { headers, body } = callbackMessage(options.secret ?? enrollment.secret, event, {
    timestamp: options.timestamp ?? Math.floor(clock.now() / 1000),
  });
  const response = await fetch(`${vendor.service.url}/v1/enrollments/${enrollment.id}/accounts`, {
    method: 'POST',
    headers,
    body,
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}
const codeOf = ({ status, body }: ApiAnswer) => [status, body.code];
const account = (last: number) => `2109876543${String(last).padStart(2, '0')}`;

it('gives each account a connection of its own, the same again when it asks again, and shows its secret once', async () => {
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
  expect(made[0].details).toEqual({ enrollmentId: enrollment.id, accountId: account(2) });
});

it('registers no account without the secret, later than five minutes, or under an enrollment that there is not', async () => {
  const enrollment = await create();
  const other = await create();
  const data = { accountId: account(1) };
  const answers = [
    await register(enrollment, data, { secret: other.secret }),
    await register(enrollment, data, { timestamp: Math.floor(Date.now() / 1000) - 301 }),
    await register({ ...enrollment, id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' }, data),
    await register({ ...enrollment, id: '__proto__' }, data),
  ];
  for (const answer of answers) {
    expect(codeOf(answer)).toEqual([401, 'callback_unauthorized']);
    expect(answer.body.detail).toBe(answers[0]?.body.detail);
  }
  expect((await vendor.call('GET', '/v1/connections')).body.connections).toEqual([]);
});

it('is bounded: by the accounts that it names, by their number, by its time and by its end', async () => {
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

it('lists enrollments by pages, the newest first, without their secrets, and none of another organization', async () => {
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

it('makes one connection for an account that asks fifty times at once', async () => {
  const enrollment = await create();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => register(enrollment, { accountId: account(1) })),
  );
  expect(
    new Set(answers.map(({ status, body }) => `${status} ${body.connectionId} ${body.callbackSecret}`)).size,
  ).toBe(1);
  expect((await vendor.call('GET', '/v1/connections')).body.connections).toHaveLength(1);
});

it('belongs to one organization, and a scope that is taken stays taken', async () => {
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
])('refuses %j', async (body) => {
  const { status, body: problem } = await vendor.call('POST', '/v1/enrollments', { name: 'acme', ...body });
  expect([status, problem.code]).toEqual([400, 'request_invalid']);
});

it('needs a label where the rule does, and takes none that is not a name', async () => {
  const enrollment = await create({ scopeRule: { otherwise: { project: 'shop', environment: '{label}' } } });
  for (const data of [
    { accountId: account(1) },
    { accountId: account(1), label: '../x' },
    { accountId: '1' },
  ])
    expect(codeOf(await register(enrollment, data))).toEqual([400, 'request_invalid']);
});

it('connects every account of a stack set: connection first, then the role with its external ID, then the callback', async () => {
  const enrollment = await create({ scopeRule: { otherwise: { project: 'shop', environment: '{label}' } } });
  const document = stackSetDocument(
    { principals: new Map([['aws', vendor.principal]]), callbackUrl: `${vendor.service.url}/v1/callbacks` },
    enrollment.enrollmentUrl,
  );
  expect(enrollment.stackSetTemplate).toContain(yamlText(document).trim());
  for (const Label of ['test', 'production']) {
    const { accountId } = vendor.sandbox.createAccount();
    const parameters = { EnrollmentSecret: enrollment.secret, Label };
    const stack = evaluate(document, { accountId, parameters });
    const functionOf = (name: string) => stack.resources[`${name}Function`].Properties.Code.ZipFile;
    const properties = stack.resources.Enrollment.Properties;
    const enrolled = await invokeFunction(cloudFormation, functionOf('Enrollment'), {
      RequestType: 'Create',
      ResourceProperties: properties,
    });
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
    const ResourceProperties = { ...resources.Callback.Properties, RoleArn: arn };
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

it('fails the stack of an account that the enrollment is not for, with the reason', async () => {
  const enrollment = await create({ accountIds: [account(1)] });
  const document = stackSetDocument(
    { principals: new Map([['aws', vendor.principal]]), callbackUrl: `${vendor.service.url}/v1/callbacks` },
    enrollment.enrollmentUrl,
  );
  const parameters = { EnrollmentSecret: enrollment.secret };
  const { resources } = evaluate(document, { accountId: account(2), parameters });
  const code = resources.EnrollmentFunction.Properties.Code.ZipFile;
  const failed = await invokeFunction(cloudFormation, code, {
    RequestType: 'Create',
    ResourceProperties: resources.Enrollment.Properties,
  });
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-enrolled' });
  expect(failed.Reason).toMatch(/^account_not_enrollable: /);
});
