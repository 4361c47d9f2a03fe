import { calls } from './calls.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { jsonOption, oneOf } from './option-row.js';
import { printable, printJson, printTable, printValues } from './print.js';
import type { RegisterOptions } from './register-account.js';
import { allowHttpOption } from './service-options.js';

const partitions = calls.createEnrollment.members.partition.values;

/** Enrollments: accounts of an AWS Organization that register themselves. */
export const enrollmentCommands: readonly CommandRow[] = [
  ofCall('createEnrollment', {
    usage: 'enrollment create <name>',
    example: 'rolebridge enrollment create acme --scope-rule rule.json --expires-in 24h',
    members: {
      scopeRule: ['--scope-rule <file>', 'a JSON file: {"accounts": {"ID": SCOPE}, "otherwise": SCOPE}'],
      accountIds: ['--accounts <ids>', 'allowed accounts, separated by commas'],
      maxAccounts: ['--max-accounts <number>', 'maximum number of accounts'],
    },
    show({ id, name, expiresAt, secret }, { terminal }) {
      printValues(terminal, { id, name, expires: expiresAt, secret });
      terminal.stdout.write(
        `\nThe secret is shown only once. The template: rolebridge enrollment template ${id}\n`,
      );
    },
  }),
  ofCall('listEnrollments', {
    usage: 'enrollment list',
    example: 'rolebridge enrollment list',
    show: ({ enrollments }, { terminal }) =>
      printTable(terminal, enrollments, {
        ID: 'id',
        NAME: 'name',
        ACCOUNTS: ({ registered, maxAccounts }) => `${registered} of ${maxAccounts}`,
        CREATED: 'createdAt',
        EXPIRES: 'expiresAt',
      }),
  }),
  ofCall('getEnrollment', {
    usage: 'enrollment show <id>',
    example: 'rolebridge enrollment show enr_…',
    show({ id, name, expiresAt, maxAccounts, accounts }, { terminal }) {
      printValues(terminal, {
        id,
        name,
        expires: expiresAt,
        accounts: `${accounts.length} of ${maxAccounts}`,
      });
      terminal.stdout.write('\n');
      printTable(terminal, accounts, { ACCOUNT: 'accountId', CONNECTION: 'connectionId' });
    },
  }),
  ofCall('getEnrollment', {
    usage: 'enrollment template <id>',
    about: 'prints the template for a CloudFormation StackSet, without its secret',
    example: 'rolebridge enrollment template enr_… > stack-set.yaml',
    async run({ terminal, words: [id = ''], options, client }) {
      const { stackSetTemplate } = await (await client()).getEnrollment(id);
      if (options.json) return printJson(terminal, { stackSetTemplate });
      terminal.stdout.write(`${printable(stackSetTemplate).trimEnd()}\n`);
    },
  }),
  {
    usage: 'enrollment register <enrollment-url>',
    about: 'registers the account of your AWS credentials, without a stack set',
    example:
      'ROLEBRIDGE_ENROLLMENT_SECRET=whsec_… rolebridge enrollment register https://connect.vendor.example/v1/enrollments/enr_…/accounts',
    options: [
      { flags: '--label <name>', about: 'the label in the scope rule' },
      {
        flags: '--partition <name>',
        about: `the AWS partition: ${partitions.join(', ')}`,
        parse: oneOf('--partition', partitions),
        initial: 'aws',
      },
      allowHttpOption,
      jsonOption,
    ],
    async run({ terminal, words: [url = ''], options }: Given<RegisterOptions>) {
      const { registerAccount } = await import('./register-account.js');
      const account = await registerAccount(url, options, terminal);
      if (options.json) return printJson(terminal, account);
      const { connectionId, externalId, callbackSecret } = account;
      printValues(terminal, {
        connection: connectionId,
        'external ID': externalId,
        'callback secret': callbackSecret,
      });
    },
  },
  ofCall('endEnrollment', {
    usage: 'enrollment end <id>',
    example: 'rolebridge enrollment end enr_…',
    done: 'ended',
  }),
];
