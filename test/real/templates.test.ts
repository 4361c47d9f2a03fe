/**
 * The ways to create the role without CDKTF, as a customer would go them: real Terraform with the real AWS provider, the
 * real AWS CLI in bash, cfn-lint; the real service, and the sandbox in place of AWS.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { templateDocument } from '../../service/templates/cloudformation-template.js';
import {
  awsCliCommands,
  cdkProgram,
  describeRole,
  type RoleChoices,
  terraformConfiguration,
} from '../../service/templates/index.js';
import { hclText } from '../../service/templates/quoting.js';
import type { SandboxAccount } from '../aws-sandbox/index.js';
import { evaluate } from '../templates/cloudformation.js';
import { hostileTexts } from '../templates/hostile.js';
import { startVendor, type Vendor } from '../vendor.js';
import { findCommand, findTerraform, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
const aws = findCommand('aws');
const cfnLint = findCommand('cfn-lint');
if (!terraform) notChecked('the Terraform module and configuration: there is no terraform on the PATH');
if (!aws) notChecked('the AWS CLI commands: there is no aws on the PATH');
if (!cfnLint) notChecked('the CloudFormation templates with cfn-lint: it is not on the PATH');
const withTerraform = terraform ? test : test.skip;
const withAws = aws ? test : test.skip;
const withCfnLint = cfnLint ? test : test.skip;

let vendor: Vendor;
let customer: SandboxAccount;
let folder: string;
beforeEach(async () => {
  vendor = await startVendor({ propagationDelayMs: 700 });
  customer = vendor.sandbox.createAccount();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-ways-real-'));
});
afterEach(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(vendor.directory, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, member by member.
type Json = any;

const create = async (body: object = {}): Promise<Json> => {
  const made = await vendor.call('POST', '/v1/connections', { name: 'shop', ...body });
  expect(made.status).toBe(201);
  return made.body;
};
const read = async (id: string): Promise<Json> => (await vendor.call('GET', `/v1/connections/${id}`)).body;
const describeFor = (connection: Json, choices: RoleChoices = {}) =>
  describeRole(connection, connection, connection, choices);

const environment = (connection: Json) => ({
  CONNECT_CALLBACK_SECRET: connection.callbackSecret,
  AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
  AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
  AWS_SESSION_TOKEN: undefined,
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: vendor.sandbox.url,
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** The trust policy that AWS has for a role, as GetRole gives it, with a list of one as the string that IAM makes of it. */
async function storedTrust(roleArn: string): Promise<Json> {
  const response = await fetch(vendor.sandbox.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${customer.admin.accessKeyId}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams({
      Action: 'GetRole',
      Version: '2010-05-08',
      RoleName: roleArn.split('/').at(-1) ?? '',
    }),
  });
  const document = /<AssumeRolePolicyDocument>([^<]+)</.exec(await response.text())?.[1] ?? '';
  return JSON.parse(decodeURIComponent(document));
}

/** The members of every object in one order, and no list of one: then equal policies are equal text. */
function normalized(policy: unknown): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.length === 1 && typeof value[0] === 'string' ? value[0] : value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, each]) => [key, sorted(each)]),
    );
  };
  return JSON.stringify(sorted(policy));
}

/** A folder with a configuration, initialized; Terraform's words in it. */
async function terraformIn(name: string, connection: Json, files: Record<string, string>) {
  if (!terraform) throw new Error('There is no Terraform.');
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
  let output = '';
  const run = async (...words: string[]) => {
    const result = await runCommand(terraform.binary, words, {
      cwd: directory,
      env: { ...environment(connection), ...terraform.env },
    });
    // Terraform says which resource each line of a script is from; the line itself is what matters here.
    const shown = (result.stdout + result.stderr).replace(/^.* \(local-exec\): /gm, '');
    output += shown;
    return { code: result.code, output: shown };
  };
  expect(await run('init', '-no-color')).toMatchObject({ code: 0 });
  return {
    run,
    write: (file: string, text: string) => writeFileSync(join(directory, file), text),
    apply: () => run('apply', '-auto-approve', '-no-color'),
    destroy: () => run('destroy', '-auto-approve', '-no-color'),
    everything: () => [
      output,
      ...readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(directory, entry.name), 'latin1')),
    ],
  };
}

