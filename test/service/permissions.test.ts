/** A role is sufficient when IAM's simulator allows what its permission set needs. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreatePolicyCommand,
  IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { permissionSetSchema, permissionSetsOf } from '../../service/domain/permission-set.js';
import { connectionCheck, provisioned } from '../callback-message.js';
import { runCommandLine } from '../command-line.js';
import { day, hour, until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

const statement = (sid: string, actions: string[], over: object = {}) => ({
  sid,
  reason: `Why ${sid}.`,
  actions,
  resources: ['*'],
  ...over,
});
const setOf = (version: number, over: object = {}) =>
  permissionSetSchema.parse({
    name: 'deploy',
    version,
    title: 'Deploy',
    statements: [
      statement('Inventory', ['ec2:DescribeInstances', 's3:ListAllMyBuckets']),
      statement('Cost', ['ce:GetCostAndUsage'], { optional: true }),
      statement('Wild', ['rds:*'], { optional: true }),
    ],
    denies: [statement('NoData', ['s3:GetObject'])],
    ...over,
  });
const sets = [
  setOf(1),
  setOf(2, {
    statements: [
      statement('Inventory', ['ec2:DescribeInstances', 's3:ListAllMyBuckets', 'rds:DescribeDBInstances']),
    ],
  }),
  permissionSetSchema.parse({ ...setOf(1), name: 'read' }),
];

const operatorToken = 'the-operator-token-of-the-tests-1';
/** The served sets; a test adds a version. */
let served = permissionSetsOf([sets[0] as never, sets[2] as never]);
let vendor: WatchedVendor;
beforeAll(async () => {
  vendor = await startWatchedVendor({
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
    permissionSets: { list: () => served.list(), get: (...asked) => served.get(...asked) },
    // The sandbox knows a change at once.
    propagationWindowMs: 300,
  });
});
afterAll(() => vendor.close());

const allow = (actions: readonly string[], more: object[] = []) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }, ...more],
});
const self = allow(['iam:GetRole', 'iam:SimulatePrincipalPolicy']);
const needed = ['ec2:DescribeInstances', 's3:ListAllMyBuckets', 'ce:GetCostAndUsage'];

/** A connection for `deploy`, and its role with these permissions. */
async function made(
  actions: readonly string[],
  { mayRead = true, more = [] as object[], over = {} as object } = {},
) {
  const { body: connection } = await vendor.call('POST', '/v1/connections', {
    name: 'shop',
    permissionSet: 'deploy',
    ...over,
  });
  const account = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(account.accountId, {
    roleName: 'rolebridge',
    trustPolicy: connection.trustPolicy,
    inlinePolicies: { permissions: allow(actions, more), ...(mayRead && { self }) },
  });
  const iam = new IAMClient({
    endpoint: vendor.sandbox.url,
    region: 'us-east-1',
    credentials: account.admin,
  });
  const path = `/v1/connections/${connection.id}`;
  const event = provisioned(connection.id, arn);
  return {
    connection,
    account,
    arn,
    iam,
    path,
    deploy: (data: object = {}) =>
      vendor.callBack(connection.callbackSecret, { ...event, data: { ...event.data, ...data } }),
    show: async () => (await vendor.call('GET', path)).body,
    put: (document: object) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: 'rolebridge',
          PolicyName: 'permissions',
          PolicyDocument: JSON.stringify(document),
        }),
      ),
    types: () => vendor.receiver.types(connection.id),
  };
}

/** Advances the clock until the scheduled check has run. */
async function checkedAfter(ms: number, show: () => Promise<{ verification: { startedAt: string } }>) {
  const { startedAt } = (await show()).verification;
  vendor.clock.pass(ms);
  await until(async () => {
    // The service may have been about to sleep when the time passed.
    vendor.clock.pass(60_000);
    return (await show()).verification.startedAt !== startedAt;
  }, 'a check');
}

