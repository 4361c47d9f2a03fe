/**
 * A connection through its whole life, with real Terraform, the real AWS provider and the real service: after each
 * step that says `connected`, the role has its policies, the vendor says so too, and a plan is empty. Prints a table.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack } from 'cdktf';
import { startVendor, type Vendor } from '../vendor.js';
import { findTerraform, mirroredProviderVersion, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
const check = terraform ? describe : describe.skip;
if (!terraform) notChecked('the life cycle: there is no terraform on the PATH');

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, member by member.
type Json = any;

interface Choices {
  readonly roleName: string;
  readonly path: string;
  readonly policies: readonly string[];
  readonly project: string;
  readonly defaultTags: boolean;
}

const FIRST: Choices = {
  roleName: 'VendorAccess',
  path: '/',
  policies: ['ReadOnlyAccess'],
  project: 'shop',
  defaultTags: false,
};

const OWN_STATEMENT = { actions: ['s3:GetObject'], resources: ['*'] };

/** Writes the configuration of one kind, and says where Terraform runs. */
type Write = (folder: string, connection: Json, choices: Choices) => string;

const construct: Write = (
  folder,
  connection,
  { roleName, path: rolePath, policies, project, defaultTags },
) => {
  const app = new App({ outdir: path.join(folder, 'out') });
  const stack = new TerraformStack(app, 'stack');
  new AwsProvider(stack, 'aws', {
    region: 'us-east-1',
    ...(defaultTags && { defaultTags: [{ tags: { team: 'platform' } }] }),
  });
  new AwsConnection(stack, 'vendor', {
    ...valuesOf(connection),
    scope: { project },
    roleName,
    path: rolePath,
    permissions: { managedPolicies: policies, statements: [OWN_STATEMENT] },
    destroyTimeoutSeconds: 5,
  });
  app.synth();
  const where = path.join(folder, 'out/stacks/stack');
  const file = path.join(where, 'cdk.tf.json');
  const json = JSON.parse(readFileSync(file, 'utf8'));
  json.terraform.backend.local.path = '../../../terraform.tfstate';
  json.terraform.required_providers.aws.version = mirroredProviderVersion(terraform) ?? '>= 5.0';
  writeFileSync(file, JSON.stringify(json));
  return where;
};

const terraformModule: Write = (
  folder,
  connection,
  { roleName, path: rolePath, policies, project, defaultTags },
) => {
  const { connectionId, externalId, principal, callbackUrl, expectedAccountId } = valuesOf(connection);
  mkdirSync(path.join(folder, 'module'), { recursive: true });
  cpSync('service/terraform-module', path.join(folder, 'module'), { recursive: true });
  writeFileSync(
    path.join(folder, 'main.tf'),
    `provider "aws" {
  region = "us-east-1"
  ${defaultTags ? 'default_tags {\n    tags = { team = "platform" }\n  }' : ''}
}
module "vendor" {
  source                  = "./module"
  connection_id           = "${connectionId}"
  external_id             = "${externalId}"
  principal               = "${principal}"
  callback_url            = "${callbackUrl}"
  expected_account_id     = "${expectedAccountId}"
  scope                   = { project = "${project}" }
  role_name               = "${roleName}"
  path                    = "${rolePath}"
  managed_policies        = { ${policies.map((name) => `${name} = "${name}"`).join(', ')} }
  policy_json             = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
  destroy_timeout_seconds = 5
}
`,
  );
  return folder;
};

const valuesOf = (connection: Json) => ({
  connectionId: connection.id,
  externalId: connection.externalId,
  principal: connection.principal,
  callbackUrl: connection.callbackUrl,
  expectedAccountId: connection.expectedAccountId,
});

// A dozen applies a test.
jest.setTimeout(900_000);

const rows: string[] = [];
afterAll(() => {
  if (rows.length > 0) process.stdout.write(`${rows.join('\n')}\n`);
});