const provider = `provider "aws" {
  skip_requesting_account_id = false
}
`;

/** The root module of a customer, with the module from the service. */
function moduleCall(connection: Json, inputs: Record<string, string> = {}): string {
  const given = {
    connection_id: connection.id,
    external_id: connection.externalId,
    principal: connection.principal,
    callback_url: connection.callbackUrl,
  };
  const lines = [
    ...Object.entries(given).map(([name, value]) => `  ${name} = ${JSON.stringify(value)}\n`),
    ...Object.entries(inputs).map(([name, value]) => `  ${name} = ${value}\n`),
  ];
  return `${provider}\nmodule "vendor" {\n  source = "${vendor.service.url}/downloads/terraform-module.tar.gz"\n${lines.join('')}}\n\noutput "role_arn" {\n  value = module.vendor.role_arn\n}\n`;
}

const expectNoSecret = (texts: string[], connection: Json) => {
  for (const text of texts) expect(text).not.toContain(connection.callbackSecret.slice('whsec_'.length));
};

withTerraform(
  'the Terraform module is formatted and valid, and connects, changes and disconnects',
  async () => {
    const connection = await create({ scopeFrom: 'callback' });
    const formatted = await runCommand(terraform?.binary ?? '', ['fmt', '-check', '-diff', '-recursive'], {
      cwd: resolve('service/terraform-module'),
      env: terraform?.env ?? {},
    });
    expect([formatted.code, formatted.stdout]).toEqual([0, '']);

    const first = moduleCall(connection, { permissions: '"read-only"', scope: '{ project = "shop" }' });
    const stack = await terraformIn('module', connection, { 'main.tf': first });
    expect(await stack.run('validate', '-no-color')).toMatchObject({ code: 0 });
    const applied = await stack.apply();
    expect(applied.output).toMatch(/connect: connected to \d+.*\n {2}Scope {4}shop$/m);
    const connected = await read(connection.id);
    expect(connected).toMatchObject({ status: 'connected', scopes: [{ project: 'shop' }] });
    expect(normalized(await storedTrust(connected.roleArn))).toBe(normalized(connection.trustPolicy));
    expect((await stack.apply()).output).toMatch(/0 added, 0 changed, 0 destroyed/);

    // Every option at once: the role is changed in place, the connection stays connected.
    stack.write(
      'main.tf',
      moduleCall(connection, {
        permissions: '"security-audit"',
        managed_policies: '["ReadOnlyAccess"]',
        policy_json:
          'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })',
        scope: '{}',
        max_session_duration: '7200',
        allow_session_tags: 'true',
        allow_source_identity: 'true',
        tags: '{ team = "platform" }',
        expected_account_id: `"${customer.accountId}"`,
        callback_timeout_seconds: '60',
        destroy_timeout_seconds: '5',
      }),
    );
    const changed = await stack.apply();
    expect(changed.output).toMatch(/connect: connected to .*\n {2}Scope {4}your whole organization/);
    expect(await read(connection.id)).toMatchObject({
      status: 'connected',
      roleArn: connected.roleArn,
      scopes: [{}],
    });
    const trust = structuredClone(connection.trustPolicy);
    trust.Statement[0].Action = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
    expect(normalized(await storedTrust(connected.roleArn))).toBe(normalized(trust));

    const destroyed = await stack.destroy();
    expect(destroyed.output).toMatch(/connect: disconnected/);
    expect(await read(connection.id)).toMatchObject({ status: 'disconnected', reason: 'deprovisioned' });
    expectNoSecret(stack.everything(), connection);
  },
);

