import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A Terraform that can be run without asking anyone: its binary, and where it gets providers from. */
export interface TerraformTool {
  /** Absolute path of the `terraform` binary. */
  binary: string;
  /** The folder that holds `registry.terraform.io/hashicorp/aws`, when this machine has one. */
  mirror?: string;
  /** A Terraform CLI configuration that installs providers from the mirror. */
  cliConfig?: string;
  /** Environment to run it with: `{ ...process.env, ...env }`. */
  env: Record<string, string>;
}

/** How a command ended. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** CDKTF's cache under ~/.terraform.d has a mirror's layout, but only earlier downloads. */
const NOT_MIRRORS = ['node_modules', 'plugin-cache'];

const AWS_PROVIDER = join('registry.terraform.io', 'hashicorp', 'aws');

/** Terraform's own implied mirror folders, then where images and people usually put one. */
const MIRROR_ROOTS = [
  join(homedir(), '.terraform.d'),
  '/usr/local/share/terraform',
  '/usr/share/terraform',
  '/opt',
  '/srv',
  '/usr/local/share',
  '/usr/local/lib',
  '/var/lib',
];

/** Absolute path of a command on PATH. */
export function findCommand(name: string): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Terraform, or undefined when it isn't installed. A CLI configuration that names a mirror wins, then
 * `ROLEBRIDGE_TERRAFORM_MIRROR`, then a search; with none of them Terraform asks its registry.
 */
export function findTerraform(command: 'terraform' | 'tofu' = 'terraform'): TerraformTool | undefined {
  const binary = findCommand(command);
  if (!binary) return undefined;
  const env = { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_INPUT: '0' };
  const configured = configuredMirror();
  if (configured) {
    return { binary, cliConfig: configured, env: { ...env, TF_CLI_CONFIG_FILE: configured } };
  }
  const mirror = findProviderMirror();
  const cliConfig = writeCliConfig(mirror);
  return { binary, ...(mirror && { mirror, cliConfig }), env: { ...env, TF_CLI_CONFIG_FILE: cliConfig } };
}

/** The folder that the CLI configuration names. */
export const mirrorOf = (terraform: TerraformTool | undefined): string | undefined =>
  /path\s*=\s*"([^"]+)"/.exec(terraform?.cliConfig ? readFileSync(terraform.cliConfig, 'utf8') : '')?.[1];

/** The newest AWS provider in the mirror: the bindings pin the newest of all. */
export function mirroredProviderVersion(terraform: TerraformTool | undefined): string | undefined {
  const named = mirrorOf(terraform);
  if (named === undefined) return undefined;
  return readdirSync(join(named, AWS_PROVIDER))
    .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
    .sort((a, b) => b.localeCompare(a, undefined, { numeric: true }))[0];
}

/** Debian's package is `chromium`; others call it otherwise. */
export const findChromium = (): string | undefined =>
  ['chromium', 'chromium-browser', 'google-chrome'].map(findCommand).find((path) => path !== undefined);

/** Says that a check was passed over, so that a green run can't be mistaken for a complete one. */
export function notChecked(name: string): void {
  process.stdout.write(`not checked: ${name}\n`);
}

/** Runs a command to its end without blocking this process, which may be serving its requests. */
export function runCommand(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      {
        cwd: options.cwd,
        env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
        timeout: options.timeoutMs ?? 240_000,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
        const reason = error && typeof error.code !== 'number' ? `${error.message}\n` : '';
        resolve({ code, stdout, stderr: reason + stderr });
      },
    );
  });
}

function configuredMirror(): string | undefined {
  const files = [process.env.TF_CLI_CONFIG_FILE, join(homedir(), '.terraformrc')];
  return files.find(
    (file) =>
      file &&
      existsSync(file) &&
      /(filesystem|network)_mirror|dev_overrides/.test(readFileSync(file, 'utf8')),
  );
}

function findProviderMirror(): string | undefined {
  const named = process.env.ROLEBRIDGE_TERRAFORM_MIRROR;
  if (named) return named;
  for (const root of MIRROR_ROOTS) {
    const found = searchMirror(root, 3);
    if (found) return found;
  }
  return undefined;
}

function searchMirror(folder: string, depth: number): string | undefined {
  if (existsSync(join(folder, AWS_PROVIDER))) return folder;
  if (depth === 0) return undefined;
  for (const entry of foldersIn(folder)) {
    const found = searchMirror(join(folder, entry), depth - 1);
    if (found) return found;
  }
  return undefined;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !NOT_MIRRORS.includes(entry.name))
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Also without a mirror: an inherited TF_CLI_CONFIG_FILE that names no file makes Terraform warn on every call. */
function writeCliConfig(mirror: string | undefined): string {
  const file = join(mkdtempSync(join(tmpdir(), 'rolebridge-terraform-')), 'cli.tfrc');
  const installation = mirror
    ? `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`
    : '';
  writeFileSync(file, installation);
  return file;
}
