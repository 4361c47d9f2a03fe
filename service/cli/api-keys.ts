import type { Command } from 'commander';
import { printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** `rolebridge key …` and `sign-in-link`: what opens the organization. */
export function addApiKeyCommands(program: Command, terminal: Terminal): void {
  const group = program.command('key').description('the organization’s API keys');

  withExample(
    withServiceOptions(group.command('create <name>').description('create an API key and show it, once')),
    'rolebridge key create runner --json | jq -r .apiKey > runner.key',
  ).action(async (name: string, options: ServiceOptions) => {
    const made = await (await clientOf(options, terminal)).createApiKey({ name });
    if (options.json) return printJson(terminal, made);
    printValues(terminal, { id: made.id, name: made.name, 'API key': made.apiKey });
    terminal.stdout.write('\nThe key is shown this once.\n');
  });

  withExample(
    withServiceOptions(group.command('list').description('list all keys, including revoked ones')),
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
    withServiceOptions(group.command('revoke <id>').description('revoke a key at once')),
    'rolebridge key revoke key_…',
  ).action(async (id: string, options: ServiceOptions) => {
    await (await clientOf(options, terminal)).revokeApiKey(id);
    if (options.json) printJson(terminal, { revoked: id });
    else terminal.stdout.write(`revoked ${id}\n`);
  });

  withExample(
    withServiceOptions(program.command('sign-in-link').description('create a one-time sign-in link'))
      .option('--expires-in <seconds>', 'how long it is good for', wholeNumber('--expires-in', 1, 86_400))
      .option('--connection <id>', 'sign in to this connection’s page'),
    'rolebridge sign-in-link --connection con_… --expires-in 600',
  ).action(async (options: ServiceOptions & { expiresIn?: number; connection?: string }) => {
    const { expiresIn, connection, json } = options;
    const link = await (await clientOf(options, terminal)).createSignInLink({
      ...(expiresIn !== undefined && { expiresInSeconds: expiresIn }),
      ...(connection !== undefined && { connectionId: connection }),
    });
    if (json) return printJson(terminal, link);
    terminal.stdout.write(`${link.url}\n`);
  });
}
