/**
 * The real AWS provider, started once for many runs of Terraform, as its developers do. Terraform starts and stops it
 * several times a run otherwise, which is most of the time that a run takes.
 * https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

export interface ProviderProcess {
  /** The variable that makes Terraform use it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): void;
}

/** Undefined where the provider's program is not found; Terraform then starts it itself. */
export async function startProvider(
  folderOfMirror: string | undefined,
  version: string,
  env: Readonly<Record<string, string>>,
): Promise<ProviderProcess | undefined> {
  const program = folderOfMirror && programIn(folderOfMirror, version);
  if (!program) return undefined;
  // The provider can be configured again and again only without a CA bundle; the sandbox is on loopback.
  const { AWS_CA_BUNDLE, ...inherited } = process.env;
  const child = spawn(program, ['-debug'], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const reattach = await new Promise<string | undefined>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /TF_REATTACH_PROVIDERS='(.+)'/.exec(text)?.[1];
      if (found) resolve(found);
    });
    child.on('exit', () => resolve(undefined));
  });
  return reattach === undefined
    ? undefined
    : { env: { TF_REATTACH_PROVIDERS: reattach }, stop: () => void child.kill() };
}

function programIn(mirror: string, version: string): string | undefined {
  const folder = path.join(mirror, 'registry.terraform.io/hashicorp/aws', version);
  const [platform] = readdirSync(folder);
  const names = platform === undefined ? [] : readdirSync(path.join(folder, platform));
  const name = names.find((each) => each.startsWith('terraform-provider-aws'));
  return name === undefined ? undefined : path.join(folder, String(platform), name);
}
