import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { fileText, wholeNumber } from './option-row.js';
import { printTable, printValues } from './print.js';
import { scopeText } from './target-options.js';

export const apiKeyCommands: readonly CommandRow[] = [
  ofCall('createApiKey', {
    usage: 'api-keys create <name>',
    example:
      'rolebridge api-keys create deploy --permissions credentials:issue --scope shop/production --expires 90d',
    members: {
      permissions: ['--permissions <list>'],
      ceilings: false,
      expiresAt: ['--expires <when>', 'an ISO 8601 time, or 12h or 30d from now', timeOf],
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

/** @throws UsageError */
function timeOf(text: string): string {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  const isDate = /^\d{4}-\d\d-\d\d/.test(text);
  const atMs = isDate ? Date.parse(text) : Number.NaN;
  const ms = count ? Date.now() + Number(count) * (unit === 'h' ? 3_600_000 : 86_400_000) : atMs;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new UsageError(`"${text}" is not a time.`, 'Give --expires 2027-01-31T00:00:00Z, or 12h or 30d.');
}
