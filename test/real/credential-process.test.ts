/**
 * The vendor's runners: the unmodified AWS CLI, boto3 and Terraform's AWS provider with a profile whose
 * `credential_process` is `rolebridge credentials`. The service and the command are the built ones; AWS is the sandbox.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVendor, type Vendor } from '../vendor.js';
import { findCommand, findTerraform, notChecked, runCommand } from './tools.js';

const builtCommand = join(process.cwd(), 'service/dist/service/main.js');

let vendor: Vendor;
let folder: string;
let accountId: string;
let roleName: string;

beforeAll(async () => {
  if (!existsSync(builtCommand)) throw new Error('The service is not built: run "npm run build" first.');
  vendor = await startVendor();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-credential-process-'));
  const { call, sandbox } = vendor;
  const { body } = await call('POST', '/v1/connections', {
    name: 'shop',
    scope: { project: 'shop', environment: 'production' },
  });
  accountId = sandbox.createAccount().accountId;
  const { arn } = sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: body.trustPolicy,
    managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
  });
  roleName = 'rolebridge';
  const given = await call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
  expect(given.body.status).toBe('connected');

  writeFileSync(join(folder, 'api-key'), vendor.apiKey, { mode: 0o600 });
  const credentials = (target: string) =>
    `${process.execPath} ${builtCommand} credentials ${target} --url ${vendor.service.url} --api-key-file ${join(folder, 'api-key')}`;
  writeFileSync(
    join(folder, 'config'),
    `[profile shop]\nregion = us-east-1\ncredential_process = ${credentials('--project shop --environment production')}\n
[profile unconnected]\nregion = us-east-1\ncredential_process = ${credentials('--project nobodys')}\n`,
  );
});
afterAll(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A runner's environment: a profile, and no credentials of any kind. */
const environment = (profile = 'shop') => ({
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^AWS_/.test(name))
      .map((name) => [name, undefined]),
  ),
  HOME: folder,
  PATH: process.env.PATH,
  PYENV_ROOT: process.env.PYENV_ROOT ?? (process.env.HOME && join(process.env.HOME, '.pyenv')),
  AWS_PROFILE: profile,
  AWS_CONFIG_FILE: join(folder, 'config'),
  AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-credentials'),
  AWS_ENDPOINT_URL: vendor.sandbox.url,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PAGER: '',
  NO_PROXY: '127.0.0.1',
  no_proxy: '127.0.0.1',
});

const sessionArn = () => expect.stringMatching(`^arn:aws:sts::${accountId}:assumed-role/rolebridge/`);

describe('the AWS CLI', () => {
  const cli = findCommand('aws');
  if (!cli) {
    it('is not installed', () => notChecked('rolebridge credentials with the AWS CLI'));
    return;
  }
  const aws = (words: string[], profile?: string) =>
    runCommand(cli, [...words, '--output', 'json'], { env: environment(profile) });

  it('reaches IAM in the customer’s account', async () => {
    const identity = await aws(['sts', 'get-caller-identity']);
    expect([identity.code, identity.stderr]).toEqual([0, '']);
    expect(JSON.parse(identity.stdout)).toMatchObject({ Account: accountId, Arn: sessionArn() });
    const role = await aws(['iam', 'get-role', '--role-name', roleName]);
    expect(JSON.parse(role.stdout).Role.RoleName).toBe(roleName);
  });

  it('shows why there are no credentials for a target', async () => {
    const refused = await aws(['sts', 'get-caller-identity'], 'unconnected');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(
      'rolebridge: no_connection_for_target: No connection applies to project nobodys.',
    );
  });

  it('runs under rolebridge exec', async () => {
    const result = await runCommand(
      process.execPath,
      [
        ...[builtCommand, 'exec', '-p', 'shop', '-e', 'production', '--url', vendor.service.url],
        ...[
          '--api-key-file',
          join(folder, 'api-key'),
          '--',
          cli,
          'sts',
          'get-caller-identity',
          '--output',
          'json',
        ],
      ],
      { env: { ...environment('unconnected'), AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1' } },
    );
    expect([result.code, result.stderr]).toEqual([0, '']);
    expect(JSON.parse(result.stdout).Arn).toEqual(sessionArn());
  });
});

describe('boto3', () => {
  const python = findCommand('python3');
  const hasBoto3 = python && pythonHas(python, 'boto3');
  if (!hasBoto3) {
    it('is not installed', () => notChecked('rolebridge credentials with boto3'));
    return;
  }

  it('uses the profile and refreshes expired credentials', async () => {
    const program = `
import boto3, json
session = boto3.Session()
credentials = session.get_credentials()
print(json.dumps({
  "arn": session.client("sts").get_caller_identity()["Arn"],
  "roles": [role["RoleName"] for role in session.client("iam").list_roles()["Roles"]],
  "method": credentials.method,
  "refreshes": type(credentials).__name__,
}))`;
    const result = await runCommand(python, ['-c', program], { env: environment() });
    expect([result.code, result.stderr]).toEqual([0, '']);
    expect(JSON.parse(result.stdout)).toEqual({
      arn: sessionArn(),
      roles: [roleName],
      method: 'custom-process',
      refreshes: 'RefreshableCredentials',
    });
  });
});

describe('Terraform’s AWS provider', () => {
  const terraform = findTerraform();
  if (!terraform) {
    it('is not installed', () => notChecked('rolebridge credentials with Terraform’s AWS provider'));
    return;
  }

  it('creates and deletes a role in the customer’s account', async () => {
    const stack = join(folder, 'stack');
    mkdirSync(stack);
    writeFileSync(
      join(stack, 'main.tf'),
      `terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  region  = "us-east-1"
  profile = "shop"
}
data "aws_caller_identity" "here" {}
resource "aws_iam_role" "made" {
  name               = "made-with-rolebridge"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
output "account" { value = data.aws_caller_identity.here.account_id }
`,
    );
    const run = (...words: string[]) =>
      runCommand(terraform.binary, [...words, '-no-color'], {
        cwd: stack,
        env: { ...environment(), ...terraform.env },
      });
    expect(await run('init')).toMatchObject({ code: 0 });
    const applied = await run('apply', '-auto-approve');
    expect([applied.code, applied.stderr]).toEqual([0, '']);
    expect(applied.stdout).toContain(`account = "${accountId}"`);
    expect((await run('destroy', '-auto-approve')).code).toBe(0);

    const roleCalls = vendor.sandbox.requests
      .map(({ action }) => action)
      .filter((action) => /^(Create|Delete)Role$/.test(action ?? ''));
    expect(roleCalls).toEqual(['CreateRole', 'DeleteRole']);
    // Terraform keeps no credentials of the provider in its state.
    const state = readFileSync(join(stack, 'terraform.tfstate'), 'utf8');
    expect(state).not.toMatch(/ASIA[A-Z0-9]{12}/);
  });
});

function pythonHas(python: string, module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`]).status === 0;
}
