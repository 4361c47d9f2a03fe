import type { Connection, RolebridgeClient } from '../../client/index.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { printable, printJson, printTable } from './print.js';
import { permissionLines } from './show-connection.js';

export const permissionCommands: readonly CommandRow[] = [
  {
    usage: 'permissions status [id]',
    about: 'shows the version of each connection, and whether its role has the permissions',
    example: 'rolebridge permissions status --set deploy@2',
    asks: 'service',
    options: [{ flags: '--set <set>', about: 'only connections with this set: NAME or NAME@VERSION' }],
    async run({ terminal, words: [id], options, client }: Given<{ set?: string }>) {
      if (id !== undefined) return showOne(await (await client()).getConnection(id), { terminal, options });
      const connections: ReturnType<typeof summaryOf>[] = [];
      const query = options.set === undefined ? {} : { permissionSet: options.set };
      for await (const connection of (await client()).connections(query))
        if ('permissionSet' in connection && connection.permissionSet)
          connections.push(summaryOf(connection));
      if (options.json) return printJson(terminal, { connections });
      printTable(terminal, connections, {
        ID: 'id',
        NAME: 'name',
        STATUS: 'status',
        SET: 'permissionSet',
        NEWEST: 'newestPermissionSet',
        WITHOUT: ({ without }) => without.join(','),
        PERMISSIONS: 'permissions',
      });
    },
  },
  ofCall('countPermissionSets', {
    usage: 'permissions usage',
    about: 'counts the connections of each version, across organizations, for the operator',
    example: 'rolebridge permissions usage',
    show(usage, { terminal }) {
      printTable(terminal, usage.permissionSets, {
        SET: 'permissionSet',
        CONNECTIONS: 'connections',
        SERVED: 'isServed',
      });
      const { complete = 0, incomplete = 0, not_checked = 0 } = usage.permissions;
      terminal.stdout.write(`complete ${complete}, incomplete ${incomplete}, not checked ${not_checked}\n`);
    },
  }),
  {
    usage: 'permissions diff <from> [to]',
    about: 'shows the changes between two versions of a set (default: to the newest)',
    example: 'rolebridge permissions diff deploy@2 deploy@3',
    asks: 'service',
    run: diff,
  },
];

async function diff({ terminal, words: [from = '', to], options, client }: Given): Promise<void> {
  const service = await client();
  // Loaded here, so that other commands start without it.
  const { changeSentence, comparePermissionSets } = await import('../domain/permission-set-diff.js');
  const { permissionSetSchema } = await import('../domain/permission-set.js');
  const read = async ({ name, version }: { name: string; version: string }) =>
    permissionSetSchema.parse(await service.getPermissionSet(name, version));
  const first = idOf(from);
  const second = to === undefined ? await newestOf(service, first.name) : idOf(to);
  const changes = comparePermissionSets(await read(first), await read(second));
  if (options.json) return printJson(terminal, { from, to: `${second.name}@${second.version}`, changes });
  terminal.stdout.write(`${first.name}@${first.version} to ${second.name}@${second.version}\n`);
  for (const change of changes) terminal.stdout.write(`  ${printable(changeSentence(change))}\n`);
  if (changes.length === 0) terminal.stdout.write('  changes nothing\n');
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

const summaryOf = (connection: Extract<Connection, { method: 'assume_role' }>) => ({
  id: connection.id,
  name: connection.name,
  status: connection.status,
  permissionSet: connection.permissionSet,
  newestPermissionSet: connection.newestPermissionSet,
  without: connection.without ?? [],
  permissions: 'permissions' in connection ? connection.permissions : undefined,
});

function showOne(connection: Connection, { terminal, options }: Pick<Given, 'terminal' | 'options'>): void {
  const report = 'verification' in connection ? connection.verification.permissions : undefined;
  if (options.json) printJson(terminal, { connection, report });
  else for (const line of permissionLines(connection)) terminal.stdout.write(`${printable(line)}\n`);
}
