/** Each template creates exactly the permission set: real Terraform and the real AWS CLI against the sandbox. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  CreatePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { iamStatement, permissionSetSchema, permissionSetsOf } from '../../service/domain/permission-set.js';
import { templateDocument } from '../../service/templates/cloudformation-template.js';
import { describeRole } from '../../service/templates/index.js';
import { stackSetDocument } from '../../service/templates/stack-set-template.js';
import type { SandboxAccount } from '../aws-sandbox/index.js';
import { synthesize, terraformIn } from '../customer-stack.js';
import { evaluate } from '../templates/cloudformation.js';
import { startVendor, type Vendor } from '../vendor.js';
import { findCommand, findTerraform, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
const aws = findCommand('aws');
if (!terraform) notChecked('permission sets with Terraform: there is no terraform on the PATH');
if (!aws) notChecked('permission sets with the AWS CLI: there is no aws on the PATH');
const withTerraform = terraform ? test : test.skip;
const withAws = aws ? test : test.skip;

const many = (service: string, count: number) =>
  Array.from(
    { length: count },
    (_, index) => `${service}:GetThing${String(index).padStart(3, '0')}Configuration`,
  );

/** Longer than the inline policies of a role may be. */
const set = permissionSetSchema.parse({
  name: 'deploy',
  version: 3,
  title: 'Deploy "everything" ${here}',
  statements: [
    {
      sid: 'Inventory',
      reason: "Draws what's there; </script> $(id)",
      actions: ['ec2:DescribeInstances'],
      resources: ['*'],
    },
    ...['s3', 'sqs', 'sns', 'rds', 'ecs', 'eks', 'kms'].map((service) => ({
      sid: `Much${service.toUpperCase()}`,
      reason: `Reads ${service}.`,
      actions: many(service, 60),
      resources: ['*'],
    })),
    {
      sid: 'Tagged',
      reason: 'Stops its instances.',
      actions: ['ec2:StopInstances'],
      resources: ['arn:aws:ec2:*:*:instance/*'],
      conditions: { StringEquals: { 'aws:ResourceTag/owner': '${aws:PrincipalTag/owner}' } },
      check: {
        actions: ['ec2:StopInstances'],
        resources: ['arn:aws:ec2:us-east-1:111122223333:instance/i-1'],
        context: { 'aws:ResourceTag/owner': 'one', 'aws:PrincipalTag/owner': 'one' },
      },
    },
    { sid: 'Cost', reason: 'Shows cost.', optional: true, actions: ['ce:GetCostAndUsage'], resources: ['*'] },
    {
      sid: 'Bill',
      reason: 'Shows bills.',
      optional: true,
      actions: ['aws-portal:ViewBilling'],
      resources: ['*'],
    },
  ],
  managedPolicies: ['job-function/ViewOnlyAccess'],
  denies: [{ sid: 'NoData', reason: 'Never reads data.', actions: ['s3:GetObject'], resources: ['*'] }],
});
const expected = [
  ...set.statements.filter(({ sid }) => sid !== 'Cost').map((statement) => iamStatement(statement, 'Allow')),
  ...set.denies.map((denial) => iamStatement(denial, 'Deny')),
];

