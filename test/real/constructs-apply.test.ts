/**
 * The constructs on real Terraform with the real AWS provider: requests, their order, and where the
 * secret is not.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { AwsConnection, type AwsConnectionProps } from '@rolebridge/constructs';
import { App, type TerraformStack as Stack, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { Webhook } from 'standardwebhooks';
import { type AwsSandbox, type SandboxAccount, startAwsSandbox } from '../aws-sandbox/index.js';
import {
  connected,
  type Received,
  startVendor,
  type Vendor,
  type VendorAnswer,
} from '../constructs/vendor.js';
import { findTerraform, mirroredProviderVersion, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const ACCOUNT = '123456789012';
const VENDOR_ACCOUNT = '999988887777';

let aws: AwsSandbox;
let customer: SandboxAccount;
let vendor: Vendor;
let folder: string;
let everyOutput = '';
/** How the vendor answers next; each test says. The check before there is a role always passes. */
let answer: (received: Received) => VendorAnswer | Promise<VendorAnswer>;

const check = terraform ? describe : describe.skip;
if (!terraform) notChecked('constructs on real Terraform: there is no terraform on the PATH');

beforeAll(async () => {
  aws = await startAwsSandbox();
  customer = aws.createAccount({ accountId: ACCOUNT });
  // IAM refuses a trust policy that names a principal which does not exist: ours, and the example's.
  aws.createAccount({ accountId: VENDOR_ACCOUNT });
  for (const accountId of [VENDOR_ACCOUNT, ACCOUNT])
    aws.createRole(accountId, { roleName: 'vendor', trustPolicy: trustOfAccount(accountId) });
});
afterAll(() => aws.close());
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-apply-'));
  vendor = await startVendor((received) => (isCheck(received) ? connected(received) : answer(received)));
  answer = connected;
  everyOutput = '';
});
afterEach(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

check('an applied connection', () => {
  test('is registered, changed, refused, repaired and destroyed, without the secret in any file', async () => {
    // A registration that the vendor refuses fails the apply, with the reason.
    synthesize({ permissions: 'read-only', scope: { project: 'shop' } });
    await tf('init');
    answer = () => ({
      status: 422,
      body: { code: 'external_id_not_required', detail: 'It works without.', remedy: 'Add the condition.' },
    });
    const refused = await tf('apply', '-auto-approve');
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/not connected \(external_id_not_required\)/);
    expect(refused.output).toMatch(/Add the condition\./);
    expect(types()).toEqual(['role.provisioned']);

    // The same again, when it is right.
    const policiesWhenRegistered: string[][] = [];
    answer = async (received) => {
      policiesWhenRegistered.push(await policiesOf(JSON.parse(received.body).data.roleArn));
      return connected(received);
    };
    const repaired = await tf('apply', '-auto-approve');
    expect(repaired.output).toMatch(new RegExp(`connected to ${ACCOUNT}\n.*  Scope    shop`));
    expect(repaired.code).toBe(0);
    expect(types()).toEqual(['role.provisioned', 'role.provisioned']);

    // Nothing changed: nothing is sent.
    expect((await tf('apply', '-auto-approve')).output).toMatch(/0 added, 0 changed, 0 destroyed/);
    expect(reports()).toHaveLength(2);

    // Scope and policies at once: one registration, after the new policies, and no deregistration.
    synthesize({
      permissions: {
        managedPolicies: ['SecurityAudit'],
        statements: [{ actions: ['s3:GetObject'], resources: ['*'] }],
      },
      scope: { project: 'shop', environment: 'production' },
    });
    const plan = await tf('plan', '-out', 'plan');
    expect(plan.code).toBe(0);
    const planned = await tf('show', '-json', 'plan');
    expect((await tf('apply', 'plan')).code).toBe(0);
    expect(types()).toEqual(['role.provisioned', 'role.provisioned', 'role.provisioned']);
    expect(JSON.parse(last().body).data.scope).toEqual({ project: 'shop', environment: 'production' });
    expect(policiesWhenRegistered[0]).toEqual(['ReadOnlyAccess', 'self-inspection']);
    expect(policiesWhenRegistered[1]).toEqual(expect.arrayContaining(['SecurityAudit', 'vendor-access']));

    // At destroy the vendor hears of it while role and policies are all still there.
    const destroyed = await tf('destroy', '-auto-approve');
    expect(destroyed.code).toBe(0);
    expect(destroyed.output).toMatch(/disconnected/);
    expect(types()).toEqual([...Array(3).fill('role.provisioned'), 'role.deprovisioned']);
    expect(policiesWhenRegistered[2]?.sort()).toEqual(['SecurityAudit', 'self-inspection', 'vendor-access']);
    expect(await policiesOf(JSON.parse(last().body).data.roleArn)).toEqual([]);

    // Every request was signed; the secret is in no file of Terraform's and in no output.
    for (const { body, headers } of vendor.received)
      new Webhook(SECRET).verify(body, headers as Record<string, string>);
    for (const text of [everyOutput, planned.output, ...everyFile()]) expectNoSecret(text);
  });

  test('fails the plan in another account and sends nothing', async () => {
    synthesize({ expectedAccountId: '210987654321' });
    await tf('init');
    const applied = await tf('apply', '-auto-approve');
    expect(applied.code).not.toBe(0);
    expect(applied.output.replace(/\s+/g, ' ')).toMatch(
      /account_mismatch: your AWS credentials are of account 123456789012, and this connection is for account 210987654321/,
    );
    expect(existsSync(path.join(stackFolder(), 'state.tfstate'))).toBe(false);
    expect(vendor.received).toHaveLength(0);
  });

  test('is destroyed without the vendor or the secret', async () => {
    synthesize({});
    await tf('init');
    expect((await tf('apply', '-auto-approve')).code).toBe(0);
    await vendor.close();
    const before = Date.now();
    const destroyed = await tf('destroy', '-auto-approve');
    expect(destroyed.code).toBe(0);
    expect(destroyed.output).toMatch(/warning: the service was not notified of the removal \(unreachable\)/);
    expect(Date.now() - before).toBeLessThan(90_000);
  });

  test('is deregistered under its old id before its new id is registered', async () => {
    synthesize({ connectionId: 'con_first' });
    await tf('init');
    await tf('apply', '-auto-approve');
    synthesize({ connectionId: 'con_second' });
    expect((await tf('apply', '-auto-approve')).code).toBe(0);
    expect(reports().map(({ body }) => [JSON.parse(body).type, JSON.parse(body).data.connectionId])).toEqual([
      ['role.provisioned', 'con_first'],
      ['role.deprovisioned', 'con_first'],
      ['role.provisioned', 'con_second'],
    ]);
    await tf('destroy', '-auto-approve');
  });

  test('accepts variables, shows the reason of a refusal and hides the secret', async () => {
    const variables = {
      TF_VAR_secret: SECRET,
      TF_VAR_external_id: 'an","aws:PrincipalOrgID":"o-1',
      CONNECT_CALLBACK_SECRET: undefined,
    };
    synthesize((stack) => ({
      callbackSecret: new TerraformVariable(stack, 'secret', { type: 'string', sensitive: true }),
      externalId: new TerraformVariable(stack, 'external_id', { type: 'string' }).stringValue,
    }));
    await tf('init');
    answer = () => ({
      status: 422,
      body: { code: 'role_not_assumable', detail: 'Denied.', remedy: 'Look.' },
    });
    expect((await tfWith(variables, 'apply', '-auto-approve')).output).toMatch(
      /not connected \(role_not_assumable\)/,
    );
    answer = connected;
    expect((await tfWith(variables, 'apply', '-auto-approve')).code).toBe(0);
    new Webhook(SECRET).verify(last().body, last().headers as Record<string, string>);

    // A quote in a variable's value is a character of the external ID, and no further condition.
    const state = JSON.parse(readFileSync(path.join(stackFolder(), 'state.tfstate'), 'utf8'));
    const role = state.resources.find(({ type }: { type: string }) => type === 'aws_iam_role');
    expect(JSON.parse(role.instances[0].attributes.assume_role_policy).Statement[0].Condition).toEqual({
      StringEquals: { 'sts:ExternalId': variables.TF_VAR_external_id },
    });

    const destroyed = await tfWith(variables, 'destroy', '-auto-approve');
    expect(destroyed.code).toBe(0);
    expect(destroyed.output).toMatch(/warning: [\s\S]*callback_secret_missing/);
    for (const text of [everyOutput, ...everyFile()]) expectNoSecret(text);
  });
});

