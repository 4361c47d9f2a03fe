/** The check of the connection's health on real Terraform. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { AwsConnection } from '@rolebridge/constructs';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import type { SandboxAccount } from '../aws-sandbox/index.js';
import { type ApiAnswer, startVendor, type Vendor } from '../vendor.js';
import { findTerraform, mirroredProviderVersion, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
const check = terraform ? describe : describe.skip;
if (!terraform) notChecked('health in the plan: there is no terraform on the PATH');

let folder: string;
let vendor: Vendor;
let customer: SandboxAccount;
beforeAll(async () => {
  vendor = await startVendor();
  customer = vendor.sandbox.createAccount();
});
afterAll(() => vendor.close());
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-health-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

check('health in the plan', () => {
  test.each<[string, number, string, boolean, RegExp]>([
    ['connected', 200, '{"status":"connected","checkedAt":"2026-11-24T00:00:00Z"}', true, /./],
    [
      'failed',
      200,
      '{"status":"failed","code":"role_not_assumable","checkedAt":"2026-11-24T00:00:00Z"}',
      false,
      /^The connection con_8f3k does not work: it is failed \(role_not_assumable\), as of 2026-11-24T00:00:00Z\. Deploy again/,
    ],
    ['pending', 200, '{"status":"pending"}', false, /does not work: it is pending\. Deploy again/],
    [
      'refused',
      401,
      '{"code":"unauthorized"}',
      false,
      /its status can't be read \(HTTP 401\) \(unauthorized\)\./,
    ],
    ["a proxy's page", 502, '<html>', false, /its status can't be read \(HTTP 502\)\. Deploy again/],
  ])('translates each answer for Terraform: %s', async (_name, statusCode, body, works, message) => {
    const { check: checks } = synthesize({
      id: 'con_8f3k',
      callbackUrl: 'https://vendor.example/v1/callbacks',
    });
    const [[name, { assert }]] = Object.entries<{ assert: [{ condition: string; error_message: string }] }>(
      checks,
    ) as [[string, { assert: [{ condition: string; error_message: string }] }]];
    // The expressions as they are synthesized, on an answer that is given: it needs no provider.
    const onAnswer = (expression: string) => expression.replaceAll(`data.http.${name}`, 'local.answer');
    writeFileSync(
      path.join(folder, 'main.tf.json'),
      JSON.stringify({
        locals: { answer: { status_code: statusCode, response_body: body } },
        output: {
          works: { value: onAnswer(assert[0].condition) },
          message: { value: onAnswer(assert[0].error_message) },
        },
      }),
    );
    const run = (...words: string[]) =>
      runCommand(String(terraform?.binary), words, { cwd: folder, env: { ...terraform?.env } });
    await run('init', '-no-color');
    const applied = await run('apply', '-auto-approve', '-no-color');
    expect(applied.stderr).toBe('');
    const { stdout } = await run('output', '-json');
    const outputs = JSON.parse(stdout);
    expect(outputs.works.value).toBe(works);
    expect(outputs.message.value).toMatch(message);
  });

  test('warns of a broken connection without failing the plan', async () => {
    const { body: connection }: ApiAnswer = await vendor.call('POST', '/v1/connections', { name: 'health' });
    const json = synthesize(connection);
    json.terraform.required_providers.aws.version = mirroredProviderVersion(terraform) ?? '>= 5.0';
    delete json.terraform.backend;
    writeFileSync(path.join(folder, 'stacks/stack/cdk.tf.json'), JSON.stringify(json));
    const run = (...words: string[]) =>
      runCommand(String(terraform?.binary), [...words, '-no-color'], {
        cwd: path.join(folder, 'stacks/stack'),
        env: {
          ...terraform?.env,
          AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
          AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
          AWS_ENDPOINT_URL: vendor.sandbox.url,
          AWS_EC2_METADATA_DISABLED: 'true',
          CONNECT_CALLBACK_SECRET: connection.callbackSecret,
          TF_VAR_status_token: connection.statusToken,
        },
      });
    const initialized = await run('init');
    if (initialized.code !== 0) {
      expect(initialized.stderr + initialized.stdout).toMatch(/hashicorp\/http/);
      notChecked(
        "health in a plan: Terraform's http provider is in no mirror here and the registry can't be reached",
      );
      return;
    }
    expect((await run('apply', '-auto-approve')).code).toBe(0);
    expect((await run('plan')).stdout).not.toMatch(/does not work/);

    const connected = await vendor.call('GET', `/v1/connections/${connection.id}`);
    const open = { Version: '2012-10-17', Statement: [] };
    vendor.sandbox.updateTrustPolicy(connected.body.roleArn, open);
    await vendor.call('POST', `/v1/connections/${connection.id}/verify`);
    const warned = await run('plan', '-refresh=false');
    expect(warned.stdout.replace(/\s+/g, ' ')).toMatch(/does not work: it is failed \(role_not_assumable\)/);
    expect(warned.code).toBe(0);
    await vendor.service.close();
    const away = await run('plan', '-refresh=false');
    expect(away.code).toBe(0);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON, looked at member by member.
function synthesize(connection: Record<string, any>): any {
  const app = new App({ outdir: folder });
  const stack = new TerraformStack(app, 'stack');
  new AwsProvider(stack, 'aws', { region: 'us-east-1' });
  new AwsConnection(stack, 'vendor', {
    connectionId: connection.id,
    externalId: connection.externalId ?? 'an-external-id',
    principal: connection.principal ?? 'arn:aws:iam::123456789012:role/vendor',
    callbackUrl: connection.callbackUrl,
    health: {
      statusToken: new TerraformVariable(stack, 'status_token', { type: 'string', sensitive: true }),
    },
  });
  app.synth();
  return JSON.parse(readFileSync(path.join(folder, 'stacks/stack/cdk.tf.json'), 'utf8'));
}