check.each([
  ['construct', construct],
  ['module', terraformModule],
])('a connection of the %s', (kind, write) => {
  let vendor: Vendor;
  let folder: string;
  let where: string;
  let connection: Json;
  let environment: Record<string, string>;
  let choices = FIRST;

  beforeAll(async () => {
    vendor = await startVendor({ propagationDelayMs: 0, propagationWindowMs: 3_000 });
    const { accountId, admin } = vendor.sandbox.createAccount();
    connection = (
      await vendor.call('POST', '/v1/connections', {
        name: 'shop',
        scopeFrom: 'callback',
        expectedAccountId: accountId,
      })
    ).body;
    folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-life-'));
    environment = {
      ...terraform?.env,
      CONNECT_CALLBACK_SECRET: connection.callbackSecret,
      AWS_ACCESS_KEY_ID: admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: vendor.sandbox.url,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  });
  afterAll(async () => {
    await vendor?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const tf = async (...[command, ...words]: string[]) => {
    const result = await runCommand(terraform?.binary ?? '', [String(command), '-no-color', ...words], {
      cwd: where,
      env: environment,
    });
    return { code: result.code, output: result.stdout + result.stderr };
  };
  const apply = async (...words: string[]) => {
    const applied = await tf('apply', '-auto-approve', ...words);
    expect([applied.code, applied.code === 0 ? '' : applied.output]).toEqual([0, '']);
    return applied.output;
  };
  const writeAgain = async (changed: Partial<Choices> = {}) => {
    choices = { ...choices, ...changed };
    where = write(folder, connection, choices);
    expect((await tf('init')).code).toBe(0);
  };
  const status = async () => (await vendor.call('GET', `/v1/connections/${connection.id}`)).body;
  const addresses = async () => {
    const { stdout } = await runCommand(terraform?.binary ?? '', ['state', 'list'], {
      cwd: where,
      env: environment,
    });
    return stdout.split('\n').filter((line) => line !== '' && !/(^|\.)data\./.test(line));
  };

  /** Connected in Terraform's words, the vendor's and IAM's. */
  async function isTrue(step: string) {
    const now = await status();
    expect([step, now.status]).toEqual([step, 'connected']);
    const name = now.roleArn.split('/').at(-1);
    const attached = await iam(environment, 'ListAttachedRolePolicies', name, 'PolicyName');
    expect([step, attached.sort()]).toEqual([step, [...choices.policies].sort()]);
    expect([step, await iam(environment, 'ListRolePolicies', name, 'member')]).toEqual([
      step,
      expect.arrayContaining(['vendor-access']),
    ]);
    const plan = await tf('plan', '-detailed-exitcode');
    expect([step, plan.code, plan.code === 0 ? '' : plan.output]).toEqual([step, 0, '']);
    rows.push(`| ${kind} | ${step} | connected, policies attached, plan empty |`);
  }

  test('stays true through create, change, rename and a new path', async () => {
    await writeAgain();
    await apply();
    await isTrue('create');
    await writeAgain({ policies: ['ReadOnlyAccess', 'SecurityAudit'], project: 'warehouse' });
    await apply();
    await isTrue('change of policies and scope');
    await writeAgain({ path: '/vendors/' });
    await apply();
    await isTrue('new path: the role is replaced under its name');
    await writeAgain({ roleName: 'VendorAccess2' });
    await apply('-parallelism=1');
    await isTrue('rename, with -parallelism=1');
    await writeAgain({ defaultTags: true });
    await apply();
    await isTrue("provider's default_tags");
  });

  test('stays true when any resource is replaced, tainted or the target', async () => {
    const all = await addresses();
    expect(all.length).toBeGreaterThanOrEqual(7);
    for (const address of all) {
      await apply(`-replace=${address}`);
      await isTrue(`-replace=${address.replace(/_[0-9A-F]{8}\b/, '')}`);
    }
    for (const address of all.filter((each) => /aws_iam_role\.|deregistration/.test(each))) {
      expect((await tf('taint', address)).code).toBe(0);
      await apply();
      await isTrue(`taint ${address.replace(/_[0-9A-F]{8}\b/, '')}`);
      // The rest follows in the next apply: a plan says so.
      await apply(`-replace=${address}`, `-target=${address}`);
      expect((await tf('plan', '-detailed-exitcode')).code).toBe(2);
      await apply();
      await isTrue(`-target=${address.replace(/_[0-9A-F]{8}\b/, '')}, then apply`);
    }
  });

  test('stays true after a refused apply, a lost folder, another machine, a saved plan and a lost state', async () => {
    const { CONNECT_CALLBACK_SECRET } = environment;
    await writeAgain({ project: 'office' });
    environment.CONNECT_CALLBACK_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`;
    expect((await tf('apply', '-auto-approve')).code).toBe(1);
    environment.CONNECT_CALLBACK_SECRET = String(CONNECT_CALLBACK_SECRET);
    await apply();
    await isTrue('an apply that was refused, repeated');

    rmSync(path.join(folder, 'out'), { recursive: true, force: true });
    await writeAgain();
    await isTrue('output folder deleted and written again');

    const elsewhere = `${folder}-elsewhere`;
    renameSync(folder, elsewhere);
    folder = elsewhere;
    await writeAgain();
    await isTrue('folder and state moved to another path');

    await writeAgain({ project: 'depot' });
    expect((await tf('plan', '-out=saved')).code).toBe(0);
    await apply('saved');
    await isTrue('a saved plan');
    expect(readFileSync(path.join(folder, 'terraform.tfstate'), 'utf8')).not.toContain(tmpdir());

    const role = (await addresses()).find((each) => /(^|\.)aws_iam_role\./.test(each)) ?? '';
    for (const name of ['terraform.tfstate', 'terraform.tfstate.backup'])
      if (existsSync(path.join(folder, name))) rmSync(path.join(folder, name));
    expect((await tf('import', role, choices.roleName)).code).toBe(0);
    await apply();
    await isTrue('lost state, role imported');
  });

  test('ends with a destroy, also without Node', async () => {
    const { PATH } = environment;
    environment.PATH = path.join(folder, 'nothing');
    const destroyed = await tf('destroy', '-auto-approve');
    expect([destroyed.code, destroyed.code === 0 ? '' : destroyed.output]).toEqual([0, '']);
    expect(destroyed.output).toContain('warning: Node or the script failed');
    if (PATH === undefined) delete environment.PATH;
    else environment.PATH = PATH;
    rows.push(`| ${kind} | destroy without Node | a warning, and the role goes |`);
    await apply();
    await isTrue('create again');
    expect((await tf('destroy', '-auto-approve')).code).toBe(0);
    expect((await status()).status).toBe('disconnected');
    rows.push(`| ${kind} | destroy | disconnected, nothing left |`);
  });
});

async function iam(environment: Record<string, string>, action: string, role: string, element: string) {
  const response = await fetch(String(environment.AWS_ENDPOINT_URL), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${environment.AWS_ACCESS_KEY_ID}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams({ Action: action, Version: '2010-05-08', RoleName: role }),
  });
  const names = (await response.text()).matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, 'g'));
  return [...names].map((match) => String(match[1]));
}
