import type { Connection, CreatedConnection } from '../../client/index.js';
import type { Given } from './command-row.js';
import { UsageError } from './failure.js';
import type { OptionRow } from './option-row.js';
import { permissionLines } from './permission-lines.js';
import { printable, printJson, printValues } from './print.js';
import { checkFormat, formatNames, templateFormats } from './role-templates.js';
import { scopeText } from './target-options.js';
import type { Terminal } from './terminal.js';

export interface FormatOptions {
  readonly format?: string;
  readonly json?: boolean;
}

export const formatOption: OptionRow = {
  flags: '--format <format>',
  about: `print the role template of this format too: ${formatNames}`,
};

export const statusText = (connection: Connection): string =>
  connection.status === 'failed' && connection.verification.result === 'failed'
    ? `failed (${connection.verification.code})`
    : connection.status;

export function show(connection: Connection, { terminal }: Pick<Given, 'terminal'>): void {
  printValues(terminal, {
    id: connection.id,
    name: connection.name,
    reference: connection.reference,
    'default region': connection.defaultRegion,
    status: statusText(connection),
    method: connection.method,
    account: 'accountId' in connection ? connection.accountId : undefined,
    role: 'roleArn' in connection ? connection.roleArn : undefined,
    'external ID': 'externalId' in connection ? connection.externalId : undefined,
    'new external ID': 'pendingExternalId' in connection ? connection.pendingExternalId : undefined,
    'access key': 'accessKeyLastFour' in connection ? `…${connection.accessKeyLastFour}` : undefined,
    principal: 'principalArn' in connection ? connection.principalArn : undefined,
    assurance: 'assurance' in connection ? connection.assurance : undefined,
    'permission set': 'permissionSet' in connection ? connection.permissionSet : undefined,
    scopes: connection.scopes.map(scopeText).join(', ') || '-',
    created: connection.createdAt,
    changed: connection.updatedAt,
    'last used': connection.lastUsedAt,
    ...connection.metadata,
  });
  if (!('verification' in connection)) return;
  const { verification } = connection;
  terminal.stdout.write(`\nverified ${verification.finishedAt}: ${verification.result}\n`);
  for (const check of verification.checks)
    terminal.stdout.write(`  ${check.name}: ${check.outcome}: ${printable(check.message)}\n`);
  if (verification.permissions)
    for (const line of permissionLines(connection)) terminal.stdout.write(`  ${printable(line)}\n`);
  if ('missingForProven' in connection)
    for (const { remedy } of connection.missingForProven ?? [])
      terminal.stdout.write(`  to be proven: ${printable(remedy)}\n`);
  if (verification.result === 'failed') terminal.stdout.write(`  ${printable(verification.remedy)}\n`);
}

/** The answer of a command that prints a connection. */
export function printConnection(connection: Connection, given: Pick<Given, 'terminal' | 'options'>): void {
  if (given.options.json) printJson(given.terminal, connection);
  else show(connection, given);
}

type Made = Pick<
  CreatedConnection,
  'statusUrl' | 'id' | 'externalId' | 'principal' | 'callbackUrl' | 'trustPolicy' | 'roleTemplates'
> & { readonly callbackSecret?: string | undefined; readonly statusToken?: string | undefined };

/** The values of a new role, once. With `--format`, that template alone goes to standard output, so that you can redirect it to a file. */
export function showCreated(terminal: Terminal, made: Made, options: FormatOptions): void {
  const { format, json } = options;
  if (json) {
    printJson(terminal, made);
    return;
  }
  if (format !== undefined) {
    checkFormat(format);
    terminal.stdout.write(`${printable(made.roleTemplates[templateFormats[format]] ?? '').trimEnd()}\n`);
  }
  const values = { stdout: format === undefined ? terminal.stdout : terminal.stderr };
  printValues(values, {
    id: made.id,
    'external ID': made.externalId,
    principal: made.principal,
    'callback URL': made.callbackUrl,
    'callback secret': made.callbackSecret,
    'status URL': made.statusUrl,
    'status token': made.statusToken,
  });
  if (made.callbackSecret !== undefined) values.stdout.write('\nSecret and token are shown only once.\n');
  if (format === undefined)
    values.stdout.write(`
Next, for your customer, one of:
  rolebridge connection setup-code ${made.id}
  rolebridge connection template ${made.id} --format terraform
`);
}

/** @throws UsageError before anything is created that could not be shown again */
export function checkFormatOptions({ format, json }: FormatOptions): void {
  if (format === undefined) return;
  checkFormat(format);
  if (json) throw new UsageError('--format is given beside --json.', 'Give one of the two.');
}
