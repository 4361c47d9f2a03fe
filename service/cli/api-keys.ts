import { type CommandRow, type Given, ofCall } from './command-row.js';
import { fileText, wholeNumber } from './option-row.js';
import { printTable, printValues } from './print.js';
import { scopeText } from './target-options.js';

export const apiKeyCommands: readonly CommandRow[] = [
  ofCall('createApiKey', {
    usage: 'api-keys create <name>',
    example:
      'rolebridge api-keys create deploy --permissions credentials:issue --scope shop/production --expires-in 90d',
    members: {
      permissions: ['--permissions <list>'],
      ceilings: false,
    },
    options: [
      {
        flags: '--max-duration <seconds>',
        about: 'the longest credentials that it issues',
        parse: wholeNumber('--max-duration', 900, 43_200),
      },
      {
        flags: '--session-policy-file <path>',
        about: 'a session policy for all credentials that it issues',
        parse: fileText,
      },
    ],
    request({ options }: Given<{ maxDuration?: number; sessionPolicyFile?: string }>) {
      const { maxDuration: durationSeconds, sessionPolicyFile: sessionPolicy } = options;
      const hasCeiling = durationSeconds !== undefined || sessionPolicy !== undefined;
      return hasCeiling ? { ceilings: { durationSeconds, sessionPolicy } } : {};
    },
    show({ id, name, permissions, scope, expiresAt, apiKey }, { terminal }) {
      printValues(terminal, {
        id,
        name,
        permissions: permissions.join(' '),
        scope: scope && scopeText(scope),
        expires: expiresAt,
        'API key': apiKey,
      });
      terminal.stdout.write('\nThe key is shown only once.\n');
    },
  }),
  ofCall('listApiKeys', {
    usage: 'api-keys list',
    example: 'rolebridge api-keys list',
    show: ({ apiKeys }, { terminal }) =>
      printTable(terminal, apiKeys, {
        ID: 'id',
        NAME: 'name',
        PERMISSIONS: 'permissions',
        SCOPE: ({ scope }) => scope && scopeText(scope),
        EXPIRES: 'expiresAt',
        'LAST USED': 'lastUsedAt',
        REVOKED: 'revokedAt',
      }),
  }),
  ofCall('revokeApiKey', {
    usage: 'api-keys revoke <id>',
    example: 'rolebridge api-keys revoke key_…',
    done: 'revoked',
  }),
];
