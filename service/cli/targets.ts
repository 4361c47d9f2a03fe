import type { Command } from 'commander';
import { UsageError } from './failure.js';
import { summaryOf } from './of-call.js';
import { printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, withServiceOptions } from './service-options.js';
import { printCredentials, type SessionOptions, withSessionOptions } from './session-options.js';
import { scopeOf, scopeText, type TargetOptions, targetOf, withTargetOptions } from './target-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** `rolebridge scope`, `resolve` and `credentials`. */
export function addTargetCommands(program: Command, terminal: Terminal): void {
  addScope(program, terminal);
  addResolve(program, terminal);
  addCredentialsCommand(program, terminal);
}

function addScope(program: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(
      program
        .command('scope')
        .description('where connections apply')
        .command('set <id> [scopes...]')
        .description(summaryOf('setScopes')),
    )
      .option('--replace', 'take the scopes from the connections that hold them')
      .option('--none', 'remove all scopes'),
    'rolebridge scope set con_… shop/production shop/staging',
  ).action(
    async (id: string, scopes: string[], options: ServiceOptions & { replace?: boolean; none?: boolean }) => {
      if (scopes.length === 0 && !options.none)
        throw new UsageError('A scope is missing.', 'Name at least one, or give --none to remove all.');
      if (scopes.length > 0 && options.none)
        throw new UsageError('Scopes are given beside --none.', 'Give one of the two.');
      const client = await clientOf(options, terminal);
      const connection = await client.setScopes(id, {
        scopes: scopes.map(scopeOf),
        replace: options.replace ?? false,
      });
      if (options.json) return printJson(terminal, connection);
      terminal.stdout.write(`${connection.id}  ${connection.scopes.map(scopeText).join(', ') || '-'}\n`);
    },
  );
}

function addResolve(program: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(withTargetOptions(program.command('resolve').description(summaryOf('resolve')))),
    'rolebridge resolve --project shop --environment production',
  ).action(async (options: ServiceOptions & TargetOptions) => {
    const target = targetOf(options);
    const resolution = await (await clientOf(options, terminal)).resolve(target);
    if (options.json) return printJson(terminal, resolution);
    const { connection, matchedScope, shadows } = resolution;
    printValues(terminal, {
      connection: connection.id,
      name: connection.name,
      status: connection.code ? `${connection.status} (${connection.code})` : connection.status,
      method: connection.method,
      account: connection.accountId,
      role: connection.roleArn,
      'matched scope': scopeText(matchedScope),
    });
    if (shadows.length === 0) return;
    terminal.stdout.write('\nwider ones, which do not apply here:\n');
    printTable(
      terminal,
      ['SCOPE', 'ID', 'NAME', 'STATUS'],
      shadows.map((shadow) => [
        scopeText(shadow.scope),
        shadow.connection.id,
        shadow.connection.name,
        shadow.connection.status,
      ]),
    );
  });
}

function addCredentialsCommand(program: Command, terminal: Terminal): void {
  withExample(
    withSessionOptions(
      program
        .command('credentials')
        .description('print credentials for a target, in the format of a credential_process'),
    ),
    `[profile shop]   # in ~/.aws/config
  credential_process = rolebridge credentials --project shop --url https://… --api-key-file ~/.rolebridge/key`,
  ).action((options: SessionOptions) => printCredentials(options, terminal));
}
