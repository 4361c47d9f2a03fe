import type { Command } from 'commander';
import { printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** `rolebridge key …`. */
export function addApiKeyCommands(program: Command, terminal: Terminal): void {
  const group = program.command('key').description('the organization’s API keys');

  withExample(
    withServiceOptions(
      group.command('create <name>').description('make an API key, which is shown this once'),
    ),
    'rolebridge key create runner --json | jq -r .apiKey > runner.key',
  ).action(async (name: string, options: ServiceOptions) => {
    const made = await (await clientOf(options, terminal)).createApiKey({ name });
    if (options.json) return printJson(terminal, made);
    printValues(terminal, { id: made.id, name: made.name, 'API key': made.apiKey });
    terminal.stdout.write('\nThe key is shown this once.\n');
  });

  withExample(
    withServiceOptions(group.command('list').description('all keys, revoked ones too')),
    'rolebridge key list',
  ).action(async (options: ServiceOptions) => {
    const { apiKeys } = await (await clientOf(options, terminal)).listApiKeys();
    if (options.json) return printJson(terminal, { apiKeys });
    printTable(
      terminal,
      ['ID', 'NAME', 'CREATED', 'REVOKED'],
      apiKeys.map(({ id, name, createdAt, revokedAt }) => [id, name, createdAt, revokedAt]),
    );
  });

  withExample(
    withServiceOptions(group.command('revoke <id>').description('from now on the key opens nothing')),
    'rolebridge key revoke key_…',
  ).action(async (id: string, options: ServiceOptions) => {
    await (await clientOf(options, terminal)).revokeApiKey(id);
    if (options.json) printJson(terminal, { revoked: id });
    else terminal.stdout.write(`revoked ${id}\n`);
  });
}
