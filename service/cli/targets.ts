import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { printTable, printValues } from './print.js';
import { printCredentials, type SessionOptions, sessionOptions } from './session-options.js';
import { scopeOf, scopeText, type TargetOptions, targetOf, targetOptions } from './target-options.js';

export const targetCommands: readonly CommandRow[] = [
  ofCall('setScopes', {
    usage: 'scope set <id> [scopes...]',
    example: 'rolebridge scope set con_… shop/production shop/staging',
    members: {
      scopes: false,
      replace: ['--replace', 'take the scopes from the connections that hold them'],
    },
    options: [{ flags: '--none', about: 'remove all scopes' }],
    request({ words: [, ...scopes], options: { none } }: Given<{ none?: boolean }>) {
      if (scopes.length === 0 && !none)
        throw new UsageError('A scope is missing.', 'Name at least one, or give --none to remove all.');
      if (scopes.length > 0 && none)
        throw new UsageError('Scopes are given beside --none.', 'Give one of the two.');
      return { scopes: scopes.map(scopeOf) };
    },
    show: ({ id, scopes }, { terminal }) =>
      void terminal.stdout.write(`${id}  ${scopes.map(scopeText).join(', ') || '-'}\n`),
  }),
  ofCall('resolve', {
    usage: 'resolve',
    example: 'rolebridge resolve --project shop --environment production',
    members: { project: false, environment: false, architecture: false },
    options: targetOptions,
    request: ({ options }: Given<TargetOptions>) => targetOf(options),
    show({ connection, matchedScope, shadows }, { terminal }) {
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
      terminal.stdout.write('\nshadowed connections (wider scopes):\n');
      printTable(terminal, shadows, {
        SCOPE: ({ scope }) => scopeText(scope),
        ID: ({ connection }) => connection.id,
        NAME: ({ connection }) => connection.name,
        STATUS: ({ connection }) => connection.status,
      });
    },
  }),
  {
    usage: 'credentials',
    about: 'prints credentials for a target, in the format of a credential_process',
    example: `[profile shop]   # in ~/.aws/config
  credential_process = rolebridge credentials --project shop --url https://… --api-key-file ~/.rolebridge/key`,
    asks: 'service',
    options: sessionOptions,
    run: ({ terminal, options }: Given<SessionOptions>) => printCredentials(options, terminal),
  },
];
