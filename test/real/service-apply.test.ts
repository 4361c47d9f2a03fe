/**
 * The main job on real parts: an example's stack, real Terraform with the real AWS provider, the real service with
 * the real AWS SDK; only AWS is the sandbox.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxAccount } from '../aws-sandbox/index.js';
import { type CustomerEnvironment, synthesize, terraformIn } from '../customer-stack.js';
import { startVendor, type Vendor } from '../vendor.js';
import { findTerraform, notChecked } from './tools.js';

const terraform = findTerraform();
const check = terraform ? describe : describe.skip;
if (!terraform) notChecked('the service with real Terraform: there is no terraform on the PATH');

const checkNames = [
  'role_arn',
  'not_vendor_account',
  'assumable',
  'account',
  'external_id_required',
  'external_id_exact',
  'trust_policy',
  'not_already_connected',
];

let vendor: Vendor;
let customer: SandboxAccount;
let folder: string;
/** All that a customer's terminal has shown in this test. */
let output: string;

beforeEach(async () => {
  vendor = await startVendor({ propagationDelayMs: 700 });
  customer = vendor.sandbox.createAccount();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-service-apply-'));
  output = '';
});
afterEach(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(vendor.directory, { recursive: true, force: true });
});

check('a stack of examples/smallest', () => {
  test('is connected, changed and disconnected without revealing the callback secret', async () => {
    const connection = await create({ name: 'shop' });
    const environment = environmentOf(connection, { SCOPE_PROJECT: 'shop' });
    const first = await customerStack(environment);
    expect((await first.terraform('plan', '-out=plan')).code).toBe(0);
    const plan = await first.terraform('show', '-json', 'plan');
    const applied = await first.terraform('apply', 'plan');
    expect(applied.output).toMatch(
      new RegExp(`connected to ${customer.accountId}.*\n {2}Scope {4}shop$`, 'm'),
    );
    expect(applied.code).toBe(0);

    const connected = await read(connection.id);
    expect(connected).toMatchObject({
      status: 'connected',
      accountId: customer.accountId,
      scopes: [{ project: 'shop' }],
      verification: { result: 'passed', accountId: customer.accountId },
    });
    expect(outcomesOf(connected)).toEqual(checkNames.map((name) => [name, 'passed']));
    expect(callbacks()).toEqual(['role.provisioned 200']);

    // Nothing has changed: nothing is sent.
    expect((await first.apply()).output).toMatch(/0 added, 0 changed, 0 destroyed/);
    expect(callbacks()).toHaveLength(1);

    // Another scope: the same role, one callback, and the old scope is free.
    const elsewhere = { ...environment, SCOPE_ENVIRONMENT: 'production' };
    expect((await (await customerStack(elsewhere)).apply()).output).toMatch(/Scope {4}shop\/production$/m);
    const moved = await read(connection.id);
    expect(moved).toMatchObject({
      status: 'connected',
      roleArn: connected.roleArn,
      scopes: [{ project: 'shop', environment: 'production' }],
    });
    expect(callbacks()).toEqual(['role.provisioned 200', 'role.provisioned 200']);
    expect((await vendor.call('GET', '/v1/resolve?project=shop&environment=production')).status).toBe(200);
    expect((await vendor.call('GET', '/v1/resolve?project=shop')).body.code).toBe('no_connection_for_target');

    // Other permissions: again one callback, and the connection is never disconnected in between.
    const rights =
      "{ managedPolicies: ['SecurityAudit'], statements: [{ actions: ['s3:GetObject'], resources: ['*'] }] }";
    const widened = await customerStack(elsewhere, (text) => text.replace("'read-only'", rights));
    expect((await widened.apply()).code).toBe(0);
    expect(callbacks()).toEqual(Array(3).fill('role.provisioned 200'));
    const changed = await read(connection.id);
    expect(changed).toMatchObject({ status: 'connected', roleArn: connected.roleArn, scopes: moved.scopes });
    expect(changed.verification.startedAt > moved.verification.startedAt).toBe(true);
    expect(iamCallsSinceStart('AttachRolePolicy', 'PutRolePolicy', 'DetachRolePolicy')).toEqual([
      'AttachRolePolicy',
      'AttachRolePolicy',
      'DetachRolePolicy',
      // The role's self-inspection, and the customer's statements.
      'PutRolePolicy',
      'PutRolePolicy',
    ]);

    const destroyed = await widened.destroy();
    expect(destroyed.code).toBe(0);
    expect(destroyed.output).toMatch(/: disconnected$/m);
    expect(await read(connection.id)).toMatchObject({ status: 'disconnected', reason: 'deprovisioned' });
    expect(callbacks()).toEqual([...Array(3).fill('role.provisioned 200'), 'role.deprovisioned 200']);
    expect((await vendor.call('GET', '/v1/resolve?project=shop&environment=production')).body).toMatchObject({
      connection: { id: connection.id, status: 'disconnected' },
    });

    const written = [plan.output, output, ...filesIn(folder), ...vendor.logs, ...filesIn(vendor.directory)];
    expect(written.length).toBeGreaterThan(10);
    for (const text of written) expectNoSecret(text, connection.callbackSecret);
  });

  test('with another external ID fails with the input to change, and connects after the change', async () => {
    const connection = await create({ name: 'shop', scope: { project: 'shop' } });
    const environment = environmentOf(connection);
    const wrong = await customerStack({ ...environment, CONNECT_EXTERNAL_ID: 'copied-from-another-page' });
    const refused = await wrong.apply();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/ {2}FAIL {2}External ID\n/);
    expect(refused.output).toMatch(/not ready to connect \(external_id_mismatch\)/);
    // The secret alone doesn't reveal the right account.
    expect(refused.output).toContain("    - externalId: 'copied-from-another-page',\n");
    expect(refused.output).not.toContain(connection.externalId);
    expect(refused.output).not.toMatch(/paste/i);
    expect((await read(connection.id)).status).toBe('pending');
    expect(iamCallsSinceStart('CreateRole')).toEqual([]);

    const repaired = await (await customerStack(environment)).apply();
    expect(repaired.output).toMatch(/connected to \d+/);
    expect(repaired.code).toBe(0);
    expect(await read(connection.id)).toMatchObject({ status: 'connected' });
    expect(callbacks()).toEqual(['role.provisioned 200']);
  });

  test('for a scope of another connection fails before any call to AWS, and connects elsewhere', async () => {
    const holder = await create({ name: 'the holder', scope: { project: 'shop' } });
    const connection = await create({ name: 'the second' });
    const refused = await (await customerStack(environmentOf(connection, { SCOPE_PROJECT: 'shop' }))).apply();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/not connected \(scope_taken\)/);
    expect(refused.output).toMatch(/"the holder"/);
    expect(assumeRoleCalls()).toHaveLength(0);
    expect(await read(connection.id)).toMatchObject({ status: 'pending', scopes: [] });
    expect(await read(holder.id)).toMatchObject({ status: 'pending', scopes: [{ project: 'shop' }] });

    const free = environmentOf(connection, { SCOPE_PROJECT: 'warehouse' });
    expect((await (await customerStack(free)).apply()).code).toBe(0);
    expect(await read(connection.id)).toMatchObject({
      status: 'connected',
      scopes: [{ project: 'warehouse' }],
    });
  });

  test('in an unexpected account fails before any call to AWS, and connects there after a correction', async () => {
    const expected = vendor.sandbox.createAccount();
    const connection = await create({ name: 'shop', expectedAccountId: expected.accountId });
    const refused = await (await customerStack(environmentOf(connection))).apply();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/not ready to connect \(account_mismatch\)/);
    expect(iamCallsSinceStart('CreateRole')).toEqual([]);
    expect(assumeRoleCalls()).toHaveLength(0);
    // A role of an unexpected account is not stored: it belongs to no connection until the right one is deployed.
    const pending = await read(connection.id);
    expect(pending.status).toBe('pending');
    expect(pending).not.toHaveProperty('roleArn');
  });

  test('signed with the secret of another connection is rejected, and that connection is unchanged', async () => {
    const connection = await create({ name: 'shop' });
    const other = await create({ name: 'other' });
    const refused = await (
      await customerStack({
        ...environmentOf(connection),
        CONNECT_CALLBACK_SECRET: other.callbackSecret,
      })
    ).apply();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/not ready to connect \(callback_unauthorized\)/);
    for (const { id } of [connection, other]) expect((await read(id)).status).toBe('pending');
  });
});

