import { readFileSync } from 'node:fs';
import type { ApiKey } from '../../client/index.js';
import { codeOf } from '../unknown-value.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { wholeNumber } from './option-row.js';
import { printTable, printValues } from './print.js';
import { scopeText } from './target-options.js';

interface CreateOptions {
  readonly expires?: string;
  readonly maxDuration?: number;
  readonly sessionPolicyFile?: string;
}

export const apiKeyCommands: readonly CommandRow[] = [
  ofCall('createApiKey', {
    usage: 'api-keys create <name>',
    example:
      'rolebridge api-keys create deploy --permission credentials:issue --scope shop/production --expires 90d',
    members: { permissions: ['--permission <name...>'], ceilings: false, expiresAt: false },
    options: [
      { flags: '--expires <when>', about: 'an ISO 8601 time, or 12h or 30d from now' },
      {
        flags: '--max-duration <seconds>',
        about: 'the longest credentials that it issues',
        parse: wholeNumber('--max-duration', 900, 43_200),
      },
      {
        flags: '--session-policy-file <path>',
        about: 'a session policy for all credentials that it issues',
      },
    ],
    request: ({ options: { expires, maxDuration, sessionPolicyFile } }: Given<CreateOptions>) => {
      const ceilings = {
        ...(maxDuration !== undefined && { durationSeconds: maxDuration }),
        ...(sessionPolicyFile !== undefined && { sessionPolicy: textOf(sessionPolicyFile) }),
      };
      return {
        ...(expires !== undefined && { expiresAt: timeOf(expires) }),
        ...(Object.keys(ceilings).length > 0 && { ceilings }),
      };
    },
    show(made, { terminal }) {
      const { id, name, apiKey } = made;
      printValues(terminal, { id, name, ...authorityOf(made), 'API key': apiKey });
      terminal.stdout.write('\nThe key is shown only once.\n');
    },
  }),
  ofCall('listApiKeys', {
    usage: 'api-keys list',
    example: 'rolebridge api-keys list',
    list: 'apiKeys',
    show: ({ apiKeys }, { terminal }) =>
      printTable(
        terminal,
        ['ID', 'NAME', 'PERMISSIONS', 'SCOPE', 'EXPIRES', 'LAST USED', 'REVOKED'],
        apiKeys.map((key) => {
          const { permissions, scope, expires } = authorityOf(key);
          return [key.id, key.name, permissions, scope, expires, key.lastUsedAt, key.revokedAt];
        }),
      ),
  }),
  ofCall('revokeApiKey', {
    usage: 'api-keys revoke <id>',
    example: 'rolebridge api-keys revoke key_…',
    done: 'revoked',
  }),
];

const authorityOf = ({ permissions, scope, expiresAt }: ApiKey) => ({
  permissions: permissions.join(' '),
  scope: scope && scopeText(scope),
  expires: expiresAt,
});

/** @throws UsageError */
export function timeOf(text: string): string {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  const ms = count ? Date.now() + Number(count) * (unit === 'h' ? 3_600_000 : 86_400_000) : Date.parse(text);
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new UsageError(`"${text}" is not a time.`, 'Give --expires 2027-01-31T00:00:00Z, or 12h or 30d.');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `The file ${path} can't be read: ${codeOf(error)}.`,
      'Name a file with a session policy.',
    );
  }
}
