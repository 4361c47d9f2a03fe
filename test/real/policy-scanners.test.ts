/** Findings of Terraform scanners about the synthesized role. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { synthesize } from '../customer-stack.js';
import { findCommand, notChecked, runCommand } from './tools.js';

const checkov = findCommand('checkov');
const trivy = findCommand('trivy');
const examples = ['smallest', 'own-policies', 'permissions-boundary', 'govcloud'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rolebridge-scan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('checkov', () => {
  if (!checkov) {
    it('is not installed', () => notChecked('the synthesized role with checkov'));
    return;
  }
  // Checks of trust policies; see docs/security.md.
  it.each(examples)('has no finding about the trust policy of %s', async (example) => {
    const stack = await synthesize(example, folder, {});
    const { stdout } = await runCommand(checkov, [
      ...['--directory', stack.folder, '--framework', 'terraform', '--output', 'json', '--compact'],
      ...['--check', 'CKV_AWS_60,CKV_AWS_61'],
    ]);
    const { summary } = JSON.parse(stdout);
    expect(summary.failed).toBe(0);
    expect(summary.passed).toBeGreaterThan(0);
  });
});

describe('trivy', () => {
  if (!trivy) {
    it('is not installed', () => notChecked('the synthesized role with trivy'));
    return;
  }
  it.each(examples)('finds nothing in the IAM of %s', async (example) => {
    const stack = await synthesize(example, folder, {});
    const { stdout } = await runCommand(trivy, ['config', '--quiet', '--format', 'json', stack.folder]);
    const results: { Misconfigurations?: { ID: string; CauseMetadata?: { Service?: string } }[] }[] =
      JSON.parse(stdout).Results ?? [];
    const found = results
      .flatMap(({ Misconfigurations = [] }) => Misconfigurations)
      .filter(({ CauseMetadata }) => CauseMetadata?.Service === 'iam')
      .map(({ ID }) => ID);
    // The customer's own statements with wildcards, where an example is about them.
    expect(found.filter((id) => !['AVD-AWS-0057', 'AWS-0057'].includes(id))).toEqual([]);
  });
});
