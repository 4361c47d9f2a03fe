import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PRESET_POLICIES } from '../../constructs/iam/permissions.js';
import { builtCallback } from '../../service/templates/built-callback.js';
import {
  awsCliCommands,
  cdkProgram,
  cloudFormationTemplate,
  permissionPresets,
  type RoleDescription,
} from '../../service/templates/index.js';
import { hclText, jsonText, shellWord, yamlText } from '../../service/templates/quoting.js';
import { hostileTexts } from '../templates/hostile.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let folder: string;
beforeAll(async () => {
  vendor = await startVendor({ templateUrl: 'https://bucket.s3.us-east-1.amazonaws.com/rolebridge.yaml' });
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-ways-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await vendor.close();
});

const create = async (body: object = {}) =>
  (await vendor.call('POST', '/v1/connections', { name: '"; process.exit(1) //', ...body })).body;

it('has the external ID and the principal, and no secret, in every template', async () => {
  const body = await create({ expectedAccountId: '210987654321' });
  const { console: link, consolePolicy, cloudFormationLink, ...texts } = body.roleTemplates;
  expect(consolePolicy).toContain(body.expectedAccountId);
  expect(Object.keys(texts).sort()).toEqual([
    ...['awsCli', 'cdktf', 'cdktn', 'cloudFormation', 'terraform', 'terraformModule'],
  ]);
  expect(link).toContain(body.externalId);
  for (const text of Object.values<string>(texts)) {
    expect(text).toContain(body.externalId);
    expect(text).toContain(body.principal);
    expect(text).toContain(body.id);
    expect(text).toContain(body.expectedAccountId);
    expect(text).not.toContain(body.callbackSecret);
    expect(text).not.toContain(body.statusToken);
  }
});

it('opens CloudFormation with the values of the connection, without its secret', async () => {
  const body = await create({ scope: { project: 'shop' } });
  const link = new URL(body.roleTemplates.cloudFormationLink);
  expect(link.host).toBe('console.aws.amazon.com');
  expect(Object.fromEntries(new URLSearchParams(link.hash.split('?')[1]))).toEqual({
    templateURL: 'https://bucket.s3.us-east-1.amazonaws.com/rolebridge.yaml',
    stackName: 'vendor-access',
    param_ConnectionId: body.id,
    param_ExternalId: body.externalId,
    param_Permissions: 'read-only',
    param_Scope: '{"project":"shop"}',
  });
});