/** Writes the stack's Terraform JSON as `cdktf synth` does, for the version of the provider that is here. */
function synthesize(
  props: Partial<AwsConnectionProps> | ((stack: Stack) => Partial<AwsConnectionProps>),
): void {
  const app = new App({ outdir: folder });
  const stack = new TerraformStack(app, 'stack');
  new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
  const connection = new AwsConnection(stack, 'vendor', {
    connectionId: 'con_8f3kQz',
    externalId: 'Vq3n8XkLw0ZcR7yT1uHs5A',
    principal: `arn:aws:iam::${VENDOR_ACCOUNT}:role/vendor`,
    callbackUrl: vendor.url,
    callbackTimeoutSeconds: 20,
    destroyTimeoutSeconds: 3,
    ...(typeof props === 'function' ? props(stack) : props),
  });
  new TerraformOutput(stack, 'role_arn', { value: connection.roleArn });
  app.synth();
  const file = path.join(stackFolder(), 'cdk.tf.json');
  const json = JSON.parse(readFileSync(file, 'utf8'));
  json.terraform.backend.local.path = 'state.tfstate';
  // Only here: the bindings pin the newest provider, and a mirror has the one that it has.
  json.terraform.required_providers.aws.version = mirroredProviderVersion(terraform) ?? '>= 5.0';
  writeFileSync(file, JSON.stringify(json, null, 2));
}

