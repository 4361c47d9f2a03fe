/** `rolebridge setup`, the Dockerfile, compose.yaml and the systemd unit, as far as they run without an engine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { run } from '../../service/cli/index.js';
import { runCommandLine } from '../command-line.js';

const principal = 'arn:aws:iam::111122223333:role/rolebridge';
const folder = mkdtempSync(join(tmpdir(), 'rolebridge-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A terminal at which a person answers each question. */
function terminalWhere(answer: (question: string, stdin: PassThrough) => void) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  let shown = '';
  const output = {
    write(text: string) {
      shown += text;
      if (/: $/.test(text)) setImmediate(() => answer(text, stdin));
    },
  };
  return { terminal: { env: {}, stdin, stdout: output, stderr: output }, shown: () => shown };
}

describe('rolebridge setup', () => {
  const file = join(folder, 'rolebridge.env');
  const setup = (...words: string[]) => runCommandLine(['setup', '--file', file, ...words]);

  test('writes new keys once with mode 0600, prints the next command, and the file is valid', async () => {
    const made = await setup('--principal', principal, '--public-url', 'https://connect.vendor.example');
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(made.stdout).toContain(`set -a; . ${file}; set +a`);
    for (const [, secret = ''] of text.matchAll(/(?:KEYS|TOKEN)=(\S+)/g))
      expect(made.stdout).not.toContain(secret);
    const env = execFileSync('bash', ['--norc', '-c', `set -a; . '${file}'; env`], { encoding: 'utf8' });
    const settings = Object.fromEntries(
      env.split('\n').flatMap((line) => {
        const [, name, value] = /^(ROLEBRIDGE_\w+)=(.*)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, value ?? '']];
      }),
    );
    const org = await runCommandLine(['org', 'create', 'acme'], {
      env: { ...settings, ROLEBRIDGE_DATA_DIR: join(folder, 'data') },
    });
    expect(org.code).toBe(0);

    const again = await setup('--principal', principal);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('never overwritten')]);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('asks for missing values at a terminal, and rejects invalid ones', async () => {
    const { terminal, shown } = terminalWhere((question, stdin) =>
      stdin.write(question.startsWith('ARN') ? `${principal}\n` : '\n'),
    );
    const asked = join(folder, 'asked.env');
    expect(await run(['setup', '--file', asked], terminal)).toBe(0);
    expect(shown()).toContain('ARN of the IAM role');
    expect(readFileSync(asked, 'utf8')).toContain(`ROLEBRIDGE_PRINCIPAL=${principal}\n`);
    const wrong = await runCommandLine(['setup', '--file', join(folder, 'x.env'), '--principal', 'me']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--principal: must be')]);
    expect((await runCommandLine(['setup', '--file', join(folder, 'y.env')])).code).toBe(2);
  });

  test('canceled at the terminal, exits with 2 and writes nothing', async () => {
    const { terminal, shown } = terminalWhere((_question, stdin) => stdin.end());
    expect(await run(['setup', '--file', join(folder, 'canceled.env')], terminal)).toBe(2);
    expect(shown()).toContain('rolebridge: Canceled. Nothing was changed.');
    expect(existsSync(join(folder, 'canceled.env'))).toBe(false);
  });
});

test('--version prints only the version of the package', () => {
  const { version } = JSON.parse(readFileSync('service/package.json', 'utf8'));
  const shown = spawnSync(process.execPath, ['--import', 'tsx', 'service/main.ts', '--version'], {
    encoding: 'utf8',
  });
  expect([shown.stdout, shown.stderr]).toEqual([`${version}\n`, '']);
});

test('the systemd unit is valid', () => {
  const checked = spawnSync('systemd-analyze', ['verify', 'deploy/rolebridge.service'], { encoding: 'utf8' });
  if (checked.error) {
    process.stdout.write('not checked: the systemd unit (systemd-analyze is not installed)\n');
    return;
  }
  // The program is not installed here.
  const complaints = checked.stderr
    .split('\n')
    .filter((line) => line !== '' && !/\/opt\/rolebridge/.test(line));
  expect(complaints).toEqual([]);
});
