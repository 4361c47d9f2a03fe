import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { printTable } from './print.js';

export const signInLinkCommands: readonly CommandRow[] = [
  ofCall('createSignInLink', {
    usage: 'sign-in-links create',
    example: 'rolebridge sign-in-links create --connection con_… --user "Ana Ruiz" --expires-in 24h',
    members: {
      connectionId: ['--connection <id>'],
      access: ['--access <level>', 'read, connect or manage (default: connect for one connection)'],
      user: false,
    },
    options: [
      { flags: '--user <name>', about: 'the name of the person, as the audit log shows it' },
      { flags: '--email <address>', about: 'the address of that person' },
    ],
    request({ options: { user, email } }: Given<{ user?: string; email?: string }>) {
      if (user !== undefined) return { user: { name: user, email } };
      if (email === undefined) return {};
      throw new UsageError('--email is given without --user.', 'Name the person as well.');
    },
    show: ({ url }, { terminal }) => void terminal.stdout.write(`${url}\n`),
  }),
  ofCall('listSignInLinks', {
    usage: 'sign-in-links list',
    example: 'rolebridge sign-in-links list',
    show: ({ signInLinks }, { terminal }) =>
      printTable(terminal, signInLinks, {
        ID: 'id',
        ACCESS: 'access',
        CONNECTION: 'connectionId',
        USER: ({ user }) => user?.name,
        EXPIRES: 'expiresAt',
        USED: 'usedAt',
        REVOKED: 'revokedAt',
      }),
  }),
  ofCall('revokeSignInLink', {
    usage: 'sign-in-links revoke <id>',
    example: 'rolebridge sign-in-links revoke lnk_…',
    done: 'revoked',
  }),
];
