import type { Command } from 'commander';
import type { Connection, RolebridgeClient } from '../../client/index.js';
import { UsageError } from './failure.js';
import { operatorClient } from './operator-client.js';
import { printable, printJson, printTable } from './print.js';
import { clientOf, type ServiceOptions, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

type StatusOptions = ServiceOptions & { readonly set?: string };

/** `rolebridge permissions status`, `usage` and `diff`. */
export function addPermissionCommands(program: Command, terminal: Terminal): void {
  const group = program.command('permissions').description('permission sets and the roles that have them');
  addStatus(group, terminal);
  addUsage(group, terminal);
  addDiff(group, terminal);
}

function addStatus(group: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(
      group
        .command('status [id]')
        .description('show the version of each connection, and whether its role has the permissions'),
    ),
    'rolebridge permissions status --set deploy@2',
  )
    .option('--set <set>', 'only connections with this set: NAME or NAME@VERSION')
    .action(async (id: string | undefined, options: StatusOptions) => {
      const client = await clientOf(options, terminal);
      if (id !== undefined) return showOne(terminal, await client.getConnection(id), options.json);
      const connections = await withSets(client, options.set);
      if (options.json) return printJson(terminal, { connections });
      printTable(
        terminal,
        ['ID', 'NAME', 'STATUS', 'SET', 'NEWEST', 'WITHOUT', 'PERMISSIONS'],
        connections.map((one) => [
          one.id,
          one.name,
          one.status,
          one.permissionSet,
          one.newestPermissionSet,
          one.without.join(','),
          one.permissions,
        ]),
      );
    });
}

function addUsage(group: Command, terminal: Terminal): void {
  withExample(
    group
      .command('usage')
      .description('count the connections of each version, across organizations, for the operator')
      .option('--url <url>', 'where the service is (or ROLEBRIDGE_URL); needs ROLEBRIDGE_OPERATOR_TOKEN')
      .option('--allow-http', 'allow http: to another machine, where keys can be read on the way')
      .option('--json', 'print JSON, including errors'),
    'rolebridge permissions usage',
  ).action(async (options: ServiceOptions) => {
    const usage = await operatorClient(options, terminal).countPermissionSets();
    if (options.json) return printJson(terminal, usage);
    printTable(
      terminal,
      ['SET', 'CONNECTIONS', 'SERVED'],
      usage.permissionSets.map((one) => [
        one.permissionSet,
        String(one.connections),
        one.isServed ? 'yes' : 'no',
      ]),
    );
    const { complete = 0, incomplete = 0, not_checked = 0 } = usage.permissions;
    terminal.stdout.write(`complete ${complete}, incomplete ${incomplete}, not checked ${not_checked}\n`);
  });
}

function addDiff(group: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(
      group
        .command('diff <from> [to]')
        .description('show the changes between two versions of a set (default: to the newest)'),
    ),
    'rolebridge permissions diff deploy@2 deploy@3',
  ).action(async (from: string, to: string | undefined, options: ServiceOptions) => {
    const client = await clientOf(options, terminal);
    // Loaded here, so that `rolebridge credentials` starts without it.
    const { changeSentence, comparePermissionSets } = await import('../domain/permission-set-diff.js');
    const { permissionSetSchema } = await import('../domain/permission-set.js');
    const read = async ({ name, version }: { name: string; version: string }) =>
      permissionSetSchema.parse(await client.getPermissionSet(name, version));
    const first = idOf(from);
    const second = to === undefined ? await newestOf(client, first.name) : idOf(to);
    const changes = comparePermissionSets(await read(first), await read(second));
    if (options.json) return printJson(terminal, { from, to: `${second.name}@${second.version}`, changes });
    terminal.stdout.write(`${first.name}@${first.version} to ${second.name}@${second.version}\n`);
    for (const change of changes) terminal.stdout.write(`  ${printable(changeSentence(change))}\n`);
    if (changes.length === 0) terminal.stdout.write('  changes nothing\n');
  });
}

function idOf(text: string): { name: string; version: string } {
  const [, name, version] = /^([a-z][a-z0-9-]*)@(\d+)$/.exec(text) ?? [];
  if (name === undefined || version === undefined)
    throw new UsageError(`${JSON.stringify(text)} is not NAME@VERSION.`, 'Name a version, such as deploy@3.');
  return { name, version };
}

async function newestOf(client: RolebridgeClient, name: string) {
  const { permissionSets } = await client.listPermissionSets();
  const newest = permissionSets.find((set) => set.name === name);
  if (newest === undefined)
    throw new UsageError(`The service has no permission set ${JSON.stringify(name)}.`);
  return { name, version: String(newest.version) };
}

async function withSets(client: RolebridgeClient, permissionSet: string | undefined) {
  const found = [];
  for await (const connection of client.connections({ ...(permissionSet && { permissionSet }) }))
    if ('permissionSet' in connection && connection.permissionSet !== undefined)
      found.push(summaryOf(connection));
  return found;
}

const summaryOf = (connection: Extract<Connection, { method: 'assume_role' }>) => ({
  id: connection.id,
  name: connection.name,
  status: connection.status,
  permissionSet: connection.permissionSet,
  newestPermissionSet: connection.newestPermissionSet,
  without: connection.without ?? [],
  permissions: 'permissions' in connection ? connection.permissions : undefined,
});

function showOne(terminal: Terminal, connection: Connection, asJson: boolean | undefined): void {
  const report = 'verification' in connection ? connection.verification.permissions : undefined;
  if (asJson) printJson(terminal, { connection, report });
  else for (const line of permissionLines(connection)) terminal.stdout.write(`${printable(line)}\n`);
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
