import type { Command } from 'commander';
import type { OperatorCommand } from '../actions/run-operator-command.js';
import { type OperatorPermission, operatorPermissions, readingPermissions } from '../domain/operator.js';
import { textIn } from '../unknown-value.js';
import { UsageError } from './failure.js';
import { printJson, printTable, printValues } from './print.js';
import { wholeNumber } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

interface CreateOptions {
  readonly permissions?: string;
  readonly readOnly?: boolean;
  readonly expiresInDays?: number;
  readonly json?: boolean;
}

interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
  readonly token?: string;
}

/** `rolebridge operator-token …`, on the machine of the service: no token can create another one. */
export function addOperatorTokenCommands(program: Command, terminal: Terminal): void {
  const group = program
    .command('operator-token')
    .description('tokens for your staff and backend, on the machine of the service');
  withExample(
    group
      .command('create <name>')
      .description('create a token, which is shown once')
      .option('--permissions <list>', `separated by commas: ${operatorPermissions.join(', ')} (default: all)`)
      .option('--read-only', `the same as --permissions ${readingPermissions.join(',')}`)
      .option('--expires-in-days <days>', 'lifetime of the token', wholeNumber('--expires-in-days', 1, 3_650))
      .option('--json', 'print JSON, including errors'),
    'rolebridge operator-token create backend --expires-in-days 365',
  ).action(async (name: string, options: CreateOptions) => {
    const days = options.expiresInDays;
    const made = (await run(terminal, {
      command: 'operator-token.create',
      name,
      permissions: permissionsIn(options),
      ...(days !== undefined && { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }),
    })) as ShownToken;
    if (options.json) return printJson(terminal, made);
    printValues(terminal, { id: made.id, name: made.name, expires: made.expiresAt, token: made.token });
    terminal.stdout.write('\nThe token is shown only once.\n');
  });

  withExample(
    group
      .command('list')
      .description('list the valid tokens')
      .option('--json', 'print JSON, including errors'),
    'rolebridge operator-token list',
  ).action(async ({ json }: { json?: boolean }) => {
    const { tokens } = (await run(terminal, { command: 'operator-token.list' })) as { tokens: ShownToken[] };
    if (json) return printJson(terminal, { tokens });
    printTable(
      terminal,
      ['ID', 'NAME', 'EXPIRES', 'LAST USED', 'PERMISSIONS'],
      tokens.map(({ id, name, expiresAt, lastUsedAt, permissions }) => [
        id,
        name,
        expiresAt,
        lastUsedAt,
        permissions.length === operatorPermissions.length ? 'all' : permissions.join(' '),
      ]),
    );
  });

  withExample(
    group
      .command('revoke <id>')
      .description('revoke a token at once')
      .option('--json', 'print JSON, including errors'),
    'rolebridge operator-token revoke opt_…',
  ).action(async (id: string, { json }: { json?: boolean }) => {
    const revoked = await run(terminal, { command: 'operator-token.revoke', id });
    if (json) return printJson(terminal, revoked);
    terminal.stdout.write(`revoked ${id}\n`);
  });
}

/** `rolebridge operator …`, on the machine of the service. */
export function addOperatorCommands(program: Command, terminal: Terminal): void {
  const group = program.command('operator').description('the operator’s page, on the machine of the service');
  withExample(
    group
      .command('link <token>')
      .description(
        'create a link that opens the page in one browser, with the permissions of a token (id or name)',
      )
      .option(
        '--expires-in-minutes <minutes>',
        'when the link expires (15)',
        wholeNumber('--expires-in-minutes', 1, 60),
      )
      .option('--json', 'print JSON, including errors'),
    'rolebridge operator link anna',
  ).action(async (token: string, options: { expiresInMinutes?: number; json?: boolean }) => {
    const { operatorCommand } = await import('./store-commands.js');
    const { expiresInMinutes = 15, json } = options;
    const link = await operatorCommand({ command: 'operator.link', token, expiresInMinutes }, terminal);
    if (json) return printJson(terminal, link);
    printValues(terminal, { url: textIn(link, 'url'), expires: textIn(link, 'expiresAt') });
    terminal.stdout.write('\nThe link works once.\n');
  });
}

async function run(terminal: Terminal, command: OperatorCommand): Promise<object> {
  const { operatorCommand } = await import('./store-commands.js');
  return operatorCommand(command, terminal);
}

function permissionsIn({ permissions, readOnly }: CreateOptions): OperatorPermission[] {
  if (readOnly) return [...readingPermissions];
  if (permissions === undefined) return [...operatorPermissions];
  return permissions.split(',').map((text) => {
    const found = operatorPermissions.find((one) => one === text.trim());
    if (found === undefined)
      throw new UsageError(
        `There is no permission ${JSON.stringify(text)}.`,
        `Use: ${operatorPermissions.join(', ')}.`,
      );
    return found;
  });
}
