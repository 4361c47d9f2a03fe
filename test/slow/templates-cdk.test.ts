/** The program that the page gives for the constructs is one, on both frameworks. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startVendor, type Vendor } from '../vendor.js';

let vendor: Vendor;
let folder: string;
beforeAll(async () => {
  // The package for cdktn is used as it is published, compiled.
  if (!existsSync('constructs/dist/cdktn/index.js'))
    execFileSync('npm', ['run', 'build', '--workspace', 'constructs'], { stdio: 'ignore' });
  vendor = await startVendor();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-ways-'));
});
afterAll(() => vendor.close());

it.each(['cdktn', 'cdktf'])(
  'returns a %s program that synthesizes to the trust policy that the service shows',
  async (cdk) => {
    const { body } = await vendor.call('POST', '/v1/connections', {
      name: '"; process.exit(1) //',
      scope: { project: cdk, environment: 'production' },
    });
    const project = join(folder, cdk);
    mkdirSync(project);
    writeFileSync(join(project, 'main.ts'), body.roleTemplates[cdk]);
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
    execFileSync(
      process.execPath,
      [resolve('node_modules/tsx/dist/cli.mjs'), '--tsconfig', resolve('tsconfig.json'), 'main.ts'],
      { cwd: project },
    );
    const stack = JSON.parse(readFileSync(join(project, 'cdktf.out/stacks/vendor/cdk.tf.json'), 'utf8'));
    const [role] = Object.values<{ assume_role_policy: string }>(stack.resource.aws_iam_role);
    expect(JSON.parse(role?.assume_role_policy ?? '')).toEqual(body.trustPolicy);
    expect(JSON.stringify(stack)).not.toContain(body.callbackSecret);
  },
);