check('the stack of examples/two-accounts', () => {
  test('connects two accounts, each with its own secret', async () => {
    const accounts = { staging: customer, production: vendor.sandbox.createAccount() };
    const staging = await create({ name: 'staging', expectedAccountId: accounts.staging.accountId });
    const production = await create({ name: 'production', expectedAccountId: accounts.production.accountId });
    const credentials = join(folder, 'credentials');
    writeFileSync(
      credentials,
      Object.entries(accounts)
        .map(
          ([profile, { admin }]) =>
            `[${profile}]\naws_access_key_id = ${admin.accessKeyId}\naws_secret_access_key = ${admin.secretAccessKey}\n`,
        )
        .join('\n'),
    );
    const environment: CustomerEnvironment = {
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_CONFIG_FILE: join(folder, 'no-config'),
      AWS_ENDPOINT_URL: vendor.sandbox.url,
      AWS_EC2_METADATA_DISABLED: 'true',
      [`CONNECT_CALLBACK_SECRET_${staging.id.toUpperCase()}`]: staging.callbackSecret,
      [`CONNECT_CALLBACK_SECRET_${production.id.toUpperCase()}`]: production.callbackSecret,
    };
    const stack = await customerStack(
      environment,
      replaced({
        'arn:aws:iam::123456789012:role/vendor': staging.principal,
        'https://vendor.example/v1/callbacks': staging.callbackUrl,
        '210987654321': accounts.staging.accountId,
        con_staging0000: staging.id,
        'the-external-id-of-staging': staging.externalId,
        '321098765432': accounts.production.accountId,
        con_production00: production.id,
        'the-external-id-of-production': production.externalId,
      }),
      'two-accounts',
    );
    const applied = await stack.apply();
    expect(applied.output).toMatch(/Scope {4}shop\/staging$/m);
    expect(applied.output).toMatch(/Scope {4}shop\/production$/m);
    expect(applied.code).toBe(0);
    expect(await read(staging.id)).toMatchObject({
      status: 'connected',
      accountId: accounts.staging.accountId,
    });
    expect(await read(production.id)).toMatchObject({
      status: 'connected',
      accountId: accounts.production.accountId,
    });

    expect((await stack.destroy()).code).toBe(0);
    for (const { id, callbackSecret } of [staging, production]) {
      expect((await read(id)).status).toBe('disconnected');
      for (const text of [output, ...filesIn(folder), ...vendor.logs]) expectNoSecret(text, callbackSecret);
    }
  });
});

