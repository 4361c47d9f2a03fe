import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PRESET_POLICIES } from '../../constructs/permissions.js';
import { lambdaSource } from '../../service/ways/cloudformation-lambda.js';
import { permissionPresets } from '../../service/ways/index.js';
import { hclText, jsonText, shellWord, yamlText } from '../../service/ways/quoting.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let folder: string;
beforeAll(async () => {
  vendor = await startVendor();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-ways-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await vendor.close();
});

const create = async (body: object = {}) =>
  (await vendor.call('POST', '/v1/connections', { name: '"; process.exit(1) //', ...body })).body;

it('answers with a CDKTF program that synthesizes as it is, to the trust policy that the service shows', async () => {
  const body = await create({ scope: { project: 'shop', environment: 'production' } });
  writeFileSync(join(folder, 'main.ts'), body.waysToCreateTheRole.cdktf);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  execFileSync(
    process.execPath,
    [resolve('node_modules/tsx/dist/cli.mjs'), '--tsconfig', resolve('tsconfig.json'), 'main.ts'],
    { cwd: folder },
  );
  const stack = JSON.parse(readFileSync(join(folder, 'cdktf.out/stacks/rolebridge/cdk.tf.json'), 'utf8'));
  const [role] = Object.values<{ assume_role_policy: string }>(stack.resource.aws_iam_role);
  expect(JSON.parse(role?.assume_role_policy ?? '')).toEqual(body.trustPolicy);
  expect(JSON.stringify(stack)).not.toContain(body.callbackSecret);
});

it('has the external ID and the principal, and no secret, in every way to create the role', async () => {
  const body = await create({ expectedAccountId: '210987654321' });
  const { console: link, ...texts } = body.waysToCreateTheRole;
  expect(Object.keys(texts).sort()).toEqual(['awsCli', 'cdktf', 'cloudFormation', 'terraform']);
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

it('offers the same permissions as the constructs, each with a sentence on what it allows', () => {
  expect(
    Object.fromEntries(Object.entries(permissionPresets).map(([name, { policy }]) => [name, policy])),
  ).toEqual(PRESET_POLICIES);
  for (const { sentence } of Object.values(permissionPresets)) expect(sentence).toMatch(/^[A-Z].{20,}\.$/);
});

it('makes an inline function that Lambda takes, and that is the same text in HCL and YAML', () => {
  expect(lambdaSource.length).toBeLessThanOrEqual(4096);
  expect(lambdaSource).toMatch(/^[\n\x20-\x7e]*$/);
  expect(lambdaSource).not.toMatch(/[\\`$%]/);
});

const hostile = [
  `'; touch pwned; '`,
  '$(touch pwned) `touch pwned`',
  '"; throw 1; //',
  '${file("/etc/passwd")} $${x} $$${y} %{ if true }',
  'a\\',
  'a\\"b',
  'line\nbreak\r\ttab \b\f\u007f',
  '- yes: [no] #',
  '\u2028\u2029\ufeff\ud800 é 漢',
];

test.each(hostile)('%j stays a value in each language', (text) => {
  const wellFormed = text.replace('\ud800', '\ufffd');
  expect(JSON.parse(jsonText(text))).toBe(wellFormed);
  expect(new Function(`return ${jsonText(text)}`)()).toBe(wellFormed);
  // HCL: no template begins, and only escapes that HCL knows.
  const hcl = hclText(text);
  expect(hcl).not.toMatch(/[$%]\{/);
  expect(hcl.replace(/\\\\/g, '')).not.toMatch(/\\[^nrt"u]/);
  expect(JSON.parse(hcl)).toBe(wellFormed);
  const printed = execFileSync('bash', ['-c', `printf %s ${shellWord(text)}; echo -n .`], { cwd: folder });
  expect(printed.toString()).toBe(`${wellFormed}.`);
  // YAML's double quotes know every escape of JSON's; nothing else is used for texts in one line.
  expect(yamlText({ key: text })).toBe(`\nkey: ${jsonText(text)}\n`);
});
