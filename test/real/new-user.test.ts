/**
 * As a new user would: an empty folder and the commands of the README's customer page, word for word, with the
 * packages from a registry, against sandbox and service.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SandboxAccount } from '../aws-sandbox/index.js';
import { type ApiAnswer, startVendor, type Vendor } from '../vendor.js';
import { findTerraform, mirroredProviderVersion, notChecked, runCommand } from './tools.js';
import { blocksOf, commandsOf, startRegistry } from './word-for-word.js';

const terraform = findTerraform();
const check = terraform ? describe : describe.skip;
if (!terraform) notChecked("the README's customer page: there is no terraform on the PATH");

let root: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
let vendor: Vendor;
let customer: SandboxAccount;

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'rolebridge-new-user-'));
  registry = await startRegistry(root, ['constructs']);
  vendor = await startVendor({ propagationDelayMs: 700 });
  customer = vendor.sandbox.createAccount();
});
afterAll(async () => {
  await vendor.close();
  registry.close();
  rmSync(root, { recursive: true, force: true });
});

check("the README's customer page", () => {
  const [setUp, deploy] = commandsOf('README.md', '## Connect your account (customer)');
  const hasCli = ({ cdk }: { cdk: string }) => cdk === 'cdktf' || nodeVersion() >= 22.19;

  test.each([{ cdk: 'cdktf' }, { cdk: 'cdktn' }])('in an empty folder, for $cdk', async ({ cdk }) => {
    const { body: connection } = await vendor.call('POST', '/v1/connections', { name: cdk });
    const { body: setup } = await vendor.call('POST', `/v1/connections/${connection.id}/setup-code`);
    const folder = mkdtempSync(path.join(root, `${cdk}-`));
    const inFolder = (commands: string) =>
      runCommand('bash', ['--norc', '-euc', filledIn(commands, setup.link, connection.callbackSecret)], {
        cwd: folder,
        env: environment(),
      });

    // Which of the two, where Node would decide; everything else is as it is written.
    const made = await inFolder(String(setUp).replace('init --yes', `init --yes --cdk ${cdk}`));
    expect(made.stdout + made.stderr).toContain(`A new ${cdk} project`);
    expect(made.code).toBe(0);

    // Only here: the bindings pin the newest provider, and a mirror has the one that it has.
    const main = path.join(folder, 'main.ts');
    const pin = `stack.addOverride('terraform.required_providers.aws.version', '${mirroredProviderVersion(terraform) ?? '>= 5.0'}');\n`;
    writeFileSync(main, readFileSync(main, 'utf8').replace('app.synth();', `${pin}app.synth();`));
    if (!hasCli({ cdk }))
      notChecked('the command line of cdktn: it needs Node 22.19; Terraform was started itself');
    // Answers on the terminal; the lock file would ask the registry for other platforms.
    const answers =
      cdk === 'cdktf' || hasCli({ cdk }) ? '--auto-approve --skip-provider-lock' : '-auto-approve';
    const deployed = await inFolder(`${String(deploy).trimEnd()} -- ${answers}`);
    expect(deployed.stdout + deployed.stderr).toMatch(`connected to ${customer.accountId}`);
    expect(deployed.code).toBe(0);
    const connected: ApiAnswer = await vendor.call('GET', `/v1/connections/${connection.id}`);
    expect(connected.body).toMatchObject({ status: 'connected', accountId: customer.accountId });

    const destroyed = await inFolder(
      `${String(deploy).trimEnd().replace('run deploy', 'run destroy')} -- ${answers}`,
    );
    expect(destroyed.stdout + destroyed.stderr).toMatch(/: disconnected/);
    expect(destroyed.code).toBe(0);
    for (const { stdout, stderr } of [made, deployed, destroyed])
      expect(stdout + stderr).not.toContain(connection.callbackSecret);
  });
});

check('docs/templates.md', () => {
  test('connects with the Terraform module, in an empty folder', async () => {
    const name = 'terraform';
    const made = { name, expectedAccountId: customer.accountId };
    const { body: connection } = await vendor.call('POST', '/v1/connections', made);
    const folder = mkdtempSync(path.join(root, 'terraform-'));
    const values: Record<string, string> = {
      'con_…': connection.id,
      'rb-…': connection.externalId,
      'arn:aws:iam::111122223333:role/rolebridge': connection.principal,
      'https://connect.vendor.example': vendor.service.url,
      'whsec_…': connection.callbackSecret,
    };
    const filled = (text: string) =>
      Object.entries(values).reduce((all, [placeholder, value]) => all.replaceAll(placeholder, value), text);
    const [main = ''] = blocksOf('docs/templates.md', '## Terraform', 'hcl');
    writeFileSync(path.join(folder, 'main.tf'), filled(main));
    const [deploy = ''] = commandsOf('docs/templates.md', '## Terraform');
    const inFolder = (commands: string) =>
      runCommand('bash', ['--norc', '-euc', filled(commands)], { cwd: folder, env: environment() });
    const applied = await inFolder(`${deploy.trimEnd()} -auto-approve`);
    expect(applied.stdout + applied.stderr).toMatch(`connected to ${customer.accountId}`);
    expect(applied.code).toBe(0);
    const destroyed = await inFolder(deploy.replace('terraform apply', 'terraform destroy -auto-approve'));
    expect(destroyed.stdout + destroyed.stderr).toMatch(/: disconnected/);
    expect(destroyed.code).toBe(0);
  });
});

/** The values of the vendor's page for the README's placeholders. */
function filledIn(commands: string, setupLink: string, callbackSecret: string): string {
  return commands
    .replace("'https://connect.vendor.example/#stp_…'", `'${setupLink}'`)
    .replace("CONNECT_CALLBACK_SECRET='whsec_…'", `CONNECT_CALLBACK_SECRET='${callbackSecret}'`);
}

function environment(): Record<string, string | undefined> {
  return {
    ...terraform?.env,
    ...registry.env,
    CI: '1',
    CDKTF_DISABLE_PLUGIN_CACHE_ENV: '1',
    AWS_ACCESS_KEY_ID: customer.admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: customer.admin.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: vendor.sandbox.url,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

const nodeVersion = (): number => Number(process.versions.node.split('.').slice(0, 2).join('.'));
