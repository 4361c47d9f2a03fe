import type { Connection, CreatedConnection } from '../../client/index.js';
import { UsageError } from './failure.js';
import { printable, printJson, printValues } from './print.js';
import { scopeText } from './target-options.js';
import type { Terminal } from './terminal.js';

interface WayOptions {
  readonly way?: string;
  readonly json?: boolean;
}

/** As the API calls the ways to create the role. */
const ways: readonly string[] = [
  'console',
  'cdktf',
  'terraform',
  'terraformModule',
  'cloudFormation',
  'awsCli',
] satisfies (keyof CreatedConnection['roleTemplates'])[];
export const wayOption = [
  '--way <way>',
  `print this way to make the role alone: ${ways.join(', ')}`,
] as const;

export const statusText = (connection: Connection): string =>
  connection.status === 'failed' && connection.verification.result === 'failed'
    ? `failed (${connection.verification.code})`
    : connection.status;

export function show(terminal: Terminal, connection: Connection, asJson: boolean | undefined): void {
  if (asJson) {
    printJson(terminal, connection);
    return;
  }
  printValues(terminal, {
    id: connection.id,
    name: connection.name,
    status: statusText(connection),
    method: connection.method,
    account: 'accountId' in connection ? connection.accountId : undefined,
    role: 'roleArn' in connection ? connection.roleArn : undefined,
    'external ID': 'externalId' in connection ? connection.externalId : undefined,
    'new external ID': 'pendingExternalId' in connection ? connection.pendingExternalId : undefined,
    'access key': 'accessKeyLastFour' in connection ? `…${connection.accessKeyLastFour}` : undefined,
    principal: 'principalArn' in connection ? connection.principalArn : undefined,
    scopes: connection.scopes.map(scopeText).join(', ') || '-',
    created: connection.createdAt,
    changed: connection.updatedAt,
  });
  if (!('verification' in connection)) return;
  const { verification } = connection;
  terminal.stdout.write(`\nverified ${verification.finishedAt}: ${verification.result}\n`);
  for (const check of verification.checks)
    terminal.stdout.write(`  ${check.name}: ${check.outcome}: ${printable(check.message)}\n`);
  if (verification.result === 'failed') terminal.stdout.write(`  ${printable(verification.remedy)}\n`);
}

type Made = Pick<
  CreatedConnection,
  'statusUrl' | 'id' | 'externalId' | 'principal' | 'callbackUrl' | 'trustPolicy' | 'roleTemplates'
> & { readonly callbackSecret?: string | undefined; readonly statusToken?: string | undefined };

/** Once: what the customer makes the role with. One way alone goes to standard output, to be kept in a file. */
export function showCreated(terminal: Terminal, made: Made, options: WayOptions): void {
  const { way, json } = options;
  if (json) {
    printJson(terminal, made);
    return;
  }
  const known: Record<string, string | undefined> = { ...made.roleTemplates };
  for (const [name, text] of Object.entries(known))
    if (text !== undefined && way === undefined)
      terminal.stdout.write(`== ${name}\n${printable(text).trimEnd()}\n\n`);
  if (way !== undefined) terminal.stdout.write(`${printable(known[way] ?? '').trimEnd()}\n`);
  const values = { stdout: way === undefined ? terminal.stdout : terminal.stderr };
  printValues(values, {
    id: made.id,
    'external ID': made.externalId,
    principal: made.principal,
    'callback URL': made.callbackUrl,
    'callback secret': made.callbackSecret,
    'status URL': made.statusUrl,
    'status token': made.statusToken,
  });
  if (made.callbackSecret !== undefined) values.stdout.write('\nSecret and token are shown this once.\n');
}

/** @throws UsageError before anything is made that could not be shown again */
export function checkWay({ way, json }: WayOptions): void {
  if (way !== undefined && !ways.includes(way))
    throw new UsageError(`--way must be one of ${ways.join(', ')}, not ${JSON.stringify(way)}.`);
  if (way !== undefined && json)
    throw new UsageError('--way is given beside --json.', 'Give one of the two.');
}
