import type { Connection, CreatedConnection } from '../../client/index.js';
import type { Given } from './command-row.js';
import { metadataValues, printable, printJson, printValues } from './print.js';
import { printTemplate, type TemplateFormat } from './role-templates.js';
import { scopeText } from './target-options.js';

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
    'accepts both external IDs since':
      'acceptsBothExternalIdsSince' in connection ? connection.acceptsBothExternalIdsSince : undefined,
    'access key': 'accessKeyLastFour' in connection ? `…${connection.accessKeyLastFour}` : undefined,
    principal: 'principalArn' in connection ? connection.principalArn : undefined,
    assurance: 'assurance' in connection ? connection.assurance : undefined,
    'permission set': 'permissionSet' in connection ? connection.permissionSet : undefined,
    scopes: connection.scopes.map(scopeText).join(', ') || '-',
    created: connection.createdAt,
    changed: connection.updatedAt,
    'last used': connection.lastUsedAt,
    ...metadataValues(connection.metadata),
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
      terminal.stdout.write(`  to reach assurance proven: ${printable(remedy)}\n`);
  if (verification.result === 'failed') terminal.stdout.write(`  ${printable(verification.remedy)}\n`);
}

/** Prints a connection, for people or as JSON. */
export function printConnection(connection: Connection, given: Pick<Given, 'terminal' | 'options'>): void {
  if (given.options.json) printJson(given.terminal, connection);
  else show(connection, given);
}

/** The permission findings of a connection, one per line. */
export function permissionLines(connection: Connection): string[] {
  const set = 'permissionSet' in connection ? connection.permissionSet : undefined;
  if (set === undefined) return ['no permission set'];
  const newest = 'newestPermissionSet' in connection ? connection.newestPermissionSet : undefined;
  const report = 'verification' in connection ? connection.verification.permissions : undefined;
  const state = report?.state ?? 'not checked yet';
  const finding = (mark: string) => (one: NonNullable<typeof report>['missing'][number]) =>
    `  ${mark} ${one.action} on ${one.resource} (${one.sid}: ${one.reason})${one.deniedBy ? `: ${one.deniedBy}` : ''}`;
  return [
    `${set}: ${state}${newest ? `; ${newest} is available (rolebridge permissions diff ${set})` : ''}`,
    ...(report?.missing.map(finding('missing')) ?? []),
    ...(report?.notDenied.map(finding('allowed, and must not be:')) ?? []),
    ...(report?.unavailable.map(finding('not available')) ?? []),
    ...(report?.notChecked.map(({ sid, because }) => `  not checked ${sid}: ${because}`) ?? []),
  ];
}

type Created = Pick<
  CreatedConnection,
  'statusUrl' | 'id' | 'externalId' | 'principal' | 'callbackUrl' | 'trustPolicy' | 'roleTemplates'
> & { readonly callbackSecret?: string | undefined; readonly statusToken?: string | undefined };

/** The values of a new role, once. With `--format`, only that template goes to standard output, so that you can redirect it. */
export function showCreated(
  created: Created,
  { terminal, options: { format } }: Given<{ readonly format?: TemplateFormat }>,
): void {
  const values = { stdout: format === undefined ? terminal.stdout : terminal.stderr };
  printValues(values, {
    id: created.id,
    'external ID': created.externalId,
    principal: created.principal,
    'callback URL': created.callbackUrl,
    'callback secret': created.callbackSecret,
    'status URL': created.statusUrl,
    'status token': created.statusToken,
  });
  if (created.callbackSecret !== undefined) values.stdout.write('\nSecret and token are shown only once.\n');
  // Last: a format that the service lacks is an error, and the secrets are shown only once.
  if (format !== undefined) printTemplate(terminal, created.roleTemplates, format);
  else
    values.stdout.write(`
Next, for your customer, one of:
  rolebridge connection setup-code ${created.id}
  rolebridge connection template ${created.id} --format terraform
`);
}
