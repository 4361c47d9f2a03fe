import { type OperatorPermission, operatorPermissions, readingPermissions } from '../domain/operator.js';
import type { CommandRow, Given } from './command-row.js';
import { expiresIn } from './expiry.js';
import { jsonOption, oneOf } from './option-row.js';
import { printTable, printValues } from './print.js';

interface CreateOptions {
  readonly permissions?: OperatorPermission[];
  readonly readOnly?: boolean;
  readonly expiresIn?: string;
}

interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
  /** The secret, in the answer to its creation only. */
  readonly token?: string;
}

/** These commands run on the machine of the service: no token can create another one. */
export const operatorTokenCommands: readonly CommandRow[] = [
  {
    usage: 'operator-token create <name>',
    about: 'creates a token, which is shown once',
    example: 'rolebridge operator-token create backend --expires-in 365d',
    options: [
      {
        flags: '--permissions <list>',
        about: `separated by commas: ${operatorPermissions.join(', ')} (default: all)`,
        parse: permissionsOf,
      },
      { flags: '--read-only', about: `the same as --permissions ${readingPermissions.join(',')}` },
      expiresIn(({ at }) => at),
      jsonOption,
    ],
    command: ({ words: [name = ''], options }: Given<CreateOptions>) => ({
      command: 'operator-token.create',
      name,
      permissions: permissionsIn(options),
      expiresAt: options.expiresIn,
    }),
    show({ id, name, expiresAt, token }: ShownToken, { terminal }) {
      printValues(terminal, { id, name, expires: expiresAt, token });
      terminal.stdout.write('\nThe token is shown only once.\n');
    },
  },
  {
    usage: 'operator-token list',
    about: 'lists the valid tokens',
    example: 'rolebridge operator-token list',
    options: [jsonOption],
    command: () => ({ command: 'operator-token.list' }),
    show: ({ tokens }: { tokens: readonly ShownToken[] }, { terminal }) =>
      printTable(terminal, tokens, {
        ID: 'id',
        NAME: 'name',
        EXPIRES: 'expiresAt',
        'LAST USED': 'lastUsedAt',
        PERMISSIONS: ({ permissions }) =>
          permissions.length === operatorPermissions.length ? 'all' : permissions,
      }),
  },
  {
    usage: 'operator-token revoke <id>',
    about: 'revokes a token at once',
    example: 'rolebridge operator-token revoke opt_…',
    options: [jsonOption],
    command: ({ words: [id = ''] }) => ({ command: 'operator-token.revoke', id }),
    done: 'revoked',
  },
  {
    usage: 'operator link <token>',
    about: 'creates a link that opens the page in one browser, with the permissions of a token (id or name)',
    example: 'rolebridge operator link anna',
    options: [expiresIn(({ seconds }) => Math.ceil(seconds / 60), ' (15m)', [60, 3_600]), jsonOption],
    command: ({ words: [token = ''], options }: Given<{ expiresIn?: number }>) => ({
      command: 'operator.link',
      token,
      expiresInMinutes: options.expiresIn ?? 15,
    }),
    show({ url, expiresAt }: { url: string; expiresAt: string }, { terminal }) {
      printValues(terminal, { url, expires: expiresAt });
      terminal.stdout.write('\nThe link works once.\n');
    },
  },
];

const permissionsIn = ({ permissions, readOnly }: CreateOptions): OperatorPermission[] =>
  readOnly ? [...readingPermissions] : (permissions ?? [...operatorPermissions]);

function permissionsOf(list: string): OperatorPermission[] {
  const permissionOf = oneOf('--permissions', operatorPermissions);
  return list.split(',').map((text) => permissionOf(text.trim()));
}
