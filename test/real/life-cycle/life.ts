/** One vendor, one customer's account and one configuration that Terraform applies again and again. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startVendor } from '../../vendor.js';
import { mirroredProviderVersion, mirrorOf, runCommand, type TerraformTool } from '../tools.js';
import type { Choices, Configuration, Json, Write } from './configurations.js';
import { startProvider } from './provider-process.js';

export type Life = Awaited<ReturnType<typeof startLife>>;

export async function startLife(terraform: TerraformTool, kind: string, write: Write) {
  const vendor = await startVendor({ propagationDelayMs: 0, propagationWindowMs: 3_000 });
  const providerVersion = mirroredProviderVersion(terraform) ?? '>= 5.0';
  const { accountId, admin } = vendor.sandbox.createAccount();
  const connect = async (name: string, expectedAccountId = accountId): Promise<Json> =>
    (await vendor.call('POST', '/v1/connections', { name, scopeFrom: 'callback', expectedAccountId })).body;
  const connection = await connect('shop');
  const environment: Record<string, string> = {
    ...terraform.env,
    CONNECT_CALLBACK_SECRET: connection.callbackSecret,
    AWS_ACCESS_KEY_ID: admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: vendor.sandbox.url,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const provider = await startProvider(mirrorOf(terraform), providerVersion, environment);
  const rows: string[] = [];
  let where = '';
  let lastRow = Date.now();

  const life = {
    vendor,
    environment,
    providerVersion,
    rows,
    connect,
    folder: mkdtempSync(path.join(tmpdir(), 'rolebridge-life-')),
    first: {
      id: 'vendor',
      connection,
      roleName: 'VendorAccess',
      path: '/',
      policies: ['ReadOnlyAccess'],
      project: 'shop',
    } as Choices,
    defaultTags: false,
    /** More connections in the same configuration. */
    others: [] as Choices[],
    /** False: Terraform starts the provider itself, as for providers that differ or an interrupt, which ends it. */
    sharesProvider: true,

    async tf(command: string, ...words: string[]) {
      const env = { ...environment, ...(life.sharesProvider && provider?.env) };
      const result = await runCommand(terraform.binary, [command, '-no-color', ...words], {
        cwd: where,
        env,
      });
      return { code: result.code, output: result.stdout + result.stderr };
    },
    async apply(...words: string[]) {
      const applied = await life.tf('apply', '-auto-approve', ...words);
      expect([applied.code, applied.code === 0 ? '' : applied.output]).toEqual([0, '']);
      return applied.output;
    },
    /** Interrupts the apply (SIGINT, as Ctrl-C) when its output has the text. */
    async interrupt(when: RegExp) {
      const child = spawn(terraform.binary, ['apply', '-auto-approve', '-no-color'], {
        cwd: where,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (when.test(output)) child.kill('SIGINT');
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      return { code, output };
    },
    /** Writes the configuration, and initializes the folder when it has to be. */
    async write(changed: Partial<Choices> = {}, { init = true } = {}) {
      life.first = { ...life.first, ...changed };
      const { defaultTags } = life;
      const configuration: Configuration = {
        connections: [life.first, ...life.others],
        defaultTags,
        providerVersion,
      };
      where = write(life.folder, configuration);
      if (init) expect([(await life.tf('init')).code]).toEqual([0]);
    },
    /** The folder moved, and nothing in it changed. */
    inFolder(folder: string) {
      where = path.join(folder, path.relative(life.folder, where));
      life.folder = folder;
    },
    statusOf: async ({ id }: Json) => (await vendor.call('GET', `/v1/connections/${id}`)).body,
    async addresses() {
      const { stdout } = await runCommand(terraform.binary, ['state', 'list'], {
        cwd: where,
        env: environment,
      });
      return stdout.split('\n').filter((line) => line !== '' && !/(^|\.)data\./.test(line));
    },
    row(step: string, outcome: string) {
      const seconds = ((Date.now() - lastRow) / 1000).toFixed(1);
      lastRow = Date.now();
      rows.push(`| ${kind} | ${step} | ${outcome} | ${seconds} s |`);
    },
    /** Connected in Terraform's words, the vendor's and IAM's. */
    async isTrue(step: string) {
      for (const choices of [life.first, ...life.others]) await hasPolicies(step, choices);
      const plan = await life.tf('plan', '-detailed-exitcode');
      expect([step, plan.code, plan.code === 0 ? '' : plan.output]).toEqual([step, 0, '']);
      life.row(step, 'connected, policies attached, plan empty');
    },
    async close() {
      provider?.stop();
      await vendor.close();
      rmSync(life.folder, { recursive: true, force: true });
    },
  };

  async function hasPolicies(step: string, { connection: of, policies, account }: Choices) {
    const now = await life.statusOf(of);
    expect([step, now.status]).toEqual([step, 'connected']);
    const name = now.roleArn.split('/').at(-1);
    const keyId = account?.accessKeyId ?? admin.accessKeyId;
    const iam = (action: string, element: string) =>
      namesIn(vendor.sandbox.url, keyId, action, name, element);
    const attached = await iam('ListAttachedRolePolicies', 'PolicyName');
    expect([step, attached.sort()]).toEqual([step, [...policies].sort()]);
    const inline = await iam('ListRolePolicies', 'member');
    expect([step, inline]).toEqual([step, expect.arrayContaining(['vendor-access'])]);
  }
  return life;
}

async function namesIn(url: string, keyId: string, action: string, role: string, element: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${keyId}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams({ Action: action, Version: '2010-05-08', RoleName: role }),
  });
  const names = (await response.text()).matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, 'g'));
  return [...names].map((match) => String(match[1]));
}
