import { type CommandRow, type Given, ofCall } from './command-row.js';
import { printJson, printTable, printValues } from './print.js';
import { formatOption, type TemplateFormat, templateCommands } from './role-templates.js';
import { readAccessKey } from './secret-input.js';
import type { ServiceOptions } from './service-options.js';
import { printConnection, show, showCreated, statusText } from './show-connection.js';
import { scopeText } from './target-options.js';

export const connectionCommands: readonly CommandRow[] = [
  ofCall('createConnection', {
    usage: 'connection create <name>',
    example: 'rolebridge connection create shop --scope shop/production',
    members: {
      scope: ['--scope <scope>', 'where it applies: PROJECT[/ENVIRONMENT[/ARCHITECTURE]] or "organization"'],
      expectedAccountId: ['--expected-account <id>', 'the only AWS account that may be connected'],
      permissionSet: ['--permission-set <name>', 'the permission set of the connection'],
      without: ['--without <sids>', 'its optional statements that are left out, separated by commas'],
      accessKeyId: ['--access-key-id <id>', 'its id; implies --access-key'],
      sessionExpiresAt: false,
    },
    options: [
      {
        flags: '--access-key',
        about:
          'connect with an access key, which is read from the terminal, standard input or the environment',
      },
      formatOption,
    ],
    async request(given: Given<ServiceOptions & { accessKey?: boolean; accessKeyId?: string }>) {
      const { accessKey, accessKeyId } = given.options;
      if (!accessKey && accessKeyId === undefined) return {};
      return { method: 'access_key', ...(await readAccessKey(given)) };
    },
    show: (created, given) =>
      'roleTemplates' in created ? showCreated(created, given) : show(created, given),
  }),
  ofCall('listConnections', {
    usage: 'connection list',
    example: 'rolebridge connection list --status failed',
    show: ({ connections }, { terminal }) =>
      printTable(terminal, connections, {
        ID: 'id',
        NAME: 'name',
        STATUS: statusText,
        ASSURANCE: 'assurance',
        METHOD: 'method',
        ACCOUNT: 'accountId',
        SCOPES: ({ scopes }) => scopes.map(scopeText).join(', '),
      }),
  }),
  ofCall('getConnection', {
    usage: 'connection show <id>',
    example: 'rolebridge connection show con_…',
    show,
  }),
  ofCall('verifyConnection', {
    usage: 'connection verify <id>',
    example: 'rolebridge connection verify con_…',
    show,
  }),
  ofCall('setRole', {
    usage: 'connection role <id> <role-arn>',
    example: 'rolebridge connection role con_… arn:aws:iam::210987654321:role/rolebridge',
    show,
  }),
  ofCall('updateConnection', {
    usage: 'connection change <id>',
    example: 'rolebridge connection change con_… --reference aws-1 --default-region eu-central-1',
    members: { expectedAccountId: ['--expected-account <id>'] },
    show,
  }),
  ofCall('updateConnection', {
    usage: 'connection rename <id> <name>',
    about: 'renames a connection',
    example: 'rolebridge connection rename con_… "shop, production"',
    members: false,
    show,
  }),
  ofCall('releaseAccount', {
    usage: 'connection release-account <id>',
    example: 'rolebridge connection release-account con_… --expected-account 210987654321',
    members: { expectedAccountId: ['--expected-account <id>', 'the account to connect next'] },
    options: [formatOption],
    show: showCreated,
  }),
  ofCall('deleteConnection', {
    usage: 'connection delete <id>',
    example: 'rolebridge connection delete con_…',
    done: 'deleted',
  }),
  ofCall('rotateAccessKey', {
    usage: 'connection rotate-key <id>',
    example: 'aws iam create-access-key --user-name vendor | rolebridge connection rotate-key con_…',
    members: {
      accessKeyId: ['--access-key-id <id>', 'the id of the new key'],
      sessionExpiresAt: false,
    },
    request: readAccessKey,
    show,
  }),
  ofCall('migrateToRole', {
    usage: 'connection migrate-to-role <id>',
    example: 'rolebridge connection migrate-to-role con_…',
    options: [formatOption],
    show: showCreated,
  }),
  ofCall('rotateExternalId', {
    usage: 'connection rotate-external-id <id>',
    example: 'rolebridge connection rotate-external-id con_… --format terraform',
    members: { rotateCallbackSecret: ['--callback-secret', 'rotate the callback secret too'] },
    options: [{ flags: '--cancel', about: 'cancel the rotation' }, formatOption],
    async run(given: Given<{ format?: TemplateFormat; cancel?: boolean }>) {
      const { terminal, words, options, members } = given;
      const [id = ''] = words;
      const client = await given.client();
      if (options.cancel) return printConnection(await client.cancelExternalIdRotation(id), given);
      const rotation = await client.rotateExternalId(id, members);
      if (options.json) printJson(terminal, rotation);
      else showCreated(rotation, given);
    },
  }),
  ofCall('rotateCallbackSecret', {
    usage: 'connection rotate-callback-secret <id>',
    example: 'rolebridge connection rotate-callback-secret con_… --previous-valid 3600',
    members: {
      previousValidSeconds: ['--previous-valid <seconds>', 'how long the previous secret stays valid'],
    },
    show: (rotated, { terminal }) =>
      printValues(terminal, {
        'callback secret': rotated.callbackSecret,
        'status token': rotated.statusToken,
        'previous secret valid until': rotated.previousValidUntil,
      }),
  }),
  ...templateCommands,
  ofCall('createSetupCode', {
    usage: 'connection setup-code <id>',
    example: 'rolebridge connection setup-code con_…',
    options: [{ flags: '--revoke', about: 'revoke the code instead' }],
    async run({ terminal, words: [id = ''], options, client }: Given<{ revoke?: boolean }>) {
      const service = await client();
      if (options.revoke) {
        await service.revokeSetupCode(id);
        if (options.json) printJson(terminal, { revoked: id });
        else terminal.stdout.write(`revoked the set-up code of ${id}\n`);
        return;
      }
      const created = await service.createSetupCode(id);
      if (options.json) return printJson(terminal, created);
      const { command, link, expiresAt } = created;
      printValues(terminal, { command, link, expires: expiresAt });
      terminal.stdout.write('\nThe link is shown only once. The callback secret is not in it.\n');
    },
  }),
];
