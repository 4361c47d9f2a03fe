import type { CreatedConnection } from '../../client/index.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { printable } from './print.js';

/** The values of `--format`, and the members of `roleTemplates` in the API. */
export const templateFormats = {
  cdktn: 'cdktn',
  terraform: 'terraform',
  'terraform-module': 'terraformModule',
  cloudformation: 'cloudFormation',
  'aws-cli': 'awsCli',
  cdktf: 'cdktf',
  console: 'console',
} as const satisfies Record<string, keyof CreatedConnection['roleTemplates']>;
export const formatNames = Object.keys(templateFormats).join(', ');

/** @throws UsageError */
export function checkFormat(format: string): asserts format is keyof typeof templateFormats {
  if (!Object.hasOwn(templateFormats, format))
    throw new UsageError(`--format must be one of ${formatNames}, not ${JSON.stringify(format)}.`);
}

export const templateCommands: readonly CommandRow[] = [
  ofCall('getRoleTemplates', {
    usage: 'connection template <id>',
    example:
      'rolebridge connection template con_… --format terraform --permissions security-audit > rolebridge.tf',
    members: {
      permissions: ['--permissions <preset>'],
      managedPolicies: ['--managed-policies <policies>'],
      maxSessionDuration: ['--max-session-duration <seconds>'],
      allowSessionTags: ['--allow-session-tags', 'lets the vendor tag its sessions'],
      allowSourceIdentity: ['--allow-source-identity', 'lets the vendor name who is behind a session'],
    },
    options: [{ flags: '--format <format>', about: `one of ${formatNames}`, isRequired: true }],
    request({ options: { format, ...flags } }: Given<TemplateOptions>) {
      checkFormat(format);
      return {
        ...(flags.allowSessionTags && { allowSessionTags: 'true' }),
        ...(flags.allowSourceIdentity && { allowSourceIdentity: 'true' }),
      };
    },
    show({ roleTemplates }, { terminal, options: { format } }: Given<TemplateOptions>) {
      terminal.stdout.write(`${printable(roleTemplates[templateFormats[format]] ?? '').trimEnd()}\n`);
    },
  }),
];

interface TemplateOptions {
  readonly format: keyof typeof templateFormats;
  readonly allowSessionTags?: boolean;
  readonly allowSourceIdentity?: boolean;
}