/** First: the script knows the real time, and later tests let the service's pass. */
test("the callback’s last lines list the role's permissions", async () => {
  const role = await made(needed.slice(0, 2));
  const script = join(process.cwd(), 'constructs/callback-script/rolebridge-callback.cjs');
  const run = (permissionSet: string) =>
    promisify(execFile)(process.execPath, [script], {
      env: {
        CONNECT_EVENT: 'role.provisioned',
        CONNECT_CALLBACK_URL: `${vendor.service.url}/v1/callbacks`,
        CONNECT_CONNECTION_ID: role.connection.id,
        CONNECT_ROLE_ARN: role.arn,
        CONNECT_ROLE_ID: provisioned('', role.arn).data.roleId,
        CONNECT_PERMISSION_SET: permissionSet,
        CONNECT_CALLBACK_SECRET: role.connection.callbackSecret,
      },
    }).catch((failed: { stdout: string }) => failed);
  const { stdout } = await run('deploy@1');
  expect(stdout).toContain(`connected to ${role.account.accountId}, proven, permissions complete`);
  expect(stdout).toContain('Allowed  deploy@1');
  expect(stdout).toContain('Missing  Cost: Why Cost.');
  expect(stdout).toContain('Skipped  Wild: Why Wild.');

  await role.put(allow(['s3:ListAllMyBuckets']));
  const { stdout: refused } = await run('deploy@1');
  expect(refused).toContain('not connected (permissions_missing)');
  expect(refused.replace(/\s+/g, ' ')).toContain(
    'ec2:DescribeInstances is allowed by no policy (Inventory: Why Inventory.)',
  );
});

test('a role with all permissions of the set is complete, with the unchecked ones listed', async () => {
  const { deploy, connection } = await made(needed);
  expect(connection).toMatchObject({ permissionSet: 'deploy' });
  const { status, body } = await deploy({ permissionSet: 'deploy@1' });
  expect([status, body.permissionSet, body.permissions]).toEqual([200, 'deploy@1', 'complete']);
  expect(body.verification.permissions).toMatchObject({
    permissionSet: 'deploy@1',
    missing: [],
    unavailable: [],
    notDenied: [],
    notChecked: [{ sid: 'Wild', because: 'no_check' }],
  });
  const check = body.verification.checks.find(({ name }: { name: string }) => name === 'permissions');
  expect(check.message).toContain('Not checked: Wild');
  expect(check.message).toContain('resource-based policies');
});

test('a missing required permission fails the deploy with its reason and the denying policy', async () => {
  const role = await made(['s3:ListAllMyBuckets', 's3:GetObject'], {
    more: [{ Effect: 'Deny', Action: 's3:ListAllMyBuckets', Resource: '*' }],
  });
  const { status, body } = await role.deploy();
  expect([status, body.code]).toEqual([422, 'permissions_missing']);
  expect(body.missing).toEqual([
    expect.objectContaining({
      sid: 'Inventory',
      reason: 'Why Inventory.',
      action: 'ec2:DescribeInstances',
      deniedBy: 'nothing_allows',
    }),
    expect.objectContaining({ action: 's3:ListAllMyBuckets', deniedBy: 'explicit_deny' }),
  ]);
  expect(body.notDenied).toEqual([expect.objectContaining({ sid: 'NoData', action: 's3:GetObject' })]);
  expect(body.detail).toContain('ec2:DescribeInstances is allowed by no policy (Inventory: Why Inventory.)');
  expect(await role.show()).toMatchObject({ status: 'failed' });

  await role.put(allow(needed));
  expect((await role.deploy()).body.permissions).toBe('complete');

  // One reason, one sentence.
  const { body: second } = await (await made(['sqs:ListQueues'])).deploy();
  expect(second.detail).toContain(
    'ec2:DescribeInstances, s3:ListAllMyBuckets are allowed by no policy (Inventory: Why Inventory.)',
  );
});

test('a denying boundary or service control policy is named', async () => {
  const bounded = await made(needed);
  const { Policy } = await bounded.iam.send(
    new CreatePolicyCommand({
      PolicyName: 'boundary',
      PolicyDocument: JSON.stringify(allow(['iam:*', 's3:ListAllMyBuckets', 'ce:*'])),
    }),
  );
  await bounded.iam.send(
    new PutRolePermissionsBoundaryCommand({
      RoleName: 'rolebridge',
      PermissionsBoundary: Policy?.Arn,
    }),
  );
  expect((await bounded.deploy()).body.missing).toEqual([
    expect.objectContaining({ action: 'ec2:DescribeInstances', deniedBy: 'permissions_boundary' }),
  ]);

  const organized = await made(needed);
  vendor.sandbox.setServiceControlPolicies(organized.account.accountId, [
    { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 's3:List*', Resource: '*' }] },
  ]);
  expect((await organized.deploy()).body.missing).toEqual([
    expect.objectContaining({ action: 's3:ListAllMyBuckets', deniedBy: 'service_control_policy' }),
  ]);
});

