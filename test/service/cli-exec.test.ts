/** `rolebridge exec` as a process: its command's environment, and both exit codes. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine, startCommandLine } from '../command-line.js';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let env: Record<string, string>;
let folder: string;

beforeAll(async () => {
  vendor = await startVendor();
  const { call, sandbox, apiKey } = vendor;
  const { body } = await call('POST', '/v1/connections', { name: 'shop', scope: { project: 'shop' } });
  const { accountId } = sandbox.createAccount();
  const { arn } = sandbox.createRole(accountId, { roleName: 'rolebridge', trustPolicy: body.trustPolicy });
  expect((await call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn })).status).toBe(200);
  env = { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_API_KEY: apiKey };
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-exec-'));
});
afterAll(async () => {
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

const script = (text: string) => ['exec', '--project', 'shop', '--', process.execPath, '-e', text];

test("the command's environment has these credentials and no other source of credentials", async () => {
  const others = {
    AWS_PROFILE: 'mine',
    AWS_DEFAULT_PROFILE: 'mine',
    AWS_ACCESS_KEY_ID: 'AKIAOFSOMEBODYELSE00',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere',
    AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/other',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/other',
    AWS_REGION: 'eu-central-1',
    UNRELATED: 'kept',
  };
  const { ended } = startCommandLine(script('console.log(JSON.stringify(process.env))'), {
    ...env,
    ...others,
  });
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  const seen = JSON.parse(stdout);
  expect(seen).toMatchObject({
    AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
    AWS_SECRET_ACCESS_KEY: expect.any(String),
    AWS_SESSION_TOKEN: expect.any(String),
    AWS_CREDENTIAL_EXPIRATION: expect.stringMatching(/Z$/),
    AWS_REGION: 'eu-central-1',
    UNRELATED: 'kept',
    ROLEBRIDGE_URL: vendor.service.url,
  });
  expect(
    Object.keys(seen)
      // The program itself silences the SDK's advice on Node versions.
      .filter((name) => /^AWS_(?!SDK_JS_)/.test(name))
      .sort(),
  ).toEqual([
    'AWS_ACCESS_KEY_ID',
    'AWS_CREDENTIAL_EXPIRATION',
    'AWS_REGION',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
  ]);
  // The command is to have one target's credentials, and not the key to all of them.
  expect(seen).not.toHaveProperty('ROLEBRIDGE_API_KEY');
});

test("prints only the command's output and returns its exit code", async () => {
  const { ended } = startCommandLine(
    script('console.log("out"); console.error("err"); process.exit(7)'),
    env,
  );
  expect(await ended).toEqual({ code: 7, signal: null, stdout: 'out\n', stderr: 'err\n' });
});

test.each([['SIGTERM'], ['SIGHUP'], ['SIGINT']] as const)(
  '%s reaches the command, which decides how it ends',
  async (signal) => {
    const { child, ended, shown } = startCommandLine(
      script(
        `process.on('${signal}', () => { console.log('told'); process.exit(9); }); setInterval(() => {}, 1000); console.log('up')`,
      ),
      env,
    );
    while (!shown().includes('up')) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 9, stdout: 'up\ntold\n' });
  },
);

test('a command killed by a signal returns 128 and its number, as in a shell', async () => {
  const { ended } = startCommandLine(script('process.kill(process.pid, "SIGKILL")'), env);
  expect((await ended).code).toBe(137);
});

test('the command’s options are passed through', async () => {
  const { ended } = startCommandLine(
    [
      ...['exec', '--project', 'shop', process.execPath, '-p'],
      'process.argv.slice(1).join()',
      ...['--', '--json', '--project', 'x'],
    ],
    env,
  );
  expect(await ended).toMatchObject({ code: 0, stdout: '--json,--project,x\n' });
});

test('a command that did not run returns 125, 126 or 127 with the reason', async () => {
  const refused = await runCommandLine(['exec', '--project', 'nobodys', '--', 'true'], { env });
  expect([refused.code, refused.stdout]).toEqual([125, '']);
  expect(refused.stderr).toMatch(/^rolebridge: no_connection_for_target: /);

  const missing = await runCommandLine(['exec', '-p', 'shop', '--', 'no-such-command-1'], { env });
  expect(missing).toEqual({
    code: 127,
    stdout: '',
    stderr: 'rolebridge: no-such-command-1 is not found: check its name and the PATH.\n',
  });

  const file = join(folder, 'not-executable');
  writeFileSync(file, '', { mode: 0o644 });
  const notExecutable = await runCommandLine(['exec', '-p', 'shop', '--', file], { env });
  expect(notExecutable.code).toBe(126);

  const mark = join(folder, 'mark');
  const unreachable = await runCommandLine(['exec', '-p', 'shop', '--', 'touch', mark], {
    env: { ...env, ROLEBRIDGE_URL: 'http://127.0.0.1:9' },
  });
  expect(unreachable.code).toBe(125);
  expect(existsSync(mark)).toBe(false);
});
