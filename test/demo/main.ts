import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { iamIn, synthesize, terraformIn } from '../customer-stack.js';
import { findTerraform } from '../real/tools.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openDemo } from './open.js';
import { publishedSets, refuseIncompleteRole, upgradePermissions } from './permissions.js';
import { expectStatus, expectSuccess, must, say, seconds, show, step } from './steps.js';

const started = Date.now();
const targets = [
  { project: 'shop', environment: 'production', architecture: 'web' },
  { project: 'shop', environment: 'staging' },
  { project: 'warehouse' },
];

const { values } = parseArgs({ options: { open: { type: 'boolean' } } });
(values.open ? openDemo() : main()).catch((error: unknown) => {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  console.log(
    'A customer connects an AWS account to a vendor’s platform, on a local sandbox in place of AWS.',
  );
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-demo-'));
  const published = publishedSets();
  const vendor = await step('Start the AWS sandbox and the service', () =>
    // AWS too takes a moment until a new role is assumable.
    startVendor({ propagationDelayMs: 400, permissionSets: published.sets }),
  );
  try {
    await demonstrate(vendor, folder, published.publishSecond);
  } finally {
    await vendor.close();
    rmSync(vendor.directory, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `\nDone in ${seconds(started)}: roles connected, resolved, upgraded, refused where unsafe or insufficient, and disconnected.`,
  );
}

async function demonstrate(vendor: Vendor, folder: string, publishSecond: () => void): Promise<void> {
  say(`sandbox ${vendor.sandbox.url}, service ${vendor.service.url}`);
  const customer = vendor.sandbox.createAccount();
  const admin = vendor.sandbox.createAccessKey(customer.accountId, 'platform-engineer');

  const created = await step('Vendor: create a connection for project "shop"', async () =>
    expectStatus(
      201,
      await vendor.call('POST', '/v1/connections', { name: 'shop', scope: { project: 'shop' } }),
    ),
  );
  say(`${created.id}: ${created.status}, external ID ${created.externalId}`);

  const environment = {
    CONNECT_CONNECTION_ID: created.id,
    CONNECT_EXTERNAL_ID: created.externalId,
    CONNECT_PRINCIPAL: created.principal,
    CONNECT_CALLBACK_URL: created.callbackUrl,
    CONNECT_CALLBACK_SECRET: created.callbackSecret,
    SCOPE_PROJECT: 'shop',
    AWS_ACCESS_KEY_ID: admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: vendor.sandbox.url,
  };
  const stack = await step('Customer: synthesize examples/smallest', () =>
    synthesize('smallest', folder, environment),
  );
  const deployment = await chooseDeployment(stack, environment);

  show(
    await step(`Customer: deploy (${deployment.name})`, async () => expectSuccess(await deployment.apply())),
    /rolebridge:|connected/,
  );

  const connection = expectStatus(200, await vendor.call('GET', `/v1/connections/${created.id}`));
  must(connection.status === 'connected', `the connection is ${connection.status}`);
  await step(
    `Vendor: the connection is ${connection.status}, account ${connection.accountId}`,
    async () => undefined,
  );
  for (const check of connection.verification.checks)
    say(`${check.outcome}  ${check.name}: ${check.message}`);

  await step('Vendor: which connection applies to…', async () => undefined);
  const answers = [];
  for (const target of targets) {
    const answer = await vendor.call(
      'GET',
      `/v1/resolve?${new URLSearchParams(target as unknown as Record<string, string>)}`,
    );
    answers.push(answer.status);
    say(
      `${Object.values(target).join('/')}: ${answer.status === 200 ? `${answer.body.connection.name} (${answer.body.connection.status})` : answer.body.detail}`,
    );
  }
  must(answers.join() === '200,200,404', `resolve answered ${answers.join()}`);

  await refuseUnsafeRoles(vendor, customer.accountId);
  await refuseIncompleteRole(vendor, customer.accountId);
  const tool = findTerraform();
  if (deployment.isTerraform && tool)
    await upgradePermissions(vendor, publishSecond, { tool, folder, environment });
  else say('Not shown without Terraform: the upgrade of a permission set.');

  show(
    await step(`Customer: destroy (${deployment.name})`, async () =>
      expectSuccess(await deployment.destroy()),
    ),
    /rolebridge:|connected/,
  );
  const after = expectStatus(200, await vendor.call('GET', `/v1/connections/${created.id}`));
  must(after.status === 'disconnected', `after the destroy the connection is ${after.status}`);
  say(`the connection is ${after.status}`);
}

async function refuseUnsafeRoles(vendor: Vendor, accountId: string): Promise<void> {
  const statement = (externalId?: string) => ({
    Effect: 'Allow',
    Principal: { AWS: vendor.principal },
    Action: 'sts:AssumeRole',
    ...(externalId !== undefined && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
  });
  const open = await refuse('needs no external ID', 'external_id_not_required', () => [statement()]);
  say(JSON.stringify(JSON.parse(open.trustPolicy)));
  // With, without and with a random external ID AWS answers as it should: only the policy shows the second one.
  const second = await refuse(
    'passes three probes, and also takes "acme"',
    'trust_policy_unsafe',
    (externalId) => [statement(externalId), statement('acme')],
  );
  must(second.detail.includes(JSON.stringify(statement('acme'))), 'the statement was not quoted');

  async function refuse(title: string, code: string, statements: (externalId: string) => object[]) {
    const name = code.replaceAll('_', '-');
    const connection = expectStatus(201, await vendor.call('POST', '/v1/connections', { name }));
    const { arn } = vendor.sandbox.createRole(accountId, {
      roleName: name,
      trustPolicy: { Version: '2012-10-17', Statement: statements(connection.externalId) },
      managedPolicyArns: ['arn:aws:iam::aws:policy/SecurityAudit'],
    });
    const { status, body } = await step(`Customer: give a role that ${title}`, () =>
      vendor.call('PUT', `/v1/connections/${connection.id}/role`, { roleArn: arn }),
    );
    must(status === 422 && body.code === code, `the service answered ${JSON.stringify(body)}`);
    say(`refused  ${body.code}: ${body.detail}\n→ ${body.remedy}`);
    return body;
  }
}

async function chooseDeployment(
  stack: Awaited<ReturnType<typeof synthesize>>,
  environment: Record<string, string>,
) {
  const tool = findTerraform();
  const iam = { name: 'IAM API and callback script', isTerraform: false, ...iamIn(stack, environment) };
  if (tool === undefined) {
    say('Terraform is not on the PATH: the same role is made through the IAM API instead.');
    return iam;
  }
  const terraform = terraformIn(stack, tool, environment);
  const init = await step('Customer: terraform init', () => terraform('init', '-no-color'));
  if (init.code !== 0) {
    say('Terraform has no AWS provider here: the same role is made through the IAM API instead.');
    return iam;
  }
  return {
    name: 'real Terraform, real AWS provider',
    isTerraform: true,
    apply: () => terraform('apply', '-auto-approve', '-no-color'),
    destroy: () => terraform('destroy', '-auto-approve', '-no-color'),
  };
}
