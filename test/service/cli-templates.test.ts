/** The ways to create the role and the enrollments, on the command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SignerCredentials } from '../../service/aws/sign-caller-proof.js';
import { runCommandLine } from '../command-line.js';
import { sessionOf } from '../enrolling-account.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let folder: string;
beforeAll(async () => {
  vendor = await startVendor();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-cli-ways-'));
});
afterAll(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

const rolebridge = (...words: string[]) =>
  runCommandLine(words, { env: { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_API_KEY: vendor.apiKey } });

test.each([
  ['terraform', 'terraform'],
  ['terraform-module', 'terraformModule'],
  ['cloudformation', 'cloudFormation'],
  ['aws-cli', 'awsCli'],
  ['cdktn', 'cdktn'],
  ['cdktf', 'cdktf'],
  ['console', 'console'],
])('connection template --format %s prints that template alone, without the secret', async (format, way) => {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
  const shown = await rolebridge('connection', 'template', body.id, '--format', format);
  expect([shown.code, shown.stderr]).toEqual([0, '']);
  expect(shown.stdout).toBe(`${body.roleTemplates[way].trimEnd()}\n`);
  expect(shown.stdout).not.toContain(body.callbackSecret);
});

test('connection template accepts the options of a role', async () => {
  const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop' });
  const words = ['connection', 'template', body.id, '--format', 'aws-cli'];
  const chosen = await rolebridge(...words, '--managed-policies', 'SecurityAudit', '--allow-session-tags');
  expect(chosen.stdout).toContain('policy/SecurityAudit');
  expect(chosen.stdout).toContain('sts:TagSession');
  const refused = await rolebridge(...words, '--permissions', 'root');
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toMatch(/^rolebridge: --permissions must be one of read-only, /);
  const wrong = await rolebridge('connection', 'template', body.id, '--format', 'pulumi');
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toContain(
    '--format must be one of cdktn, terraform, terraform-module, cloudformation, aws-cli, cdktf, console',
  );
});

test('an enrollment is created, shown and ended, and its secret is shown once', async () => {
  const rule = join(folder, 'rule.json');
  writeFileSync(rule, JSON.stringify({ otherwise: { project: 'shop', environment: '{account}' } }));
  const made = await rolebridge(
    ...['enrollment', 'create', 'acme', '--scope-rule', rule, '--accounts', '210987654321'],
    ...['--max-accounts', '5', '--expires-in', '1h', '--json'],
  );
  expect([made.code, made.stderr]).toEqual([0, '']);
  const { id, secret } = JSON.parse(made.stdout);
  expect(JSON.parse(made.stdout)).toMatchObject({ maxAccounts: 5, accountIds: ['210987654321'] });
  const shown = await rolebridge('enrollment', 'show', id);
  expect(shown.stdout).toMatch(/^accounts +0 of 5$/m);
  const template = await rolebridge('enrollment', 'template', id);
  const listed = await rolebridge('enrollment', 'list');
  expect(listed.stdout).toMatch(new RegExp(`^ID .*\\n${id} +acme +0 of 5 .*\\n$`));
  const { enrollments } = JSON.parse((await rolebridge('enrollment', 'list', '--json')).stdout);
  expect(enrollments).toEqual([expect.objectContaining({ id, registered: 0, maxAccounts: 5 })]);
  expect(template.stdout).toContain('Custom::VendorEnrollment');
  for (const text of [shown.stdout, listed.stdout, template.stdout]) expect(text).not.toContain(secret);
  expect((await rolebridge('enrollment', 'end', id)).stdout).toBe(`ended ${id}\n`);
  const gone = await rolebridge('enrollment', 'show', id);
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/^rolebridge: not_found: /)]);
  const unreadable = await rolebridge(
    'enrollment',
    'create',
    'acme',
    '--scope-rule',
    join(folder, 'none.json'),
  );
  expect([unreadable.code, unreadable.stdout]).toEqual([2, '']);
});

test('an account registers with the AWS credentials of the environment, and only as a role', async () => {
  const { sandbox } = vendor;
  const enrollment = (await vendor.call('POST', '/v1/enrollments', { name: 'acme', rolePattern: 'Admin*' }))
    .body;
  let url = enrollment.enrollmentUrl;
  const register = async (session: Partial<SignerCredentials>, ...words: string[]) => {
    const before = { ...process.env };
    // The SDK reads the process's own environment.
    process.env.AWS_ACCESS_KEY_ID = session.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = session.secretAccessKey;
    if (session.sessionToken) process.env.AWS_SESSION_TOKEN = session.sessionToken;
    try {
      return await runCommandLine(['enrollment', 'register', url, ...words], {
        env: { ROLEBRIDGE_ENROLLMENT_SECRET: enrollment.secret },
      });
    } finally {
      process.env = before;
    }
  };
  const done = await register(sessionOf(sandbox, '210987654321', 'Admins'), '--json');
  expect([done.code, done.stderr]).toEqual([0, '']);
  const { connectionId } = JSON.parse(done.stdout);
  expect((await vendor.call('GET', `/v1/connections/${connectionId}`)).body.expectedAccountId).toBe(
    '210987654321',
  );

  const other = await register(sessionOf(sandbox, '210987654321', 'Developers'));
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('account_not_proved: ')]);
  const user = await register(sandbox.createAccessKey('210987654321', 'admin'));
  expect([user.code, user.stderr]).toEqual([2, expect.stringContaining("are a user's")]);

  const proxy = createServer((_, response) => response.end('<h1>A proxy</h1>'));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/v1/enrollments/enr_x/accounts`;
  const elsewhere = await register(sessionOf(sandbox, '210987654321', 'Admins'));
  proxy.close();
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    1,
    expect.stringMatching(/^rolebridge: unexpected_answer: .*not a Rolebridge response/),
  ]);
});