/** A new connection as the vendor's page shows it to the customer. */
async function create(request: object) {
  const { status, body } = await vendor.call('POST', '/v1/connections', request);
  expect(status).toBe(201);
  return { ...body, trustPolicy: asObject(body.trustPolicy) };
}

async function read(id: string) {
  return (await vendor.call('GET', `/v1/connections/${id}`)).body;
}

function environmentOf(
  connection: Awaited<ReturnType<typeof create>>,
  scope: CustomerEnvironment = {},
): CustomerEnvironment {
  return {
    CONNECT_CONNECTION_ID: connection.id,
    CONNECT_EXTERNAL_ID: connection.externalId,
    CONNECT_PRINCIPAL: connection.principal,
    CONNECT_CALLBACK_URL: connection.callbackUrl,
    CONNECT_CALLBACK_SECRET: connection.callbackSecret,
    AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: vendor.sandbox.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...scope,
  };
}

/** The stack synthesized and initialized; in the same test, on the state that it had. */
async function customerStack(
  environment: CustomerEnvironment,
  edit?: (program: string) => string,
  example = 'smallest',
) {
  if (!terraform) throw new Error('There is no Terraform.');
  const run = terraformIn(await synthesize(example, folder, environment, edit), terraform, environment);
  const shown = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(...words);
    // Terraform says which resource each line of a script is from; the line itself is what matters here.
    const text = (stdout + stderr).replace(/^.* \(local-exec\): /gm, '');
    output += text;
    return { code, output: text };
  };
  expect(await shown('init', '-no-color')).toMatchObject({ code: 0 });
  return {
    terraform: (command: string, ...words: string[]) => shown(command, '-no-color', ...words),
    apply: () => shown('apply', '-auto-approve', '-no-color'),
    destroy: () => shown('destroy', '-auto-approve', '-no-color'),
  };
}

function replaced(values: Record<string, string>) {
  return (program: string) =>
    Object.entries(values).reduce((text, [placeholder, value]) => {
      expect(text).toContain(placeholder);
      return text.replaceAll(placeholder, value);
    }, program);
}

/** Requests that the callback script reported; the service's log must agree. */
function callbacks(): string[] {
  const starts = { 'role reported': 'role.provisioned', 'reporting that': 'role.deprovisioned' };
  const sent = [...output.matchAll(/^\S+: (role reported|reporting that|checking secret)/gm)].map(
    ([, start]) => starts[start as keyof typeof starts] ?? 'connection.check',
  );
  const logged = vendor.logs.map((line) => JSON.parse(line)).filter(({ route }) => route === '/v1/callbacks');
  expect(logged).toHaveLength(sent.length);
  return sent
    .map((type, index) => `${type} ${logged[index].status}`)
    .filter((each) => !each.startsWith('connection.check'));
}

function iamCallsSinceStart(...actions: string[]): string[] {
  return vendor.sandbox.requests
    .map(({ action }) => action)
    .filter((action) => actions.includes(action))
    .sort();
}

function assumeRoleCalls() {
  return vendor.sandbox.requests.filter(({ action }) => action === 'AssumeRole');
}

function outcomesOf(connection: Awaited<ReturnType<typeof read>>) {
  return connection.verification.checks.map((made: { name: string; outcome: string }) => [
    made.name,
    made.outcome,
  ]);
}

const asObject = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);

/** Every file that the customer's or the vendor's side has written, but for the provider and the packages. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.terraform|node_modules|assets/.test(entry.parentPath))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}

function expectNoSecret(text: string, secret: string): void {
  expect(text).not.toContain(secret.slice('whsec_'.length));
}