let vendor: Vendor;
let customer: SandboxAccount;
let folder: string;
beforeEach(async () => {
  vendor = await startVendor({ permissionSets: permissionSetsOf([set]) });
  customer = vendor.sandbox.createAccount();
  folder = mkdtempSync(join(tmpdir(), 'permission-sets-'));
});
afterEach(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

async function created() {
  const { body } = await vendor.call('POST', '/v1/connections', {
    name: 'shop',
    permissionSet: 'deploy',
    without: ['Cost'],
  });
  return body;
}

const environment = (connection: { callbackSecret: string }) => ({
  CONNECT_CALLBACK_SECRET: connection.callbackSecret,
  AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
  AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: vendor.sandbox.url,
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Every statement of the role's policies, but the one by which it reads itself; and AWS's policies. */
async function policiesOf(roleArn: string) {
  const iam = new IAMClient({
    endpoint: vendor.sandbox.url,
    region: 'us-east-1',
    credentials: customer.admin,
  });
  const RoleName = roleArn.split('/').at(-1) ?? '';
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const inline = await Promise.all(
    PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  const own = AttachedPolicies.filter(({ PolicyArn = '' }) => !PolicyArn.includes('::aws:'));
  const managed = await Promise.all(
    own.map(async ({ PolicyArn }) => {
      const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
      const { PolicyVersion } = await iam.send(
        new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }),
      );
      return PolicyVersion?.Document;
    }),
  );
  const statements = [...inline.map(({ PolicyDocument }) => PolicyDocument), ...managed].flatMap(
    (document = '') => JSON.parse(decodeURIComponent(document)).Statement,
  );
  return {
    statements: statements.filter(({ Sid }) => Sid !== 'SelfInspection'),
    managed: managed.length,
    awsPolicies: AttachedPolicies.map(({ PolicyName }) => PolicyName).filter(
      (name) => name === 'ViewOnlyAccess',
    ),
  };
}

const bySid = (statements: readonly { Sid: string }[]) =>
  statements.toSorted((one, other) => (one.Sid < other.Sid ? -1 : 1));

async function expectTheSet(id: string) {
  const { body } = await vendor.call('GET', `/v1/connections/${id}`);
  expect(body).toMatchObject({
    status: 'connected',
    assurance: 'proven',
    permissionSet: 'deploy@3',
    without: ['Cost'],
    permissions: 'complete',
  });
  const { statements, managed, awsPolicies } = await policiesOf(body.roleArn);
  expect(bySid(statements)).toEqual(bySid(expected));
  expect(managed).toBeGreaterThan(0);
  expect(awsPolicies).toEqual(['ViewOnlyAccess']);
}

async function applied(connection: { callbackSecret: string }, files: Record<string, string>) {
  if (!terraform) throw new Error('There is no Terraform.');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const run = (...words: string[]) =>
    runCommand(terraform.binary, words, {
      cwd: folder,
      env: { ...environment(connection), ...terraform.env },
    });
  expect(await run('init', '-no-color')).toMatchObject({ code: 0 });
  expect(await run('fmt', '-check', '-diff')).toMatchObject({ code: 0, stdout: '' });
  const { code, stdout, stderr } = await run('apply', '-auto-approve', '-no-color');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/Allowed +deploy@3, without Cost/);
  return run;
}

withTerraform('one file of Terraform', async () => {
  const connection = await created();
  const run = await applied(connection, { 'main.tf': connection.roleTemplates.terraform });
  await expectTheSet(connection.id);
  expect((await run('apply', '-auto-approve', '-no-color')).stdout).toContain(
    '0 added, 0 changed, 0 destroyed',
  );
  expect((await run('destroy', '-auto-approve', '-no-color')).code).toBe(0);
});

withTerraform('the Terraform module, with the file that the service serves', async () => {
  const connection = await created();
  const served = await fetch(`${vendor.service.url}/v1/permission-sets/deploy/3`);
  const run = await applied(connection, {
    'main.tf': connection.roleTemplates.terraformModule,
    'permissions/deploy@3.json': await served.text(),
  });
  await expectTheSet(connection.id);
  expect((await run('apply', '-auto-approve', '-no-color')).stdout).toContain(
    '0 added, 0 changed, 0 destroyed',
  );
  expect((await run('destroy', '-auto-approve', '-no-color')).code).toBe(0);
});

withAws('the commands of the AWS CLI, twice', async () => {
  const connection = await created();
  for (const _ of ['created', 'repaired']) {
    const { code, stdout, stderr } = await runCommand('bash', ['-c', connection.roleTemplates.awsCli], {
      cwd: folder,
      env: environment(connection),
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Allowed +deploy@3, without Cost/);
    await expectTheSet(connection.id);
  }
});

test('CloudFormation, for one account and for a StackSet', async () => {
  const connection = await created();
  const vendorOf = {
    principals: new Map([['aws' as const, connection.principal]]),
    callbackUrl: connection.callbackUrl,
  };
  const permissions = { set, without: ['Cost'] };
  const description = describeRole(connection, connection, connection, { permissions });
  const one = templateDocument(vendorOf, description);
  const each = stackSetDocument(vendorOf, {
    id: 'enr_aaaaaaaaaaaaaaaaaaaaaaaa' as never,
    partition: 'aws',
    enrollmentUrl: 'https://vendor.example/v1/enrollments/x/accounts',
    permissions,
  });
  for (const template of [one, each]) {
    const { resources } = evaluate(template, {
      accountId: customer.accountId,
      parameters: {
        CallbackSecret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAA',
        EnrollmentSecret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAA',
      },
    });
    const named = Object.entries<{ Properties: { PolicyDocument: { Statement: never[] } } }>(
      resources,
    ).filter(([name]) => name.startsWith('Permissions'));
    expect(bySid(named.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement))).toEqual(
      bySid(expected),
    );
    expect(resources.Role.Properties.ManagedPolicyArns).toEqual([
      'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess',
    ]);
    expect(resources.Callback.Properties).toMatchObject({ PermissionSet: 'deploy@3', Without: 'Cost' });
    expect(resources.Callback.DependsOn).toEqual(['SelfInspection', ...named.map(([name]) => name)]);
  }
});

test('the console’s policy to paste, and the program that reads the set’s file', async () => {
  const { roleTemplates } = await created();
  const { consolePolicy, consoleManagedPolicies } = roleTemplates;
  const statementsOf = (text: string) => JSON.parse(text).Statement;
  const [self, ...inline] = statementsOf(consolePolicy);
  expect(self.Action).toEqual(['iam:GetRole', 'iam:SimulatePrincipalPolicy']);
  expect([...inline, ...consoleManagedPolicies.flatMap(statementsOf)]).toEqual(expected);
  // IAM counts no white space.
  const lengthOf = (text: string) => JSON.stringify(JSON.parse(text)).length;
  expect(lengthOf(consolePolicy)).toBeLessThanOrEqual(10_240);
  for (const text of consoleManagedPolicies) expect(lengthOf(text)).toBeLessThanOrEqual(6_144);
  expect(roleTemplates.cdktf).toContain(
    'permissions: PermissionSet.fromFile("permissions/deploy@3.json", { without: ["Cost"] })',
  );
});

/** A boundary that lacks one action of the set. */
async function boundary(): Promise<string> {
  const iam = new IAMClient({
    endpoint: vendor.sandbox.url,
    region: 'us-east-1',
    credentials: customer.admin,
  });
  const { Policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: 'boundary',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', NotAction: 'ec2:DescribeInstances', Resource: '*' }],
      }),
    }),
  );
  return Policy?.Arn ?? '';
}

