import type { Command } from 'commander';
import type { CreatedConnection } from '../../client/index.js';
import { UsageError } from './failure.js';
import { memberOf, summaryOf } from './of-call.js';
import { printable, printJson } from './print.js';
import { clientOf, type ServiceOptions, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

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

interface TemplateOptions extends ServiceOptions {
  readonly format: string;
  readonly permissions?: 'read-only';
  readonly managedPolicies?: string;
  readonly roleName?: string;
  readonly path?: string;
  readonly maxSessionDuration?: string;
  readonly allowSessionTags?: boolean;
  readonly allowSourceIdentity?: boolean;
}

/** `rolebridge connection template`: one role template with its options, without secrets. */
export function addTemplateCommand(group: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(group.command('template <id>').description(summaryOf('getRoleTemplates'))),
    'rolebridge connection template con_… --format terraform --permissions security-audit > rolebridge.tf',
  )
    .requiredOption('--format <format>', `one of ${formatNames}`)
    .option(
      '--permissions <preset>',
      `permissions of the role: ${memberOf('getRoleTemplates', 'permissions')}`,
    )
    .option('--managed-policies <policies>', memberOf('getRoleTemplates', 'managedPolicies'))
    .option('--role-name <name>', 'the name of the role')
    .option('--path <path>', 'the path of the role')
    .option('--max-session-duration <seconds>', memberOf('getRoleTemplates', 'maxSessionDuration'))
    .option('--allow-session-tags', 'lets the vendor tag its sessions')
    .option('--allow-source-identity', 'lets the vendor name who is behind a session')
    .action(async (id: string, options: TemplateOptions) => {
      const { format, permissions, managedPolicies, roleName, path, maxSessionDuration, json } = options;
      checkFormat(format);
      const client = await clientOf(options, terminal);
      const templates = await client.getRoleTemplates(id, {
        // The service knows what may be chosen, and says so.
        permissions,
        managedPolicies,
        roleName,
        path,
        ...(maxSessionDuration !== undefined && { maxSessionDuration: Number(maxSessionDuration) }),
        ...(options.allowSessionTags && { allowSessionTags: 'true' }),
        ...(options.allowSourceIdentity && { allowSourceIdentity: 'true' }),
      });
      if (json) return printJson(terminal, templates);
      const text = templates.roleTemplates[templateFormats[format]] ?? '';
      terminal.stdout.write(`${printable(text).trimEnd()}\n`);
    });
}