withTerraform(
  'the call of the module that the service gives is formatted and valid, and connects',
  async () => {
    const connection = await create({ scope: { project: 'called', environment: 'production' } });
    const text: string = connection.roleTemplates.terraformModule;
    const stack = await terraformIn('module-call', connection, { 'main.tf': text });
    expect(await stack.run('fmt', '-check', '-diff')).toEqual({ code: 0, output: '' });
    expect(await stack.run('validate', '-no-color')).toMatchObject({ code: 0 });
    expect((await stack.apply()).output).toMatch(
      /vendor: connected to \d+.*\n {2}Scope {4}called\/production$/m,
    );
    const connected = await read(connection.id);
    expect(connected).toMatchObject({ status: 'connected', scopes: connection.scopes });
    expect(normalized(await storedTrust(connected.roleArn))).toBe(normalized(connection.trustPolicy));
    await stack.destroy();
    expectNoSecret(stack.everything(), connection);
  },
);

withTerraform(
  'the Terraform module stops the plan in another account, and the apply when the vendor refuses',
  async () => {
    const connection = await create();
    const elsewhere = moduleCall(connection, { expected_account_id: '"210987654321"' });
    const stack = await terraformIn('module', connection, { 'main.tf': elsewhere });
    const stopped = await stack.apply();
    expect(stopped.output).toContain('account_mismatch');
    expect(vendor.sandbox.requests.map(({ action }) => action)).not.toContain('CreateRole');

    const wrong = moduleCall({ ...connection, externalId: 'copied-from-another-page' });
    stack.write('main.tf', wrong);
    const refused = await stack.apply();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/not ready to connect \(external_id_mismatch\)/);
    expect(refused.output).toContain('    - external_id = "copied-from-another-page"\n');
    stack.write('main.tf', moduleCall(connection));
    expect((await stack.apply()).code).toBe(0);
    expect(await read(connection.id)).toMatchObject({ status: 'connected' });
  },
);

withTerraform('the configuration in one file is formatted, and connects and disconnects', async () => {
  const connection = await create({ scope: { project: 'shop' }, expectedAccountId: customer.accountId });
  const text = connection.roleTemplates.terraform;
  const stack = await terraformIn('one-file', connection, { 'rolebridge.tf': text });
  expect(await stack.run('fmt', '-check', '-diff')).toMatchObject({ code: 0 });
  const applied = await stack.apply();
  expect(applied.output).toMatch(/vendor: connected to \d+/);
  expect(applied.output).not.toContain('createHmac');
  // Terraform prints each command, and the script is none.
  const commands = applied.output.split('\n').filter((line) => line.startsWith('Executing: '));
  expect(commands).toHaveLength(2);
  for (const command of commands) expect(command.length).toBeLessThan(200);
  const connected = await read(connection.id);
  expect(connected).toMatchObject({ status: 'connected', scopes: [{ project: 'shop' }] });
  expect(normalized(await storedTrust(connected.roleArn))).toBe(normalized(connection.trustPolicy));
  expect((await stack.apply()).output).toMatch(/0 added, 0 changed, 0 destroyed/);
  expect((await stack.destroy()).output).toMatch(/vendor: disconnected$/m);
  expect(await read(connection.id)).toMatchObject({ status: 'disconnected', reason: 'deprovisioned' });
  expectNoSecret(stack.everything(), connection);

  const all = terraformConfiguration(
    describeFor(connection, {
      roleName: 'vendor',
      path: '/a/b/',
      maxSessionDuration: 7200,
      allowSessionTags: true,
      permissions: { managedPolicies: ['SecurityAudit', 'job-function/ViewOnlyAccess'] },
    }),
  );
  const other = await terraformIn('all-options', connection, { 'rolebridge.tf': all });
  expect(await other.run('fmt', '-check', '-diff')).toMatchObject({ code: 0 });
  expect(await other.run('validate', '-no-color')).toMatchObject({ code: 0 });
});

