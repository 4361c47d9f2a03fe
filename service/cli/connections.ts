import type { Command } from 'commander';
import type { Connection } from '../../client/index.js';
import { calls } from './calls.js';
import { UsageError } from './failure.js';
import { memberOf, oneOf, summaryOf } from './of-call.js';
import { printJson, printTable, printValues } from './print.js';
import { addTemplateCommand } from './role-templates.js';
import { readAccessKey } from './secret-input.js';
import { clientOf, type ServiceOptions } from './service-options.js';
import { addSetupCodeCommand } from './setup-code.js';
import { checkFormatOptions, formatOption, show, showCreated, statusText } from './show-connection.js';
import { scopeOf, scopeText } from './target-options.js';
import type { Terminal } from './terminal.js';
import { type AddCommand, serviceCommandsOf } from './with-example.js';

const statuses = calls.listConnections.members.status.values;
const assurances = calls.listConnections.members.assurance.values;
const partitions = calls.createConnection.members.partition.values;

interface CreateOptions extends ServiceOptions {
  readonly scope?: string;
  readonly partition?: (typeof partitions)[number];
  readonly expectedAccount?: string;
  readonly permissionSet?: string;
  readonly without?: string;
  readonly accessKey?: boolean;
  readonly accessKeyId?: string;
  readonly format?: string;
}

type ListOptions = ServiceOptions & {
  status?: (typeof statuses)[number];
  assurance?: (typeof assurances)[number];
};

/** `rolebridge connection …`. */
export function addConnectionCommands(program: Command, terminal: Terminal): void {
  const group = program.command('connection').description('connections to customers’ AWS accounts');

  const add = serviceCommandsOf(group);
  addCreate(add, terminal);
  addList(add, terminal);
  addShow(add, terminal);
  addVerify(add, terminal);
  addRole(add, terminal);
  addRename(add, terminal);
  addDelete(add, terminal);
  addRotateKey(add, terminal);
  addMigrateToRole(add, terminal);
  addRotateExternalId(add, terminal);
  addRotateCallbackSecret(add, terminal);
  addTemplateCommand(group, terminal);
  addSetupCodeCommand(group, terminal);
}

function addCreate(add: AddCommand, terminal: Terminal): void {
  add(
    'create <name>',
    summaryOf('createConnection'),
    'rolebridge connection create shop --scope shop/production',
  )
    .option('--scope <scope>', 'where it applies: PROJECT[/ENVIRONMENT[/ARCHITECTURE]] or "organization"')
    .option(
      '--partition <partition>',
      `the AWS partition: ${partitions.join(', ')}`,
      oneOf('--partition', partitions),
    )
    .option('--expected-account <id>', 'the only AWS account that may be connected')
    .option('--permission-set <name>', 'the permission set of the connection')
    .option('--without <sids>', 'its optional statements that are left out, separated by commas')
    .option(
      '--access-key',
      'connect with an access key, which is read from the terminal, standard input or the environment',
    )
    .option('--access-key-id <id>', 'its id; implies --access-key')
    .option(...formatOption)
    .action(async (name: string, options: CreateOptions) => {
      const { scope, partition, expectedAccount, accessKey, accessKeyId, json } = options;
      const { permissionSet, without } = options;
      checkFormatOptions(options);
      const wanted = {
        name,
        ...(scope !== undefined && { scope: scopeOf(scope) }),
        ...(partition !== undefined && { partition }),
        ...(expectedAccount !== undefined && { expectedAccountId: expectedAccount }),
      };
      const client = await clientOf(options, terminal);
      if (!accessKey && accessKeyId === undefined)
        return showCreated(
          terminal,
          await client.createConnection({
            ...wanted,
            ...(permissionSet !== undefined && { permissionSet }),
            ...(without !== undefined && { without: without.split(',') }),
          }),
          options,
        );
      refuseTwoSecretsOnOneInput(options);
      const key = await readAccessKey(terminal, accessKeyId);
      show(
        terminal,
        await client.createAccessKeyConnection({ ...wanted, method: 'access_key', ...key }),
        json,
      );
    });
}

function addList(add: AddCommand, terminal: Terminal): void {
  add('list', summaryOf('listConnections'), 'rolebridge connection list --status failed')
    .option('--status <status>', `only those that are ${statuses.join(', ')}`, oneOf('--status', statuses))
    .option(
      '--assurance <assurance>',
      memberOf('listConnections', 'assurance'),
      oneOf('--assurance', assurances),
    )
    .action(async ({ status, assurance, ...options }: ListOptions) => {
      const client = await clientOf(options, terminal);
      const connections: Connection[] = [];
      for await (const connection of client.connections({
        ...(status && { status }),
        ...(assurance && { assurance }),
      }))
        connections.push(connection);
      if (options.json) return printJson(terminal, { connections });
      printTable(
        terminal,
        ['ID', 'NAME', 'STATUS', 'ASSURANCE', 'METHOD', 'ACCOUNT', 'SCOPES'],
        connections.map((connection) => [
          connection.id,
          connection.name,
          statusText(connection),
          'assurance' in connection ? connection.assurance : undefined,
          connection.method,
          'accountId' in connection ? connection.accountId : undefined,
          connection.scopes.map(scopeText).join(', '),
        ]),
      );
    });
}

