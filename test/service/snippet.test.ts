import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startVendor } from '../vendor.js';

it('answers with a CDKTF program that synthesizes as it is, to the trust policy that the service shows', async () => {
  const vendor = await startVendor();
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-snippet-'));
  try {
    const scope = { project: 'shop', environment: 'production' };
    const { body } = await vendor.call('POST', '/v1/connections', { name: '"; process.exit(1) //', scope });
    writeFileSync(join(folder, 'main.ts'), body.waysToCreateTheRole.cdktf);
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    execFileSync(
      process.execPath,
      [resolve('node_modules/tsx/dist/cli.mjs'), '--tsconfig', resolve('tsconfig.json'), 'main.ts'],
      {
        cwd: folder,
      },
    );
    const stack = JSON.parse(readFileSync(join(folder, 'cdktf.out/stacks/rolebridge/cdk.tf.json'), 'utf8'));
    const [role] = Object.values<{ assume_role_policy: string }>(stack.resource.aws_iam_role);
    expect(JSON.parse(role?.assume_role_policy ?? '')).toEqual(body.trustPolicy);
    expect(JSON.stringify(stack)).not.toContain(body.callbackSecret);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await vendor.close();
  }
});