withTerraform('hostile texts are plain values to Terraform', async () => {
  if (!terraform) throw new Error('There is no Terraform.');
  const expression = `jsonencode([${hostileTexts.map(hclText).join(', ')}])`;
  writeFileSync(join(folder, 'main.tf'), `output "texts" {\n  value = ${expression}\n}\n`);
  const run = (...words: string[]) =>
    runCommand(terraform.binary, words, { cwd: folder, env: terraform.env });
  expect(await run('apply', '-auto-approve', '-no-color')).toMatchObject({ code: 0 });
  const texts = JSON.parse((await run('output', '-raw', 'texts')).stdout);
  expect(texts).toEqual(hostileTexts.map((text) => text.replace('\ud800', '\ufffd').normalize('NFC')));
});

const bash = (text: string, connection: Json, env: Record<string, string> = {}) =>
  runCommand('bash', ['--norc', '-c', text], { cwd: folder, env: { ...environment(connection), ...env } });

withAws('the AWS CLI commands connect the role, and do no harm when they are run again', async () => {
  const connection = await create({ expectedAccountId: customer.accountId });
  const commands = awsCliCommands(describeFor(connection, { maxSessionDuration: 7200, path: '/vendor/' }));
  expect(connection.roleTemplates.awsCli).toBe(awsCliCommands(describeFor(connection)));
  const first = await bash(commands, connection);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^vendor: connected to \d+/m);
  const connected = await read(connection.id);
  expect(connected).toMatchObject({ status: 'connected', accountId: customer.accountId });
  expect(normalized(await storedTrust(connected.roleArn))).toBe(normalized(connection.trustPolicy));

  vendor.sandbox.updateTrustPolicy(connected.roleArn, {
    ...connection.trustPolicy,
    Statement: [{ ...connection.trustPolicy.Statement[0], Condition: undefined }],
  });
  const again = await bash(commands, connection);
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(normalized(await storedTrust(connected.roleArn))).toBe(normalized(connection.trustPolicy));
  expect((await read(connection.id)).status).toBe('connected');
});

withAws(
  'the AWS CLI commands never touch an existing role of the same name, and print the reason of a rejection',
  async () => {
    const connection = await create({ scope: { project: 'shop' } });
    const trustPolicy = { ...connection.trustPolicy };
    vendor.sandbox.createRole(customer.accountId, { roleName: 'own', trustPolicy });
    const named = awsCliCommands(describeFor(connection, { roleName: 'own' }));
    const stopped = await bash(named, connection);
    expect(stopped.code).not.toBe(0);
    expect(stopped.stderr).toMatch(/vendor: there is a role own already/);

    const commands = connection.roleTemplates.awsCli;
    const wrong = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const refused = await bash(commands, connection, { CONNECT_CALLBACK_SECRET: wrong });
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toMatch(/not connected \(callback_unauthorized\)/);
    const corrected = await bash(commands, connection);
    expect(corrected).toMatchObject({ code: 0 });
    expect(await read(connection.id)).toMatchObject({ status: 'connected', scopes: [{ project: 'shop' }] });
    expectNoSecret([refused.stdout, refused.stderr, corrected.stdout, corrected.stderr], connection);

    const elsewhere = awsCliCommands({
      ...describeFor(connection),
      expectedAccountId: '210987654321' as never,
    });
    expect((await bash(elsewhere, connection)).stderr).toMatch(/account_mismatch/);
  },
);

