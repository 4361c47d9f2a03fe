import { spawnSync } from 'node:child_process';
import { runCommandLine } from '../command-line.js';

const scriptFor = async (shell: string) => (await runCommandLine(['completion', shell])).stdout;

/** Bash's completions of the last word. */
async function offered(...line: string[]): Promise<string[]> {
  const program = `${await scriptFor('bash')}
COMP_WORDS=(rolebridge "$@"); COMP_CWORD=$#; _rolebridge; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', program, 'bash', ...line], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash offers the commands, their verbs and their options', async () => {
  expect(await offered('con')).toEqual(['connection']);
  expect(await offered('connection', 're')).toEqual(['rename', 'release-account']);
  expect(await offered('connection', 'rename', 'con_x', '--js')).toEqual(['--json']);
  expect(await offered('credentials', '--pro')).toEqual(['--project']);
  expect(await offered('credentials', '--json', '--env')).toEqual(['--environment']);
  expect(await offered('exec', '--project', 'shop', '--', 'ser')).toEqual([]);
});

test('bash offers every verb', async () => {
  expect(await offered('connection', '')).toEqual(
    expect.arrayContaining([
      'create',
      'list',
      'show',
      'verify',
      'rename',
      'delete',
      'role',
      'migrate-to-role',
    ]),
  );
});

test.each(['zsh', 'fish'])(
  'the script for %s has every command, and is valid where that shell is installed',
  async (shell) => {
    const script = await scriptFor(shell);
    for (const word of ['credentials', 'doctor', 'rotate-key', 'session-policy-file'])
      expect(script).toContain(word);
    const { error, status, stderr } = spawnSync(shell, ['-n', '-c', script], { encoding: 'utf8' });
    if (error)
      process.stdout.write(`not checked: the syntax of the completion for ${shell}: there is no ${shell}\n`);
    else expect([status, stderr]).toEqual([0, '']);
  },
);
