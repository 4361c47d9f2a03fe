import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { roleIds } from '../../aws-sandbox/index.js';
import type { RoleConnection } from '../../service/domain/connection.js';
import { templateDocument } from '../../service/templates/cloudformation-template.js';
import { describeRole, type RoleChoices } from '../../service/templates/index.js';
import { yamlText } from '../../service/templates/quoting.js';
import { evaluate, invokeFunction, startCloudFormation } from '../templates/cloudformation.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let cloudFormation: Awaited<ReturnType<typeof startCloudFormation>>;
let unreachable: Server;
beforeAll(async () => {
  vendor = await startVendor();
  cloudFormation = await startCloudFormation();
  // Takes connections and never answers.
  unreachable = createServer(() => undefined);
  await new Promise<void>((resolve) => unreachable.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  unreachable.closeAllConnections();
  unreachable.close();
  await cloudFormation.close();
  await vendor.close();
});

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, member by member.
type Json = any;

const create = async (body: object = {}): Promise<Json> =>
  (await vendor.call('POST', '/v1/connections', { name: 'shop', ...body })).body;
const read = async (id: string) => (await vendor.call('GET', `/v1/connections/${id}`)).body;

const templateOf = (connection: Json, choices: RoleChoices = {}) => {
  const role = describeRole(connection as RoleConnection, connection, connection, choices);
  const document = templateDocument(
    { principals: new Map([[role.partition, role.principal]]), callbackUrl: role.callbackUrl },
    role,
  );
  return { document, role };
};

/** CloudFormation's steps with the template in the customer's account: the role, then the function. */
async function stackOf(connection: Json) {
  const { document } = templateOf(connection);
  expect(connection.roleTemplates.cloudFormation).toContain(yamlText(document).trim());
  const { accountId } = vendor.sandbox.createAccount();
  const parameters = { CallbackSecret: connection.callbackSecret };
  const { resources } = evaluate(document, { accountId, parameters });
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'stack',
    trustPolicy: resources.Role.Properties.AssumeRolePolicyDocument,
  });
  const { ServiceToken: _, ServiceTimeout: __, ...properties } = resources.Callback.Properties;
  return {
    accountId,
    arn,
    properties: { ...properties, RoleArn: arn, RoleId: roleIds.get(arn) },
    code: resources.CallbackFunction.Properties.Code.ZipFile as string,
  };
}

const invoke = (code: string, event: object, remainingMs?: number) =>
  invokeFunction(cloudFormation, code, event, { ...(remainingMs && { remainingMs }) });

test('a stack connects, changes its scope and disconnects without a secret in its log', async () => {
  const connection = await create();
  const { code, properties, arn, accountId } = await stackOf(connection);
  const created = await invoke(code, { RequestType: 'Create', ResourceProperties: properties });
  expect(created).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: connection.id });
  expect(await read(connection.id)).toMatchObject({
    status: 'connected',
    roleArn: arn,
    accountId,
    scopes: [],
  });

  const updated = await invoke(code, {
    RequestType: 'Update',
    PhysicalResourceId: connection.id,
    ResourceProperties: { ...properties, Scope: '{"project":"shop"}' },
  });
  expect(updated).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: connection.id });
  expect(await read(connection.id)).toMatchObject({ status: 'connected', scopes: [{ project: 'shop' }] });

  const deleted = await invoke(code, {
    RequestType: 'Delete',
    PhysicalResourceId: connection.id,
    ResourceProperties: properties,
  });
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: connection.id });
  expect(await read(connection.id)).toMatchObject({ status: 'disconnected', reason: 'deprovisioned' });
  for (const { output } of [created, updated, deleted])
    expect(output).not.toContain(connection.callbackSecret.slice('whsec_'.length));
});