withCfnLint('the CloudFormation templates pass cfn-lint, with few choices and with all', async () => {
  const connection = await create({ expectedAccountId: customer.accountId, scope: { project: 'shop' } });
  writeFileSync(join(folder, 'connection.yaml'), connection.roleTemplates.cloudFormation);
  const { cloudFormationTemplate, vendorTemplate } = await import('../../service/templates/index.js');
  const all = describeFor(connection, {
    roleName: 'vendor',
    path: '/a/b/',
    allowSessionTags: true,
    permissions: { managedPolicies: ['SecurityAudit', 'job-function/ViewOnlyAccess'] },
  });
  writeFileSync(join(folder, 'all.yaml'), cloudFormationTemplate(all));
  writeFileSync(
    join(folder, 'vendor.yaml'),
    vendorTemplate({
      principals: new Map([
        ['aws', connection.principal],
        ['aws-cn', 'arn:aws-cn:iam::111122223333:role/vendor'],
      ]),
      callbackUrl: connection.callbackUrl,
    }),
  );
  const enrollment = (await vendor.call('POST', '/v1/enrollments', { name: 'acme' })).body;
  writeFileSync(join(folder, 'stack-set.yaml'), enrollment.stackSetTemplate);
  const files = ['connection.yaml', 'all.yaml', 'vendor.yaml', 'stack-set.yaml'];
  const result = await runCommand(cfnLint ?? '', files, {
    cwd: folder,
  });
  expect(`${result.stdout}${result.stderr}`).toBe('');
  expect(result.code).toBe(0);
});

const withAll = terraform && aws ? test : test.skip;

withAll.each<[string, RoleChoices]>([
  ['as few as can be', {}],
  ['with session tags and a source identity', { allowSessionTags: true, allowSourceIdentity: true }],
])('all ways give byte-equal trust policies: %s', async (_, choices) => {
  const connection = await create();
  const role = describeFor(connection, { ...choices, roleName: 'equal' });
  const query = new URLSearchParams(
    Object.entries(choices).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const shown = (await vendor.call('GET', `/v1/connections/${connection.id}/role-templates?${query}`)).body;
  const expected = normalized(shown.trustPolicy);
  expect(expected).toContain(connection.externalId);

  const trustPolicies: Record<string, unknown> = {};
  // CDKTF: the synthesized JSON.
  writeFileSync(join(folder, 'main.ts'), cdkProgram(role, 'cdktf'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const tsx = [resolve('node_modules/tsx/dist/cli.mjs'), '--tsconfig', resolve('tsconfig.json'), 'main.ts'];
  expect(await runCommand(process.execPath, tsx, { cwd: folder })).toMatchObject({ code: 0 });
  const synthesized = JSON.parse(readFileSync(join(folder, 'cdktf.out/stacks/vendor/cdk.tf.json'), 'utf8'));
  const [synthesizedRole] = Object.values<Json>(synthesized.resource.aws_iam_role);
  trustPolicies.cdktf = JSON.parse(synthesizedRole.assume_role_policy);

  // Terraform: the plan, of the module and of the file.
  const flags = {
    ...(choices.allowSessionTags && { allow_session_tags: 'true' }),
    ...(choices.allowSourceIdentity && { allow_source_identity: 'true' }),
  };
  for (const [name, text] of [
    ['terraform-module', moduleCall(connection, flags)],
    ['terraform-file', terraformConfiguration(role)],
  ] as const) {
    const stack = await terraformIn(name, connection, { 'main.tf': text });
    expect(await stack.run('plan', '-no-color', '-out=plan')).toMatchObject({ code: 0 });
    const plan = JSON.parse((await stack.run('show', '-json', 'plan')).output);
    const planned = plan.resource_changes.find(({ type }: Json) => type === 'aws_iam_role');
    trustPolicies[name] = JSON.parse(planned.change.after.assume_role_policy);
  }

  // CloudFormation: the evaluated template.
  const vendorOfTemplate = {
    principals: new Map([[role.partition, role.principal]]),
    callbackUrl: role.callbackUrl,
  };
  const { resources } = evaluate(templateDocument(vendorOfTemplate, role), { accountId: customer.accountId });
  trustPolicies.cloudformation = resources.Role.Properties.AssumeRolePolicyDocument;

  // AWS CLI: the state in AWS.
  expect(await bash(awsCliCommands(role), connection)).toMatchObject({ code: 0 });
  trustPolicies['aws-cli'] = await storedTrust('role/equal');

  expect(Object.keys(trustPolicies)).toHaveLength(5);
  for (const [way, policy] of Object.entries(trustPolicies))
    expect([way, normalized(policy)]).toEqual([way, expected]);
});
