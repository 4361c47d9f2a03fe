/** `npx @rolebridge/aws-sandbox` as its user has it: the packed tarball in an empty folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { packed } from '../run/packed.js';

let command: string;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aws-sandbox-package-'));
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const { file } = await packed('aws-sandbox');
  await promisify(execFile)('npm', ['install', '--offline', '--no-audit', '--no-fund', file], {
    cwd: folder,
  });
  command = join(folder, 'node_modules/.bin/aws-sandbox');
}, 120_000);

let running: ChildProcess | undefined;
afterEach(() => running?.kill());

/** Its output until it exits, or until it has printed the last key. */
function run(...words: string[]) {
  const child = spawn(command, words);
  running = child;
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (stdout.split('AWS_SECRET_ACCESS_KEY=').length === 3 && stdout.endsWith('\n'))
        resolve({ code: null, stdout, stderr });
    });
  });
}

it('prints its endpoint and the keys of two accounts, which work', async () => {
  const { stdout } = await run('--port', '0');
  const [endpoint = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout) ?? [];
  const keys = [...stdout.matchAll(/AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+)/g)];
  const accounts = await Promise.all(
    keys.map(async ([, accessKeyId = '', secretAccessKey = '']) => {
      const sts = new STSClient({
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId, secretAccessKey },
      });
      return (await sts.send(new GetCallerIdentityCommand({}))).Account;
    }),
  );
  expect(accounts).toEqual(['111122223333', '444455556666']);
});

it('prints its version and its options', async () => {
  expect(await run('--version')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  });
  expect((await run('--help')).stdout).toContain('--propagation-delay-ms');
});

it.each([
  [['--prot', '1']],
  [['extra']],
  [['--port']],
  [['--port', 'http']],
  [['--port', '70000']],
  [['--propagation-delay-ms', '-1']],
  [['--port', '0', '--host', '203.0.113.1']],
])('reports %j in one line', async (words) => {
  const { code, stdout, stderr } = await run(...words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^aws-sandbox: [^\n]+ See --help\.\n$/);
});
