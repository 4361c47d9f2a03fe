import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ApiKey, RequestBody } from '../../client/index.js';
import { codeOf } from '../unknown-value.js';
import { UsageError } from './failure.js';
import { memberOf, summaryOf } from './of-call.js';
import { printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import { scopeOf, scopeText } from './target-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

interface CreateOptions extends ServiceOptions {
  readonly permission?: NonNullable<RequestBody<'createApiKey'>['permissions']>;
  readonly scope?: string;
  readonly expires?: string;
  readonly maxDuration?: number;
  readonly sessionPolicyFile?: string;
}

/** `rolebridge api-keys …` */
export function addApiKeyCommands(program: Command, terminal: Terminal): void {
  const group = program.command('api-keys').description('the organization’s API keys');

  withExample(
    withServiceOptions(group.command('create <name>').description(summaryOf('createApiKey')))
      .option('--permission <name...>', memberOf('createApiKey', 'permissions'))
      .option('--scope <path>', 'limit it to PROJECT[/ENVIRONMENT[/ARCHITECTURE]]')
      .option('--expires <when>', 'an ISO 8601 time, or 12h or 30d from now')
      .option(
        '--max-duration <seconds>',
        'the longest credentials that it issues',
        wholeNumber('--max-duration', 900, 43_200),
      )
      .option('--session-policy-file <path>', 'a session policy for all credentials that it issues'),
    'rolebridge api-keys create deploy --permission credentials:issue --scope shop/production --expires 90d',
  ).action(async (name: string, options: CreateOptions) => {
    const made = await (await clientOf(options, terminal)).createApiKey(requestOf(name, options));
    if (options.json) return printJson(terminal, made);
    const { id, apiKey } = made;
    printValues(terminal, { id, name: made.name, ...authorityOf(made), 'API key': apiKey });
    terminal.stdout.write('\nThe key is shown only once.\n');
  });

  withExample(
    withServiceOptions(group.command('list').description(summaryOf('listApiKeys'))),
    'rolebridge api-keys list',
  ).action(async (options: ServiceOptions) => {
    const client = await clientOf(options, terminal);
    const apiKeys: ApiKey[] = [];
    for (let after: string | undefined; ; ) {
      const page = await client.listApiKeys({ limit: 100, after });
      apiKeys.push(...page.apiKeys);
      after = page.next;
      if (after === undefined) break;
    }
    if (options.json) return printJson(terminal, { apiKeys });
    printTable(
      terminal,
      ['ID', 'NAME', 'PERMISSIONS', 'SCOPE', 'EXPIRES', 'LAST USED', 'REVOKED'],
      apiKeys.map((key) => {
        const { permissions, scope, expires } = authorityOf(key);
        return [key.id, key.name, permissions, scope, expires, key.lastUsedAt, key.revokedAt];
      }),
    );
  });

  withExample(
    withServiceOptions(group.command('revoke <id>').description(summaryOf('revokeApiKey'))),
    'rolebridge api-keys revoke key_…',
  ).action(async (id: string, options: ServiceOptions) => {
    await (await clientOf(options, terminal)).revokeApiKey(id);
    if (options.json) printJson(terminal, { revoked: id });
    else terminal.stdout.write(`revoked ${id}\n`);
  });
}

function requestOf(
  name: string,
  { permission, scope, expires, maxDuration, sessionPolicyFile }: CreateOptions,
): RequestBody<'createApiKey'> {
  const ceilings = {
    ...(maxDuration !== undefined && { durationSeconds: maxDuration }),
    ...(sessionPolicyFile !== undefined && { sessionPolicy: textOf(sessionPolicyFile) }),
  };
  return {
    name,
    ...(permission && { permissions: permission }),
    ...(scope !== undefined && { scope: scopeOf(scope) }),
    ...(expires !== undefined && { expiresAt: timeOf(expires) }),
    ...(Object.keys(ceilings).length > 0 && { ceilings }),
  };
}

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
