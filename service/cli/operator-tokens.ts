import type { OperatorCommand } from '../actions/run-operator-command.js';
import { type OperatorPermission, operatorPermissions, readingPermissions } from '../domain/operator.js';
import { textIn } from '../unknown-value.js';
import type { CommandRow, Given } from './command-row.js';
import { UsageError } from './failure.js';
import { jsonOption, wholeNumber } from './option-row.js';
import { printJson, printTable, printValues } from './print.js';
import type { Terminal } from './terminal.js';

interface CreateOptions {
  readonly permissions?: string;
  readonly readOnly?: boolean;
  readonly expiresInDays?: number;
}

interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
}

/** On the machine of the service: no token can create another one. */
export const operatorTokenCommands: readonly CommandRow[] = [
  {
    usage: 'operator-token create <name>',
    about: 'create a token, which is shown once',
    example: 'rolebridge operator-token create backend --expires-in-days 365',
    options: [
      {
        flags: '--permissions <list>',
        about: `separated by commas: ${operatorPermissions.join(', ')} (default: all)`,
      },
      { flags: '--read-only', about: `the same as --permissions ${readingPermissions.join(',')}` },
      {
        flags: '--expires-in-days <days>',
        about: 'lifetime of the token',
        parse: wholeNumber('--expires-in-days', 1, 3_650),
      },
      jsonOption,
    ],
    async run({ terminal, words: [name = ''], options }: Given<CreateOptions>) {
      const days = options.expiresInDays;
      const made = await run(terminal, {
        command: 'operator-token.create',
        name,
        permissions: permissionsIn(options),
        ...(days !== undefined && { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }),
      });
      if (options.json) return printJson(terminal, made);
      printValues(terminal, {
        id: textIn(made, 'id'),
        name: textIn(made, 'name'),
        expires: textIn(made, 'expiresAt'),
        token: textIn(made, 'token'),
      });
      terminal.stdout.write('\nThe token is shown only once.\n');
    },
  },
  {
    usage: 'operator-token list',
    about: 'list the valid tokens',
    example: 'rolebridge operator-token list',
    options: [jsonOption],
    async run({ terminal, options }) {
      const { tokens } = (await run(terminal, { command: 'operator-token.list' })) as {
        tokens: ShownToken[];
      };
      if (options.json) return printJson(terminal, { tokens });
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
    },
  },
  {
    usage: 'operator-token revoke <id>',
    about: 'revoke a token at once',
    example: 'rolebridge operator-token revoke opt_…',
    options: [jsonOption],
    async run({ terminal, words: [id = ''], options }) {
      const revoked = await run(terminal, { command: 'operator-token.revoke', id });
      if (options.json) return printJson(terminal, revoked);
      terminal.stdout.write(`revoked ${id}\n`);
    },
  },
  {
    usage: 'operator link <token>',
    about: 'create a link that opens the page in one browser, with the permissions of a token (id or name)',
    example: 'rolebridge operator link anna',
    options: [
      {
        flags: '--expires-in-minutes <minutes>',
        about: 'when the link expires (15)',
        parse: wholeNumber('--expires-in-minutes', 1, 60),
      },
      jsonOption,
    ],
    async run({ terminal, words: [token = ''], options }: Given<{ expiresInMinutes?: number }>) {
      const { expiresInMinutes = 15, json } = options;
      const link = await run(terminal, { command: 'operator.link', token, expiresInMinutes });
      if (json) return printJson(terminal, link);
      printValues(terminal, { url: textIn(link, 'url'), expires: textIn(link, 'expiresAt') });
      terminal.stdout.write('\nThe link works once.\n');
    },
  },
];

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
