import type { Organization } from '../../client/api.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { metadataValues, printable, printTable, printValues } from './print.js';
import { scopeText, type TargetOptions } from './target-options.js';

export const organizationCommands: readonly CommandRow[] = [
  ofCall('createOrganization', {
    usage: 'org create <name>',
    about:
      'creates an organization and its first API key, on the machine of the service, or through the API with --url',
    asks: 'machine',
    example: 'rolebridge org create acme --reference tenant-4711',
    async run(given) {
      const { createOrganizationCommand } = await import('./store-commands.js');
      await createOrganizationCommand(given, { ...given.members, name: given.words[0] ?? '' });
    },
  }),
  ofCall('listOrganizations', {
    usage: 'org list',
    example: 'rolebridge org list --search acme',
    show: ({ organizations }, { terminal }) =>
      printTable(terminal, organizations, {
        ID: 'id',
        NAME: 'name',
        REFERENCE: 'reference',
        SUSPENDED: 'suspendedAt',
      }),
  }),
  ofCall('getOrganization', {
    usage: 'org show <org>',
    example: 'rolebridge org show tenant-4711',
    show(organization, given) {
      show(organization, given);
      given.terminal.stdout.write('\n');
      printTable(given.terminal, Object.entries(organization.quotas), {
        QUOTA: ([name]) => name,
        USED: ([, { used }]) => used,
        LIMIT: ([, { limit }]) => limit || 'none',
      });
    },
  }),
  ofCall('updateOrganization', {
    usage: 'org change <org>',
    example: 'rolebridge org change tenant-4711 --name Acme',
    members: {
      name: ['--name <name>', 'its new name'],
      metadata: ['--metadata <name=value...>', 'replaces all metadata'],
      targets: ['--targets <mode>', 'whether undeclared targets may be used: open, declared'],
    },
    show,
  }),
  ofCall('suspendOrganization', {
    usage: 'org suspend <org>',
    example: 'rolebridge org suspend tenant-4711',
    show,
  }),
  ofCall('resumeOrganization', {
    usage: 'org resume <org>',
    example: 'rolebridge org resume tenant-4711',
    show,
  }),
  ofCall('exportOrganization', {
    usage: 'org export <org>',
    example: 'rolebridge org export tenant-4711 > tenant-4711.jsonl',
    async run({ terminal, words: [id = ''], client }) {
      for (const record of await (await client()).exportOrganization(id))
        terminal.stdout.write(`${JSON.stringify(record)}\n`);
    },
  }),
  ofCall('eraseOrganization', {
    usage: 'org delete <org>',
    example: 'rolebridge org delete tenant-4711 --erase',
    options: [{ flags: '--erase', about: 'confirms that this is permanent' }],
    request({ words: [id], options: { erase } }: Given<{ erase?: boolean }>) {
      if (erase) return {};
      throw new UsageError('This can’t be undone.', `Export it first, then add --erase to delete ${id}.`);
    },
    done: 'erased',
  }),
  ofCall('listOperatorConnections', {
    usage: 'operator connections',
    example: 'rolebridge operator connections --status failed --code role_not_assumable',
    show: ({ connections }, { terminal }) =>
      printTable(terminal, connections, {
        ORGANIZATION: ({ organization }) => organization.reference ?? organization.id,
        ID: ({ connection }) => connection.id,
        NAME: ({ connection }) => connection.name,
        STATUS: ({ connection }) => connection.status,
        ACCOUNT: ({ connection }) =>
          'accountId' in connection ? connection.accountId : connection.expectedAccountId,
        REFERENCE: ({ connection }) => connection.reference,
      }),
  }),
];

type Shown = Organization & {
  warnings?: readonly { message: string }[] | undefined;
  undeclaredScopes?: readonly { name: string; scope: TargetOptions }[] | undefined;
};

function show(organization: Shown, { terminal }: Given): void {
  const { id, name, reference, metadata, createdAt, suspendedAt, targets } = organization;
  const { warnings = [], undeclaredScopes = [] } = organization;
  for (const { message } of warnings) terminal.stderr.write(`rolebridge: warning: ${message}\n`);
  for (const held of undeclaredScopes)
    terminal.stderr.write(
      `rolebridge: warning: ${scopeText(held.scope)} of ${printable(held.name)} matches no declared target.\n`,
    );
  const times = { created: createdAt, suspended: suspendedAt };
  printValues(terminal, { id, name, reference, targets, ...times, ...metadataValues(metadata) });
}