test('a missing optional permission is unavailable; excluded statements are not checked', async () => {
  const required = needed.slice(0, 2);
  const { body } = await (await made(required)).deploy();
  expect([body.permissions, body.verification.permissions.unavailable]).toEqual([
    'complete',
    [expect.objectContaining({ sid: 'Cost', action: 'ce:GetCostAndUsage' })],
  ]);
  const without = await (await made(required)).deploy({ permissionSet: 'deploy@1', without: ['Cost'] });
  expect([without.body.without, without.body.verification.permissions.unavailable]).toEqual([['Cost'], []]);
  const chosen = await (await made(required, { over: { without: ['Cost'] } })).deploy();
  expect(chosen.body.without).toEqual(['Cost']);
});

test("a role that can't run the simulator is connected and not checked", async () => {
  const { status, body } = await (await made(needed, { mayRead: false })).deploy();
  expect([status, body.permissions, body.assurance]).toEqual([200, 'not_checked', 'tested']);
  expect(body.missingForProven).toEqual([
    expect.objectContaining({ remedy: expect.stringContaining('iam:GetRole') }),
  ]);
});

test('a stack with another set gets a warning; an unknown version is rejected', async () => {
  const { deploy } = await made(needed);
  for (const permissionSet of ['read@1', 'nothing@1']) {
    const kept = await deploy({ permissionSet });
    expect([kept.status, kept.body.permissionSet, kept.body.warnings[0].code]).toEqual([
      200,
      'deploy@1',
      'permission_set_kept',
    ]);
  }
  const unknown = await deploy({ permissionSet: 'deploy@99' });
  expect([unknown.status, unknown.body.code]).toEqual([422, 'permission_set_unknown']);
});

test('the check before a deploy returns name, version and excluded statements', async () => {
  const { connection, account } = await made(needed);
  const check = async (stated: object, to = connection) => {
    const message = connectionCheck(to.id, account.accountId, stated);
    const { status, body } = await vendor.callBack(to.callbackSecret, message);
    const last = body.checks.at(-1);
    return [status, last.name, last.outcome, last.code ?? last.message];
  };
  const left = { permissionSet: 'deploy@1', without: ['Cost'] };
  expect(await check(left)).toEqual([200, 'permission_set', 'passed', 'deploy@1, without Cost']);
  const unknown = await check({ permissionSet: 'deploy@99' });
  expect(unknown).toEqual([200, 'permission_set', 'failed', 'permission_set_unknown']);
  expect(await check({ permissionSet: 'deploy@1', without: ['Inventory'] })).toEqual([
    200,
    'permission_set',
    'failed',
    'request_invalid',
  ]);
  const kept = expect.stringContaining('changes nothing');
  // Also a name that the service does not have: the deploy after it connects, too.
  for (const permissionSet of ['read@1', 'nothing@1', 'deploy'])
    expect(await check({ permissionSet })).toEqual([200, 'permission_set', 'not_checked', kept]);
  const { body: without } = await vendor.call('POST', '/v1/connections', { name: 'no set' });
  const of = { id: without.id, callbackSecret: without.callbackSecret };
  expect(await check({ permissionSet: 'deploy@1' }, { ...connection, ...of })).toEqual([
    200,
    'permission_set',
    'not_checked',
    kept,
  ]);
});