it('returns the templates later, with the options of the role', async () => {
  const { id, externalId, trustPolicy, callbackSecret } = await create();
  const path = `/v1/connections/${id}/role-templates`;
  const { status, body } = await vendor.call('GET', path);
  expect([status, body.externalId, body.trustPolicy]).toEqual([200, externalId, trustPolicy]);
  expect(JSON.stringify(body)).not.toContain(callbackSecret);
  const query =
    'managedPolicies=SecurityAudit,job-function/ViewOnlyAccess&roleName=vendor&path=/a/&maxSessionDuration=7200&allowSessionTags=true&allowSourceIdentity=true';
  const chosen = (await vendor.call('GET', `${path}?${query}`)).body;
  expect(chosen.trustPolicy.Statement[0].Action).toEqual([
    'sts:AssumeRole',
    'sts:TagSession',
    'sts:SetSourceIdentity',
  ]);
  const { console: link, ...texts } = chosen.roleTemplates;
  expect(texts).not.toHaveProperty('cloudFormationLink');
  expect(link).toContain('roleName=vendor');
  for (const text of Object.values<string>(texts))
    for (const value of ['policy/job-function/ViewOnlyAccess', 'vendor', '/a/', '7200', 'sts:TagSession'])
      if (text === texts.awsCli || text === texts.terraform) expect(text).toContain(value);
  expect(texts.cdktf).toContain(
    'permissions: { managedPolicies: ["SecurityAudit", "job-function/ViewOnlyAccess"] }',
  );
  expect(texts.cdktf).toContain('allowSourceIdentity: true');
  for (const input of [
    /managed_policies += \{\n +SecurityAudit += "arn:aws:iam::aws:policy\/SecurityAudit"\n/,
    /role_name += "vendor"\n/,
    /path += "\/a\/"\n/,
    /max_session_duration += 7200\n/,
    /allow_session_tags += true\n/,
    /allow_source_identity += true\n/,
  ])
    expect(texts.terraformModule).toMatch(input);
  expect(texts.terraformModule).not.toMatch(/permissions +=/);
});

it.each([
  'permissions=root',
  'permissions=read-only&managedPolicies=SecurityAudit',
  'managedPolicies=a%20b',
  'managedPolicies=$(x)',
  "managedPolicies=arn:aws:iam::aws:policy/'x",
  'roleName=%0a',
  'roleName=a/b',
  'path=a',
  'path=//',
  'maxSessionDuration=60',
  'maxSessionDuration=43201',
  'allowSessionTags=yes',
  'principal=arn:aws:iam::111122223333:root',
  'externalId=mine',
])('rejects role-templates?%s', async (query) => {
  const { id } = await create();
  const { status, body } = await vendor.call('GET', `/v1/connections/${id}/role-templates?${query}`);
  expect([status, body.code]).toEqual([400, 'request_invalid']);
});

it("hides another organization's", async () => {
  const { id } = await create();
  const other = await vendor.service.createOrganization('other');
  const answer = await vendor.call('GET', `/v1/connections/${id}/role-templates`, undefined, other.apiKey);
  expect([answer.status, answer.body.code]).toEqual([404, 'connection_not_found']);
});

it('offers the Terraform module for download, with the script of the constructs', async () => {
  const response = await fetch(`${vendor.service.url}/downloads/terraform-module.tar.gz`);
  expect(response.status).toBe(200);
  writeFileSync(join(folder, 'module.tar.gz'), Buffer.from(await response.arrayBuffer()));
  mkdirSync(join(folder, 'module'));
  execFileSync('tar', ['-xzf', '../module.tar.gz'], { cwd: join(folder, 'module') });
  const files = (directory: string) =>
    Object.fromEntries(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    );
  expect(files(join(folder, 'module'))).toEqual(files(resolve('service/terraform-module')));
  expect(files(join(folder, 'module'))['rolebridge-callback.cjs']).toBe(
    readFileSync(resolve('constructs/callback-script/rolebridge-callback.cjs'), 'utf8'),
  );
  const etag = response.headers.get('etag') ?? '';
  const again = await fetch(response.url, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
});

it("offers the vendor's CloudFormation template for download, without customer data", async () => {
  const { externalId, id } = await create();
  const response = await fetch(`${vendor.service.url}/downloads/cloudformation.yaml`);
  const text = await response.text();
  expect(text).toContain(vendor.principal);
  expect(text).toContain(`${vendor.service.url}/v1/callbacks`);
  expect(text).not.toContain(externalId);
  expect(text).not.toContain(id);
  expect((await fetch(response.url, { method: 'POST' })).status).toBe(405);
});

it('offers the permissions of the constructs, each with an explanation', () => {
  expect(
    Object.fromEntries(Object.entries(permissionPresets).map(([name, { policy }]) => [name, policy])),
  ).toEqual(PRESET_POLICIES);
  for (const { sentence } of Object.values(permissionPresets)) expect(sentence).toMatch(/^[A-Z].{20,}\.$/);
});

it.each(['lambda-callback', 'lambda-enrollment'] as const)(
  'creates an inline function for the %s that fits a template and is one YAML string',
  (name) => {
    const source = builtCallback(name);
    // A template that is not in a bucket may have 51,200 bytes, and a StackSet's has both functions.
    expect(source.length).toBeLessThan(15_000);
    expect(source).toMatch(/^[\n\x20-\x7e]*$/);
  },
);

test.each(hostileTexts)('%j stays a value in each language', (text) => {
  const wellFormed = text.replace('\ud800', '\ufffd');
  expect(JSON.parse(jsonText(text))).toBe(wellFormed);
  expect(new Function(`return ${jsonText(text)}`)()).toBe(wellFormed);
  // HCL: no template begins, and only escapes that HCL knows.
  const hcl = hclText(text);
  expect(hcl).not.toMatch(/[$%]\{/);
  expect(hcl.replace(/\\\\/g, '')).not.toMatch(/\\[^nrt"u]/);
  expect(JSON.parse(hcl)).toBe(wellFormed);
  const printed = execFileSync('bash', ['--norc', '-c', `printf %s ${shellWord(text)}; echo -n .`], {
    cwd: folder,
  });
  expect(printed.toString()).toBe(`${wellFormed}.`);
  // YAML's double quotes know every escape of JSON's; nothing else is used for texts in one line.
  expect(yamlText({ key: text })).toBe(`\nkey: ${jsonText(text)}\n`);
});

/** Past all that refuses such values before they come so far. */
const hostileRole = (text: string) =>
  ({
    connectionId: text,
    externalId: text,
    principal: text,
    callbackUrl: text,
    permissions: { managedPolicies: [text] },
    roleName: text,
    path: text,
    scope: { project: text },
    partition: 'aws',
  }) as unknown as RoleDescription;

test.each(hostileTexts)('the AWS CLI gets %j unchanged, and nothing else is run', (text) => {
  const tools = mkdtempSync(join(folder, 'tools-'));
  const tool = (name: string, script: string) => {
    writeFileSync(join(tools, name), `#!/bin/bash\nprintf '%s\\0' "$@" >>"$CALLS"\n${script}\n`, {
      mode: 0o755,
    });
  };
  tool('aws', 'case "$*" in *Tags*) exit 1 ;; esac; echo arn');
  tool('curl', "echo 'console.log(process.env.CONNECT_SCOPE)'");
  const calls = join(tools, 'calls');
  execFileSync('bash', ['--norc', '-c', awsCliCommands(hostileRole(text))], {
    cwd: tools,
    env: {
      ...process.env,
      PATH: `${tools}:${process.env.PATH}`,
      CALLS: calls,
      CONNECT_CALLBACK_SECRET: `whsec_${'A'.repeat(43)}=`,
    },
  });
  const given = readFileSync(calls, 'utf8').split('\0');
  const wellFormed = text.replace('\ud800', '\ufffd');
  expect(given.slice(given.indexOf('create-role'), given.indexOf('create-role') + 3)).toEqual([
    'create-role',
    '--role-name',
    wellFormed,
  ]);
  expect(given[given.indexOf('--path') + 1]).toBe(wellFormed);
  expect(readdirSync(tools).sort()).toEqual(['aws', 'calls', 'curl']);
});

test.each(hostileTexts)('the program and the template have %j as one string', (text) => {
  const role = hostileRole(text);
  expect(cdkProgram(role, 'cdktn')).toContain(`  externalId: ${jsonText(text)},\n`);
  expect(cdkProgram(role, 'cdktn').split('\n')).toHaveLength(
    cdkProgram(hostileRole('a'), 'cdktn').split('\n').length,
  );
  expect(cloudFormationTemplate(role)).toContain(`    Default: ${jsonText(text)}\n`);
  expect(cloudFormationTemplate(role).split('\n')).toHaveLength(
    cloudFormationTemplate(hostileRole('a')).split('\n').length,
  );
});