test('a rejected role fails the stack with the reason, and the rollback sends nothing to the vendor', async () => {
  const connection = await create();
  const { code, properties, arn } = await stackOf(connection);
  const trust = structuredClone(connection.trustPolicy);
  delete trust.Statement[0].Condition;
  vendor.sandbox.updateTrustPolicy(arn, trust);
  const failed = await invoke(code, { RequestType: 'Create', ResourceProperties: properties });
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-connected' });
  expect(failed.Reason).toMatch(/^external_id_not_required: .*StringEquals/);
  const rolledBack = await invoke(code, {
    RequestType: 'Delete',
    PhysicalResourceId: 'not-connected',
    ResourceProperties: properties,
  });
  expect(rolledBack.Status).toBe('SUCCESS');
  expect(await read(connection.id)).toMatchObject({ status: 'failed' });
});

test('a wrong or missing secret fails the stack without retries', async () => {
  const connection = await create();
  const { code, properties } = await stackOf(connection);
  for (const [CallbackSecret, reason] of [
    [`whsec_${Buffer.alloc(32).toString('base64')}`, /^callback_unauthorized: /],
    ['', /^callback_secret_missing: /],
  ] as const) {
    const ResourceProperties = { ...properties, CallbackSecret };
    const failed = await invoke(code, { RequestType: 'Create', ResourceProperties });
    expect(failed.Status).toBe('FAILED');
    expect(failed.Reason).toMatch(reason);
  }
});

test("an unreachable vendor fails the stack before the function's time limit, and never blocks deletion", async () => {
  const connection = await create();
  const { code, properties } = await stackOf(connection);
  const { port } = unreachable.address() as AddressInfo;
  const ResourceProperties = { ...properties, CallbackUrl: `http://127.0.0.1:${port}/v1/callbacks` };
  const failed = await invoke(code, { RequestType: 'Create', ResourceProperties }, 9_000);
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-connected' });
  expect(failed.Reason).toMatch(/^unreachable: /);
  const PhysicalResourceId = connection.id;
  const deleted = await invoke(
    code,
    { RequestType: 'Delete', PhysicalResourceId, ResourceProperties },
    9_000,
  );
  expect(deleted.Status).toBe('SUCCESS');
});

test('a scope that is no JSON fails the stack with the reason, and never blocks deletion', async () => {
  const connection = await create();
  const { code, properties } = await stackOf(connection);
  const ResourceProperties = { ...properties, Scope: 'shop' };
  const failed = await invoke(code, { RequestType: 'Create', ResourceProperties });
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-connected' });
  expect(failed.Reason).toContain('JSON');
  const deleted = await invoke(code, {
    RequestType: 'Delete',
    PhysicalResourceId: connection.id,
    ResourceProperties,
  });
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: connection.id });
  expect(deleted.Reason).toBeUndefined();
});

test('the answer to CloudFormation is retried when its address fails', async () => {
  const connection = await create();
  const { code, properties } = await stackOf(connection);
  cloudFormation.failNext(2);
  const created = await invoke(code, { RequestType: 'Create', ResourceProperties: properties });
  expect(created.Status).toBe('SUCCESS');
});

test("the trust policy equals the service's for every option; without a secret, only the role is created", async () => {
  const connection = await create({ expectedAccountId: '210987654321' });
  const choices: RoleChoices = {
    allowSessionTags: true,
    allowSourceIdentity: true,
    permissions: { managedPolicies: ['SecurityAudit', 'arn:aws:iam::210987654321:policy/own'] },
    roleName: 'vendor',
    path: '/a/',
    maxSessionDuration: 7200,
  };
  const { document } = templateOf(connection, choices);
  const { resources } = evaluate(document, { accountId: '210987654321' });
  expect(Object.keys(resources)).toEqual(['Role', 'SelfInspection']);
  const trust = structuredClone(connection.trustPolicy);
  trust.Statement[0].Action = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
  expect(resources.Role.Properties).toMatchObject({
    AssumeRolePolicyDocument: trust,
    RoleName: 'vendor',
    Path: '/a/',
    MaxSessionDuration: '7200',
    ManagedPolicyArns: ['arn:aws:iam::aws:policy/SecurityAudit', 'arn:aws:iam::210987654321:policy/own'],
  });
  expect(JSON.stringify(document.Rules)).toContain('210987654321');
});
