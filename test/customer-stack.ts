import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CommandResult, runCommand, type TerraformTool } from './real/tools.js';

const root = resolve(process.cwd());

/** The environment of a customer's shell during synth and deploy. */
export type CustomerEnvironment = Record<string, string>;

/** The synthesized Terraform JSON, as far as it is read here. */
export interface SynthesizedStack {
  readonly folder: string;
  readonly json: {
    resource: Record<string, Record<string, Record<string, unknown>>>;
    terraform: { backend?: unknown; required_providers: { aws: { source: string; version?: string } } };
  };
}

/**
 * Runs an example's program as `cdktf synth` would. The folder is the customer's project: synthesized there again,
 * the stack keeps its state.
 *
 * @param edit the program as the customer has changed it
 */
export async function synthesize(
  example: string,
  folder: string,
  environment: CustomerEnvironment,
  edit?: (program: string) => string,
): Promise<SynthesizedStack> {
  const program = join(root, 'examples', example, 'main.ts');
  const result = await runCommand(
    process.execPath,
    [
      join(root, 'node_modules/tsx/dist/cli.mjs'),
      '--tsconfig',
      join(root, 'tsconfig.json'),
      edit === undefined ? program : writeProgram(folder, edit(readFileSync(program, 'utf8'))),
    ],
    { cwd: folder, env: { ...environment, CDKTF_OUTDIR: join(folder, 'cdktf.out') } },
  );
  if (result.code !== 0) throw new Error(`The example "${example}" does not synthesize:\n${result.stderr}`);
  const stacks = join(folder, 'cdktf.out/stacks');
  const stack = join(stacks, readdirSync(stacks)[0] ?? '');
  const json = JSON.parse(readFileSync(join(stack, 'cdk.tf.json'), 'utf8')) as SynthesizedStack['json'];
  return { folder: stack, json };
}

function writeProgram(folder: string, program: string): string {
  const packages = join(folder, 'node_modules');
  if (!existsSync(packages)) symlinkSync(join(root, 'node_modules'), packages, 'dir');
  writeFileSync(join(folder, 'main.ts'), program);
  return join(folder, 'main.ts');
}

/** Terraform in the stack's folder, with the provider version that can be had here instead of the one that the bindings pin. */
export function terraformIn(stack: SynthesizedStack, tool: TerraformTool, environment: CustomerEnvironment) {
  const { backend: _, ...terraform } = stack.json.terraform;
  const aws = { source: 'hashicorp/aws', ...(tool.mirror && { version: mirroredVersion(tool.mirror) }) };
  writeFileSync(
    join(stack.folder, 'cdk.tf.json'),
    JSON.stringify({ ...stack.json, terraform: { ...terraform, required_providers: { aws } } }),
  );
  return (...words: string[]): Promise<CommandResult> =>
    runCommand(tool.binary, words, { cwd: stack.folder, env: { ...environment, ...tool.env } });
}

function mirroredVersion(mirror: string): string {
  const versions = readdirSync(join(mirror, 'registry.terraform.io/hashicorp/aws')).map(
    (name) => /(\d+\.\d+\.\d+)/.exec(name)?.[1] ?? '',
  );
  return versions.sort((a, b) => b.localeCompare(a, undefined, { numeric: true }))[0] ?? '';
}

/** Without Terraform: the same role through the IAM API, and the same callback script. */
export function iamIn(stack: SynthesizedStack, environment: CustomerEnvironment) {
  const [role] = Object.values(stack.json.resource.aws_iam_role ?? {});
  const policies = Object.values(stack.json.resource.aws_iam_role_policy_attachment ?? {}).map((a) =>
    String(a.policy_arn),
  );
  const callbacks = Object.values(stack.json.resource.terraform_data ?? {}).map(
    (resource) => (resource.provisioner as [{ 'local-exec': LocalExec }])[0]['local-exec'],
  );
  const RoleName = `rolebridge-${Date.now()}`;
  const inlinePolicies = Object.values(stack.json.resource.aws_iam_role_policy ?? {});
  let roleArn = '';
  let roleId = '';

  const call = async (Action: string, parameters: Record<string, string>): Promise<string> => {
    const response = await fetch(environment.AWS_ENDPOINT_URL ?? '', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `AWS4-HMAC-SHA256 Credential=${environment.AWS_ACCESS_KEY_ID}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: new URLSearchParams({ Action, Version: '2010-05-08', ...parameters }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${Action}: ${text}`);
    return text;
  };
  const callBack = (event: string): Promise<CommandResult> => {
    const exec = callbacks.find((callback) => callback.environment.CONNECT_EVENT === event);
    if (exec === undefined) throw new Error(`The stack has no ${event} callback.`);
    return runCommand(process.execPath, [exec.environment.CONNECT_SCRIPT ?? exec.command], {
      cwd: stack.folder,
      env: {
        ...environment,
        ...exec.environment,
        CONNECT_ROLE_ARN: roleArn,
        CONNECT_ROLE_ID: roleId,
        CONNECT_CALLBACK_URL: environment.CONNECT_CALLBACK_URL ?? '',
        CONNECT_CONNECTION_ID: environment.CONNECT_CONNECTION_ID ?? '',
      },
    });
  };

  return {
    async apply(): Promise<CommandResult> {
      const answer = await call('CreateRole', {
        RoleName,
        AssumeRolePolicyDocument: String(role?.assume_role_policy),
      });
      roleArn = /<Arn>([^<]+)<\/Arn>/.exec(answer)?.[1] ?? '';
      roleId = /<RoleId>([^<]+)<\/RoleId>/.exec(answer)?.[1] ?? '';
      for (const PolicyArn of policies) await call('AttachRolePolicy', { RoleName, PolicyArn });
      for (const { name, policy } of inlinePolicies) {
        // The value that Terraform would insert for the role's ARN.
        const PolicyDocument = String(policy).replace(
          /\$\{jsonencode\([^}]*\.arn\)\}/g,
          JSON.stringify(roleArn),
        );
        await call('PutRolePolicy', { RoleName, PolicyName: String(name), PolicyDocument });
      }
      return callBack('role.provisioned');
    },
    async destroy(): Promise<CommandResult> {
      const result = await callBack('role.deprovisioned');
      for (const PolicyArn of policies) await call('DetachRolePolicy', { RoleName, PolicyArn });
      for (const { name } of inlinePolicies)
        await call('DeleteRolePolicy', { RoleName, PolicyName: String(name) });
      await call('DeleteRole', { RoleName });
      return result;
    },
  };
}

interface LocalExec {
  readonly command: string;
  readonly environment: Record<string, string>;
}