const denied =
  /permissions_missing: IAM denies the role\s+ec2:DescribeInstances\s+\(deploy@3, Inventory:\s+Draws what's there/;
/** Terraform draws a frame around an error, and wraps it. */
const unframed = (text: string) => text.replace(/[│╷╵]/g, '').replace(/\s+/g, ' ');

withTerraform('the module’s apply names actions that a boundary denies, before the callback', async () => {
  const connection = await created();
  const { tool, files } = {
    tool: terraform as NonNullable<typeof terraform>,
    files: {
      'main.tf': connection.roleTemplates.terraformModule.replace(
        /( +)connection_id/,
        `$1simulate_permissions = true\n$1permissions_boundary = "${await boundary()}"\n$1connection_id`,
      ),
      'permissions/deploy@3.json': JSON.stringify(set),
    },
  };
  mkdirSync(join(folder, 'permissions'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const run = (...words: string[]) =>
    runCommand(tool.binary, words, { cwd: folder, env: { ...environment(connection), ...tool.env } });
  expect(await run('init', '-no-color')).toMatchObject({ code: 0 });
  const refused = await run('apply', '-auto-approve', '-no-color');
  expect(refused.code).toBe(1);
  expect(unframed(refused.stderr)).toMatch(denied);
  expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status).toBe('pending');
  writeFileSync(join(folder, 'main.tf'), files['main.tf'].replace(/ +permissions_boundary.*\n/, ''));
  const { code, stderr } = await run('apply', '-auto-approve', '-no-color');
  expect([code, stderr]).toEqual([0, '']);
  await expectTheSet(connection.id);
  expect((await run('plan', '-detailed-exitcode', '-no-color')).code).toBe(0);
});

withTerraform('the construct’s apply names actions that a boundary denies, before the callback', async () => {
  const tool = terraform as NonNullable<typeof terraform>;
  const connection = await created();
  mkdirSync(join(folder, 'permissions'));
  writeFileSync(join(folder, 'permissions/deploy@3.json'), JSON.stringify(set));
  const limited = await boundary();
  const stackWith = async (more: string) => {
    const stack = await synthesize('smallest', folder, environment(connection), () =>
      connection.roleTemplates.cdktf.replace(
        '  permissions:',
        `  simulatePermissions: true,${more}\n  permissions:`,
      ),
    );
    return terraformIn(stack, tool, environment(connection));
  };
  const run = await stackWith(`permissionsBoundary: '${limited}',`);
  expect(await run('init', '-no-color')).toMatchObject({ code: 0 });
  const refused = await run('apply', '-auto-approve', '-no-color');
  expect(refused.code).toBe(1);
  expect(unframed(refused.stderr)).toMatch(denied);
  expect((await vendor.call('GET', `/v1/connections/${connection.id}`)).body.status).toBe('pending');
  const again = await stackWith('');
  const { code, stderr } = await again('apply', '-auto-approve', '-no-color');
  expect([code, stderr]).toEqual([0, '']);
  await expectTheSet(connection.id);
});
