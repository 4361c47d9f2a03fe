import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Json } from '../constructs/synthesized.js';

const run = promisify(execFile);
const examples = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(path.join('examples', entry.name, 'main.ts')))
  // On the published package for cdktn: `constructs-package.test.ts` runs it.
  .filter(({ name }) => name !== 'cdk-terrain')
  .map((entry) => entry.name);

test('exist', () => {
  expect(examples.length).toBeGreaterThanOrEqual(8);
});

describe.each(examples)('%s', (name) => {
  test('synthesizes as it is, without a warning', async () => {
    const out = mkdtempSync(path.join(tmpdir(), 'rolebridge-example-'));
    try {
      const { stdout, stderr } = await run(
        process.execPath,
        ['--import', 'tsx', path.join('examples', name, 'main.ts')],
        { env: { PATH: process.env.PATH, HOME: process.env.HOME, CDKTF_OUTDIR: out } },
      );
      expect(stdout + stderr).toBe('');
      const { stacks } = JSON.parse(readFileSync(path.join(out, 'manifest.json'), 'utf8'));
      expect(Object.values<{ annotations: unknown[] }>(stacks).flatMap((each) => each.annotations)).toEqual(
        [],
      );
      const [stack] = readdirSync(path.join(out, 'stacks'));
      const folder = path.join(out, 'stacks', String(stack));
      const json = JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'));
      for (const resource of Object.values<Json>(json.resource.terraform_data)) {
        const { command, environment } = resource.provisioner[0]['local-exec'];
        expect(existsSync(path.join(folder, environment.CONNECT_SCRIPT ?? command))).toBe(true);
      }
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  test('starts with its purpose, and uses published packages only', () => {
    const text = readFileSync(path.join('examples', name, 'main.ts'), 'utf8');
    expect(text).toMatch(/^\/\*\*\s+(\* )?Use this /);
    expect(text).not.toMatch(/from '\.\.?\//);
  });
});

test('all-options has every option', () => {
  const example = readFileSync('examples/all-options/main.ts', 'utf8');
  const propsIn = (file: string, type: string) => {
    const [, body] =
      new RegExp(`interface ${type} [^{]*{\n(.*?)\n}`, 's').exec(readFileSync(file, 'utf8')) ?? [];
    return [...(body ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => String(match[1]));
  };
  const props = [
    ...propsIn('constructs/cross-account-role-props.ts', 'CrossAccountRoleProps'),
    ...propsIn('constructs/connection-callback.ts', 'CallbackOptions'),
    ...propsIn('constructs/connection-health.ts', 'ConnectionHealth'),
  ];
  expect(props.length).toBeGreaterThan(20);
  // Either this or roleName.
  const exclusive = ['roleNamePrefix'];
  expect(props.filter((prop) => !new RegExp(`\\b${prop}\\b`).test(example))).toEqual(exclusive);
});

test('the list of examples is complete', () => {
  const text = readFileSync('examples/README.md', 'utf8');
  for (const name of ['cdk-terrain', ...examples]) expect(text).toContain(`[${name}](${name}/main.ts)`);
});
