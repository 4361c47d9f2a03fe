import type { CreatedConnection } from '../../client/index.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { type OptionRow, oneOf } from './option-row.js';
import { printable } from './print.js';
import type { Terminal } from './terminal.js';

type RoleTemplates = CreatedConnection['roleTemplates'];

/** The values of `--format`, and the members of `roleTemplates` in the API. */
const templateFormats = {
  cdktn: 'cdktn',
  terraform: 'terraform',
  'terraform-module': 'terraformModule',
  cloudformation: 'cloudFormation',
  'aws-cli': 'awsCli',
  cdktf: 'cdktf',
  console: 'console',
} as const satisfies Record<string, keyof RoleTemplates>;
const formatNames = Object.keys(templateFormats);

export type TemplateFormat = keyof typeof templateFormats;

const requiredFormat: OptionRow = {
  flags: '--format <format>',
  about: `one of ${formatNames.join(', ')}`,
  parse: oneOf('--format', formatNames),
  isRequired: true,
};

export const formatOption: OptionRow = {
  flags: '--format <format>',
  about: `print the role template of this format too: ${formatNames.join(', ')}`,
  parse: oneOf('--format', formatNames),
  conflicts: 'json',
};

export function printTemplate(
  { stdout }: Pick<Terminal, 'stdout'>,
  roleTemplates: RoleTemplates,
  format: TemplateFormat,
): void {
  const template = roleTemplates[templateFormats[format]];
  if (template === undefined) throw new UsageError(`The service has no template ${format} for this role.`);
  stdout.write(`${printable(template).trimEnd()}\n`);
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
    options: [requiredFormat],
    show: ({ roleTemplates }, { terminal, options: { format } }: Given<{ format: TemplateFormat }>) =>
      printTemplate(terminal, roleTemplates, format),
  }),
];
