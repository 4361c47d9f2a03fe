import type { Command } from 'commander';
import type { Organization } from '../../client/api.js';
import { UsageError } from './failure.js';
import { memberOf, summaryOf } from './of-call.js';
import { operatorClient } from './operator-client.js';
import { printJson, printTable, printValues } from './print.js';
import type { ServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { type AddCommand, withExample } from './with-example.js';

export interface OrganizationOptions extends ServiceOptions {
  readonly reference?: string;
  readonly metadata?: readonly string[];
}

/** `rolebridge org …`: the operator's calls about organizations. */
export function addOrganizationCommands(program: Command, terminal: Terminal): void {
  const group = program.command('org').description('the organizations');
  const add = (usage: string, description: string, example: string) =>
    withExample(
      group
        .command(usage)
        .description(description)
        .option('--url <url>', 'where the service is (or ROLEBRIDGE_URL); needs ROLEBRIDGE_OPERATOR_TOKEN')
        .option('--allow-http', 'allow http: to another machine, where keys can be read on the way')
        .option('--json', 'print JSON, including errors'),
      example,
    );
  addCreate(add, terminal);
  addList(add, terminal);
  addShow(add, terminal);
  addChange(add, terminal);
  addSuspend(add, terminal);
  addResume(add, terminal);
  addExport(add, terminal);
  addDelete(add, terminal);
}

function addCreate(add: AddCommand, terminal: Terminal): void {
  add(
    'create <name>',
    'create an organization and its first API key, on the machine of the service, or through the API with --url',
    'rolebridge org create acme --reference tenant-4711',
  )
    .option('--reference <reference>', 'your name for it; usable in place of its id')
    .option('--metadata <name=value...>', 'texts to keep with it')
    .action(async (name: string, options: OrganizationOptions) => {
      const { createOrganizationCommand } = await import('./store-commands.js');
      await createOrganizationCommand({ name, ...membersIn(options) }, options, terminal);
    });
}

function addList(add: AddCommand, terminal: Terminal): void {
  add('list', summaryOf('listOrganizations'), 'rolebridge org list --search acme')
    .option('--search <text>', memberOf('listOrganizations', 'search'))
    .action(async (options: ServiceOptions & { search?: string }) => {
      const client = operatorClient(options, terminal);
      const organizations: Organization[] = [];
      for (let after: string | undefined; ; ) {
        const page = await client.listOrganizations({ limit: 100, after, search: options.search });
        organizations.push(...page.organizations);
        after = page.next;
        if (after === undefined) break;
      }
      if (options.json) return printJson(terminal, { organizations });
      printTable(
        terminal,
        ['ID', 'NAME', 'REFERENCE', 'SUSPENDED'],
        organizations.map(({ id, name, reference, suspendedAt }) => [id, name, reference, suspendedAt]),
      );
    });
}

function addShow(add: AddCommand, terminal: Terminal): void {
  add('show <org>', summaryOf('getOrganization'), 'rolebridge org show tenant-4711').action(
    async (id: string, options: ServiceOptions) => {
      const organization = await operatorClient(options, terminal).getOrganization(id);
      show(terminal, organization, options);
      if (options.json) return;
      terminal.stdout.write('\n');
      printTable(
        terminal,
        ['QUOTA', 'USED', 'LIMIT'],
        Object.entries(organization.quotas).map(([name, { used, limit }]) => [
          name,
          String(used),
          limit === 0 ? 'none' : String(limit),
        ]),
      );
    },
  );
}

function addChange(add: AddCommand, terminal: Terminal): void {
  add('change <org>', summaryOf('changeOrganization'), 'rolebridge org change tenant-4711 --name Acme')
    .option('--name <name>', 'its new name')
    .option('--reference <reference>', 'your name for it; "" removes it')
    .option('--metadata <name=value...>', 'replaces all metadata')
    .action(async (id: string, options: OrganizationOptions & { name?: string }) => {
      const { reference, ...members } = membersIn(options);
      const change = {
        ...members,
        ...(options.name !== undefined && { name: options.name }),
        ...(reference !== undefined && { reference: reference === '' ? null : reference }),
      };
      show(terminal, await operatorClient(options, terminal).changeOrganization(id, change), options);
    });
}

function addSuspend(add: AddCommand, terminal: Terminal): void {
  add('suspend <org>', summaryOf('suspendOrganization'), 'rolebridge org suspend tenant-4711').action(
    async (id: string, options: ServiceOptions) =>
      show(terminal, await operatorClient(options, terminal).suspendOrganization(id), options),
  );
}

function addResume(add: AddCommand, terminal: Terminal): void {
  add('resume <org>', summaryOf('resumeOrganization'), 'rolebridge org resume tenant-4711').action(
    async (id: string, options: ServiceOptions) =>
      show(terminal, await operatorClient(options, terminal).resumeOrganization(id), options),
  );
}

function addExport(add: AddCommand, terminal: Terminal): void {
  add(
    'export <org>',
    summaryOf('exportOrganization'),
    'rolebridge org export tenant-4711 > tenant-4711.jsonl',
  ).action(async (id: string, options: ServiceOptions) => {
    for (const record of await operatorClient(options, terminal).exportOrganization(id))
      terminal.stdout.write(`${JSON.stringify(record)}\n`);
  });
}

function addDelete(add: AddCommand, terminal: Terminal): void {
  add('delete <org>', summaryOf('eraseOrganization'), 'rolebridge org delete tenant-4711 --erase')
    .option('--erase', 'confirms that this is permanent')
    .action(async (id: string, options: ServiceOptions & { erase?: boolean }) => {
      if (!options.erase)
        throw new UsageError('This can’t be undone.', `Export it first, then add --erase to delete ${id}.`);
      await operatorClient(options, terminal).eraseOrganization(id);
      if (options.json) printJson(terminal, { erased: id });
      else terminal.stdout.write(`erased ${id}\n`);
    });
}

function show(
  terminal: Terminal,
  organization: Organization & { warnings?: { message: string }[] | undefined },
  { json }: ServiceOptions,
) {
  if (json) return printJson(terminal, organization);
  const { id, name, reference, metadata = {}, createdAt, suspendedAt, warnings = [] } = organization;
  for (const { message } of warnings) terminal.stderr.write(`rolebridge: warning: ${message}\n`);
  printValues(terminal, { id, name, reference, created: createdAt, suspended: suspendedAt, ...metadata });
}

function membersIn({ reference, metadata }: OrganizationOptions) {
  return {
    ...(reference !== undefined && { reference }),
    ...(metadata && { metadata: Object.fromEntries(metadata.map(entryOf)) }),
  };
}

function entryOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--metadata takes NAME=VALUE, not ${JSON.stringify(text)}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