test('a permission that is missing later makes the set incomplete, sends an event, and credentials continue', async () => {
  const role = await made(needed, { over: { scope: { project: 'later' } } });
  expect((await role.deploy()).body.permissions).toBe('complete');
  await role.put(allow(needed.slice(1)));
  await checkedAfter(hour, role.show);
  // Between two daily checks the last report stands.
  expect((await role.show()).permissions).toBe('complete');
  await checkedAfter(day, role.show);
  const drifted = await role.show();
  expect([drifted.status, drifted.permissions]).toEqual(['connected', 'incomplete']);
  expect((await vendor.call('POST', '/v1/credentials', { project: 'later' })).status).toBe(200);
  await vendor.heard(() => role.types().includes('connection.permissions_changed'), 'the event');
  expect(vendor.receiver.of(role.connection.id).at(-1)?.body.data).toMatchObject({
    permissions: 'incomplete',
    previousPermissions: 'complete',
    permissionSet: 'deploy@1',
    missing: [{ sid: 'Inventory', action: 'ec2:DescribeInstances' }],
  });
  // A deploy of a connected role with a missing permission fails, and the connection still works.
  expect((await role.deploy()).body.code).toBe('permissions_missing');
  expect((await role.show()).status).toBe('connected');
  expect(role.types().filter((type) => type === 'connection.permissions_changed')).toHaveLength(1);
  await role.put(allow(needed));
  expect((await vendor.call('POST', `${role.path}/verify`)).body.permissions).toBe('complete');
});

test('a rejected deploy that finds lost permissions of the current version reports them immediately', async () => {
  const role = await made(needed);
  await role.deploy({ permissionSet: 'deploy@1' });
  await role.put(allow(needed.slice(1)));
  const refused = await role.deploy({ permissionSet: 'deploy@1' });
  expect([refused.status, refused.body.code]).toEqual([422, 'permissions_missing']);
  const { status, permissions, verification } = await role.show();
  expect([status, permissions, verification.result]).toEqual(['connected', 'incomplete', 'passed']);
  expect(verification.permissions.missing).toMatchObject([{ action: 'ec2:DescribeInstances' }]);
  expect(verification.checks.at(-1)).toMatchObject({ name: 'permissions', outcome: 'failed' });
  await vendor.heard(() => role.types().includes('connection.permissions_changed'), 'the event');
  // The same again is no news.
  await role.deploy({ permissionSet: 'deploy@1' });
  expect(role.types().filter((type) => type === 'connection.permissions_changed')).toHaveLength(1);
});

test('without an answer from IAM, a new role is not decided, and a connected one keeps its report', async () => {
  const role = await made(needed);
  vendor.sandbox.faults.set({ kind: 'throttle', action: 'SimulatePrincipalPolicy' });
  const inconclusive = await role.deploy();
  expect([inconclusive.status, inconclusive.body.code]).toEqual([503, 'aws_unavailable']);
  vendor.sandbox.faults.clear();
  expect((await role.deploy()).body.permissions).toBe('complete');
  vendor.sandbox.faults.set({ kind: 'throttle', action: 'SimulatePrincipalPolicy' });
  const again = await vendor.call('POST', `${role.path}/verify`);
  vendor.sandbox.faults.clear();
  expect([again.status, again.body.permissions]).toEqual([200, 'complete']);
});

test('the set is chosen while the connection is pending, and connections can be filtered by it', async () => {
  const { body: pending } = await vendor.call('POST', '/v1/connections', { name: 'chosen' });
  const path = `/v1/connections/${pending.id}`;
  const changed = await vendor.call('PATCH', path, { permissionSet: 'deploy', without: ['Cost'] });
  expect([changed.body.permissionSet, changed.body.without]).toEqual(['deploy', ['Cost']]);
  const wrong = await vendor.call('PATCH', path, { without: ['Inventory'] });
  expect([wrong.status, wrong.body.code]).toEqual([400, 'request_invalid']);
  const unknown = await vendor.call('POST', '/v1/connections', { name: 'x', permissionSet: 'nothing' });
  expect([unknown.status, unknown.body.code]).toEqual([422, 'permission_set_unknown']);
  const ids = async (query: string) =>
    (await vendor.call('GET', `/v1/connections?limit=100&${query}`)).body.connections.map(
      ({ id }: { id: string }) => id,
    );
  expect(await ids('permissionSet=deploy')).toContain(pending.id);
  expect(await ids('permissionSet=deploy@1')).not.toContain(pending.id);
  expect(await ids('permissionSet=deploy@1&permissions=not_checked')).toHaveLength(1);
});

