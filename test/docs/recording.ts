/**
 * `npm run recording`: deploys a stack with real Terraform on the sandbox, first with a wrong external ID and then with
 * the right one, and draws what Terraform printed as `docs/public/deploy.svg`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize, terraformIn } from '../customer-stack.js';
import { findTerraform } from '../real/tools.js';
import { startVendor } from '../vendor.js';
import { terminalSvg } from './terminal-svg.js';

const tool = findTerraform();
if (tool === undefined) throw new Error('Terraform is not on the PATH. Install it and run this again.');

const vendor = await startVendor({ propagationWindowMs: 2_000, logLevel: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'deploy-recording-'));
try {
  const customer = vendor.sandbox.createAccount();
  const admin = vendor.sandbox.createAccessKey(customer.accountId, 'platform-engineer');
  const { body: connection } = await vendor.call('POST', '/v1/connections', {
    name: 'shop',
    scope: { project: 'shop' },
    expectedAccountId: customer.accountId,
  });
  const environment = {
    CONNECT_CONNECTION_ID: connection.id,
    CONNECT_PRINCIPAL: connection.principal,
    CONNECT_CALLBACK_URL: connection.callbackUrl,
    CONNECT_CALLBACK_SECRET: connection.callbackSecret,
    SCOPE_PROJECT: 'shop',
    AWS_ACCESS_KEY_ID: admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: vendor.sandbox.url,
  };
  const deploy = async (externalId: string) => {
    const stack = await synthesize('smallest', folder, {
      ...environment,
      CONNECT_EXTERNAL_ID: externalId,
    });
    const terraform = terraformIn(stack, tool, { ...environment, TF_CLI_ARGS: '-no-color' });
    await terraform('init');
    const { stdout, stderr } = await terraform('apply', '-auto-approve');
    return ['$ cdktn deploy', '', ...readable(stdout), ...readable(stderr)];
  };
  const mistyped = `${connection.externalId.slice(0, -4)}aaaa`;
  const lines = [...(await deploy(mistyped)), '', ...(await deploy(connection.externalId))]
    // A reader's vendor has a name.
    .map((line) => line.replace(vendor.service.url, 'https://vendor.example'))
    .filter((line, index, all) => line !== '' || all[index - 1] !== '');
  writeFileSync('docs/public/deploy.svg', terminalSvg(lines));
  console.log(lines.join('\n'));
} finally {
  await vendor.close();
  for (const each of [folder, vendor.directory]) rmSync(each, { recursive: true, force: true });
}

/** The callback's output with the relevant lines of Terraform. */
function readable(output: string): string[] {
  let isInCallback = false;
  return output.split('\n').flatMap((line) => {
    const [, printed] = /\(local-exec\): ?(.*)$/.exec(line) ?? [];
    if (printed !== undefined) {
      isInCallback = !/^Executing:/.test(printed);
      return isInCallback ? [printed.trimEnd()] : [''];
    }
    // Terraform puts no name before an empty line.
    if (line === '' && isInCallback) return [''];
    isInCallback = false;
    if (/^(│ )?Error: local-exec/.test(line)) return ['', `│ ${line.replace(/^│ /, '')}`];
    return /^aws_iam_role\.\S+: (Creation|Modifications) complete/.test(line)
      ? [line.replace(/ \[id=.*\]$/, '')]
      : /^Apply complete/.test(line)
        ? ['', line]
        : [];
  });
}
