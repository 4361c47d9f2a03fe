/** Hostile texts of a permission set in HCL, as Terraform itself reads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { iamStatement, permissionSetsOf } from '../../service/domain/permission-set.js';
import { hostileSets } from '../templates/hostile-sets.js';
import { startVendor, type Vendor } from '../vendor.js';
import { findTerraform, notChecked, runCommand } from './tools.js';

const terraform = findTerraform();
if (!terraform) notChecked('hostile permission sets in HCL: there is no terraform on the PATH');

let vendor: Vendor | undefined;
afterAll(() => vendor?.close());

(terraform ? test : test.skip)('Terraform reads each hostile text back as the value that it is', async () => {
  const tool = terraform as NonNullable<typeof terraform>;
  const sets = hostileSets();
  vendor = await startVendor({ permissionSets: permissionSetsOf(sets) });
  const folder = mkdtempSync(join(tmpdir(), 'hostile-sets-'));
  const run = (...words: string[]) => runCommand(tool.binary, words, { cwd: folder, env: tool.env });
  const outputs: string[] = [];
  for (const { name } of sets) {
    const { body } = await vendor.call('POST', '/v1/connections', { name: 'shop', permissionSet: name });
    const { terraform: text, terraformModule } = body.roleTemplates;
    writeFileSync(join(folder, `${name}.tf`), text);
    writeFileSync(join(folder, `${name}-module.tf`), terraformModule);
    const policies = [...text.matchAll(/policy = (jsonencode\(\{[\s\S]*?\n {2}\}\))\n/g)].map(
      ([, one]) => one,
    );
    // The trust policy and the one by which the role reads itself name other parts of the file.
    const ofTheSet = policies.filter((policy) => !/[ [](aws_iam_role|local)\.\w/.test(policy ?? ''));
    outputs.push(...ofTheSet.map((policy, at) => `output "${name}-${at}" { value = ${policy} }\n`));
  }
  const parsed = await run('fmt', '-list=false');
  expect([parsed.code, parsed.stderr]).toEqual([0, '']);

  const evaluated = mkdtempSync(join(folder, 'evaluated-'));
  writeFileSync(join(evaluated, 'main.tf'), outputs.join(''));
  const evaluate = (...words: string[]) => runCommand(tool.binary, words, { cwd: evaluated, env: tool.env });
  expect((await evaluate('init', '-no-color')).code).toBe(0);
  const applied = await evaluate('apply', '-auto-approve', '-no-color');
  expect([applied.code, applied.stderr]).toEqual([0, '']);
  const values: Record<string, { value: string }> = JSON.parse((await evaluate('output', '-json')).stdout);
  for (const { name, statements, denies } of sets) {
    const read = Object.entries(values)
      .filter(([key]) => key.startsWith(`${name}-`))
      .flatMap(([, { value }]) => JSON.parse(value).Statement);
    expect(read).toEqual(
      expect.arrayContaining([
        ...statements.map((one) => iamStatement(one, 'Allow')),
        ...denies.map((one) => iamStatement(one, 'Deny')),
      ]),
    );
  }
  rmSync(folder, { recursive: true, force: true });
});
