import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../real/tools.js';

test('the demo completes without Terraform and removes its files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-demo-test-'));
  try {
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      ['node_modules/tsx/dist/cli.mjs', 'test/demo/main.ts'],
      // A PATH with nothing on it: Node itself is started by its absolute path.
      { env: { PATH: folder, TMPDIR: folder, TMP: folder, TEMP: folder }, timeoutMs: 25_000 },
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('Terraform is not on the PATH');
    expect(stdout).toContain('refused  permissions_missing');
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^Done in \d+\.\d s: roles connected, resolved, .*refused where unsafe or insufficient, and disconnected\.$/,
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('rolebridge-'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