function addShow(add: AddCommand, terminal: Terminal): void {
  add('show <id>', summaryOf('getConnection'), 'rolebridge connection show con_…').action(
    async (id: string, options: ServiceOptions) => {
      const client = await clientOf(options, terminal);
      show(terminal, await client.getConnection(id), options.json);
    },
  );
}

function addVerify(add: AddCommand, terminal: Terminal): void {
  add('verify <id>', summaryOf('verifyConnection'), 'rolebridge connection verify con_…').action(
    async (id: string, options: ServiceOptions) => {
      const client = await clientOf(options, terminal);
      show(terminal, await client.verifyConnection(id), options.json);
    },
  );
}

function addRole(add: AddCommand, terminal: Terminal): void {
  add(
    'role <id> <arn>',
    summaryOf('setRole'),
    'rolebridge connection role con_… arn:aws:iam::210987654321:role/rolebridge',
  ).action(async (id: string, roleArn: string, options: ServiceOptions) => {
    const client = await clientOf(options, terminal);
    show(terminal, await client.setRole(id, { roleArn }), options.json);
  });
}

function addRename(add: AddCommand, terminal: Terminal): void {
  add(
    'rename <id> <name>',
    'renames a connection',
    'rolebridge connection rename con_… "shop, production"',
  ).action(async (id: string, name: string, options: ServiceOptions) => {
    const client = await clientOf(options, terminal);
    show(terminal, await client.renameConnection(id, { name }), options.json);
  });
}

function addDelete(add: AddCommand, terminal: Terminal): void {
  add('delete <id>', summaryOf('deleteConnection'), 'rolebridge connection delete con_…').action(
    async (id: string, options: ServiceOptions) => {
      const client = await clientOf(options, terminal);
      await client.deleteConnection(id);
      if (options.json) printJson(terminal, { deleted: id });
      else terminal.stdout.write(`deleted ${id}\n`);
    },
  );
}

function addRotateKey(add: AddCommand, terminal: Terminal): void {
  add(
    'rotate-key <id>',
    summaryOf('rotateAccessKey'),
    'aws iam create-access-key --user-name vendor | rolebridge connection rotate-key con_…',
  )
    .option('--access-key-id <id>', 'the id of the new key')
    .action(async (id: string, options: ServiceOptions & { accessKeyId?: string }) => {
      const client = await clientOf(options, terminal);
      refuseTwoSecretsOnOneInput(options);
      const key = await readAccessKey(terminal, options.accessKeyId);
      show(terminal, await client.rotateAccessKey(id, key), options.json);
    });
}

function addMigrateToRole(add: AddCommand, terminal: Terminal): void {
  add('migrate-to-role <id>', summaryOf('migrateToRole'), 'rolebridge connection migrate-to-role con_…')
    .option(...formatOption)
    .action(async (id: string, options: CreateOptions) => {
      checkFormatOptions(options);
      const client = await clientOf(options, terminal);
      showCreated(terminal, await client.migrateToRole(id), options);
    });
}

function addRotateExternalId(add: AddCommand, terminal: Terminal): void {
  add(
    'rotate-external-id <id>',
    summaryOf('rotateExternalId'),
    'rolebridge connection rotate-external-id con_… --format terraform',
  )
    .option('--cancel', 'cancel the rotation')
    .option('--callback-secret', 'rotate the callback secret too')
    .option(...formatOption)
    .action(async (id: string, options: CreateOptions & { cancel?: boolean; callbackSecret?: boolean }) => {
      checkFormatOptions(options);
      const client = await clientOf(options, terminal);
      if (options.cancel) return show(terminal, await client.cancelExternalIdRotation(id), options.json);
      const rotateCallbackSecret = options.callbackSecret ?? false;
      showCreated(terminal, await client.rotateExternalId(id, { rotateCallbackSecret }), options);
    });
}

function addRotateCallbackSecret(add: AddCommand, terminal: Terminal): void {
  add(
    'rotate-callback-secret <id>',
    summaryOf('rotateCallbackSecret'),
    'rolebridge connection rotate-callback-secret con_… --previous-valid 3600',
  )
    .option('--previous-valid <seconds>', 'how long the previous secret stays valid', previousValid)
    .action(async (id: string, options: ServiceOptions & { previousValid?: number }) => {
      const client = await clientOf(options, terminal);
      const rotated = await client.rotateCallbackSecret(
        id,
        options.previousValid === undefined ? {} : { previousValidSeconds: options.previousValid },
      );
      if (options.json) return printJson(terminal, rotated);
      printValues(terminal, {
        'callback secret': rotated.callbackSecret,
        'status token': rotated.statusToken,
        'previous secret valid until': rotated.previousValidUntil,
      });
    });
}

const previousValid = (text: string) => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--previous-valid must be a whole number of seconds, not ${JSON.stringify(text)}.`);
};

function refuseTwoSecretsOnOneInput({ apiKeyFile }: ServiceOptions): void {
  if (apiKeyFile === '-')
    throw new UsageError(
      'Standard input can’t hold the API key and the access key.',
      'Give the API key with --api-key-file PATH or ROLEBRIDGE_API_KEY.',
    );
}