test('a new version breaks no connected role: the role is outdated, and an upgrade is verified', async () => {
  const role = await made(needed);
  await role.deploy({ permissionSet: 'deploy@1' });
  served = permissionSetsOf(sets);
  await checkedAfter(hour, role.show);
  expect(await role.show()).toMatchObject({
    status: 'connected',
    permissionSet: 'deploy@1',
    newestPermissionSet: 'deploy@2',
    permissions: 'complete',
  });
  await vendor.heard(() => role.types().includes('connection.permissions_outdated'), 'the event');
  const early = await role.deploy({ permissionSet: 'deploy@2' });
  expect([early.status, early.body.missing[0].action]).toEqual([422, 'rds:DescribeDBInstances']);
  expect(await role.show()).toMatchObject({ status: 'connected', permissionSet: 'deploy@1' });
  await role.put(allow([...needed, 'rds:DescribeDBInstances']));
  const upgraded = await role.deploy({ permissionSet: 'deploy@2' });
  expect(upgraded.body).toMatchObject({ permissionSet: 'deploy@2', permissions: 'complete' });
  expect(upgraded.body.newestPermissionSet).toBeUndefined();
});

test('the command line shows versions by connection, missing permissions, and changes between versions', async () => {
  served = permissionSetsOf(sets);
  const role = await made(needed.slice(0, 2));
  await role.deploy({ permissionSet: 'deploy@1' });
  const env = { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_API_KEY: vendor.apiKey };
  const { stdout: table } = await runCommandLine(['permissions', 'status', '--set', 'deploy@1'], { env });
  expect(table).toMatch(new RegExp(`${role.connection.id} .*deploy@1 +deploy@2 .*complete`));
  const { stdout: one } = await runCommandLine(['permissions', 'status', role.connection.id], { env });
  expect(one).toContain('deploy@1: complete; deploy@2 is available');
  expect(one).toContain('not available ce:GetCostAndUsage on * (Cost: Why Cost.): nothing_allows');
  expect(one).toContain('not checked Wild: no_check');
  const { stdout: diff } = await runCommandLine(['permissions', 'diff', 'deploy@1'], { env });
  expect(diff).toContain('deploy@1 to deploy@2');
  expect(diff).toContain('changes Inventory (+rds:DescribeDBInstances): Why Inventory.');
  const wrong = await runCommandLine(['permissions', 'diff', 'deploy'], { env });
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('deploy@3')]);
  const { stdout: shown } = await runCommandLine(['connection', 'show', role.connection.id], { env });
  expect(shown).toContain('deploy@1');
});

test('resolve and metrics show assurance and permission set version', async () => {
  const role = await made(needed, { over: { scope: { project: 'told' } } });
  await role.deploy({ permissionSet: 'deploy@1' });
  const { body } = await vendor.call('GET', '/v1/resolve?project=told');
  expect(body.connection).toMatchObject({ assurance: 'proven', permissions: 'complete' });
  const { permissionSets, permissions, assurance } = await vendor.store.connectionTotals();
  expect(permissionSets.get('deploy@1')).toBeGreaterThan(0);
  expect(permissions.get('complete')).toBeGreaterThan(0);
  expect(assurance.proven).toBeGreaterThan(0);
});

test('the operator sees the number of connections of each version, including unused versions', async () => {
  served = permissionSetsOf(sets);
  await (await made(needed)).deploy({ permissionSet: 'deploy@1' });
  const token = operatorToken;
  const { status, body } = await vendor.call('GET', '/v1/operator/permission-sets', undefined, token);
  const { permissionSets: totals, permissions } = await vendor.store.connectionTotals();
  expect([status, body.permissions.complete]).toEqual([200, permissions.get('complete')]);
  expect(body.permissionSets).toEqual(
    expect.arrayContaining([
      { permissionSet: 'deploy@1', connections: totals.get('deploy@1'), isServed: true },
      { permissionSet: 'read@1', connections: 0, isServed: true },
    ]),
  );
  // Connections without a permission set have no row.
  await vendor.call('POST', '/v1/connections', { name: 'without a set' });
  const { body: usage } = await vendor.call('GET', '/v1/operator/permission-sets', undefined, token);
  expect(usage.permissionSets).toEqual(body.permissionSets);
  expect((await vendor.call('GET', '/v1/operator/permission-sets')).status).toBe(401);
  const env = { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_OPERATOR_TOKEN: token };
  const { stdout } = await runCommandLine(['permissions', 'usage'], { env });
  expect(stdout).toMatch(new RegExp(`deploy@1 +${totals.get('deploy@1')} +yes`));
  expect(stdout).toMatch(/complete \d+, incomplete \d+, not checked \d+/);
});