function stackFolder(): string {
  return path.join(folder, 'stacks', 'stack');
}

function environment(): Record<string, string> {
  return {
    ...terraform?.env,
    AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: aws.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    CONNECT_CALLBACK_SECRET: SECRET,
  };
}

function tf(...args: string[]) {
  return tfWith({}, ...args);
}

async function tfWith(more: Record<string, string | undefined>, ...[command, ...args]: string[]) {
  const result = await runCommand(terraform?.binary ?? 'terraform', [String(command), '-no-color', ...args], {
    cwd: stackFolder(),
    env: { ...environment(), ...more },
  });
  const output = result.stdout + result.stderr;
  everyOutput += output;
  if (command === 'init') expect(output).toMatch(/successfully initialized/);
  return { code: result.code, output };
}

const isCheck = ({ body }: Received) => JSON.parse(body).type === 'connection.check';

/** The reported values, without the checks. */
const reports = () => vendor.received.filter((received) => !isCheck(received));

function types(): string[] {
  return reports().map(({ body }) => JSON.parse(body).type);
}

function last(): Received {
  const received = vendor.received.at(-1);
  if (!received) throw new Error('nothing was received');
  return received;
}

/** State, backups and synthesized JSON: all that Terraform and CDKTF have written, but for the provider. */
function everyFile(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.includes('.terraform') && /\.(json|tfstate|backup|tfplan)$|plan$/.test(name),
  );
  expect(names.length).toBeGreaterThan(2);
  return names.map((name) => readFileSync(path.join(folder, name), 'latin1'));
}

function expectNoSecret(text: string): void {
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(SECRET.slice('whsec_'.length));
}

function trustOfAccount(accountId: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: 'sts:AssumeRole' },
    ],
  };
}

/** The names of the policies that a role has now, of both kinds. */
async function policiesOf(roleArn: string): Promise<string[]> {
  const list = async (action: string, element: string) => {
    const response = await fetch(aws.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `AWS4-HMAC-SHA256 Credential=${customer.admin.accessKeyId}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00`,
      },
      body: new URLSearchParams({
        Action: action,
        Version: '2010-05-08',
        RoleName: String(roleArn.split('/').at(-1)),
      }),
    });
    const names = (await response.text()).matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, 'g'));
    return [...names].map((match) => String(match[1]));
  };
  return [
    ...(await list('ListAttachedRolePolicies', 'PolicyName')),
    ...(await list('ListRolePolicies', 'member')),
  ];
}
