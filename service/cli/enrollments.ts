import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { messageOf } from '../unknown-value.js';
import { UsageError } from './failure.js';
import { memberOf, summaryOf } from './of-call.js';
import { printable, printJson, printTable, printValues } from './print.js';
import type { RegisterOptions } from './register-account.js';
import { clientOf, type ServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { type AddCommand, serviceCommandsOf, withExample } from './with-example.js';

interface CreateOptions extends ServiceOptions {
  readonly scopeRule?: string;
  readonly accounts?: string;
  readonly rolePattern?: string;
  readonly maxAccounts?: number;
  readonly expiresIn?: number;
}

/** `rolebridge enrollment …`: many accounts that register themselves. */
export function addEnrollmentCommands(program: Command, terminal: Terminal): void {
  const group = program
    .command('enrollment')
    .description('let accounts of an AWS Organization register themselves');

  const add = serviceCommandsOf(group);
  addCreate(add, terminal);
  addList(add, terminal);
  addShow(add, terminal);
  addTemplate(add, terminal);
  addRegister(group, terminal);
  addEnd(add, terminal);
}

function addCreate(add: AddCommand, terminal: Terminal): void {
  add(
    'create <name>',
    summaryOf('createEnrollment'),
    'rolebridge enrollment create acme --scope-rule rule.json --expires-in 86400',
  )
    .option('--scope-rule <file>', 'a JSON file: {"accounts": {"ID": SCOPE}, "otherwise": SCOPE}')
    .option('--accounts <ids>', 'allowed accounts, separated by commas')
    .option('--role-pattern <name>', memberOf('createEnrollment', 'rolePattern'))
    .option('--max-accounts <number>', 'maximum number of accounts', wholeNumber('--max-accounts'))
    .option('--expires-in <seconds>', 'lifetime of the enrollment', wholeNumber('--expires-in'))
    .action(async (name: string, options: CreateOptions) => {
      const { scopeRule, accounts, rolePattern, maxAccounts, expiresIn, json } = options;
      const wanted = {
        name,
        ...(scopeRule !== undefined && { scopeRule: jsonFile(scopeRule) }),
        ...(accounts !== undefined && { accountIds: accounts.split(',') }),
        ...(rolePattern !== undefined && { rolePattern }),
        ...(maxAccounts !== undefined && { maxAccounts }),
        ...(expiresIn !== undefined && { expiresInSeconds: expiresIn }),
      };
      const made = await (await clientOf(options, terminal)).createEnrollment(wanted);
      if (json) return printJson(terminal, made);
      printValues(terminal, { id: made.id, name: made.name, ends: made.expiresAt, secret: made.secret });
      terminal.stdout.write(
        `\nThe secret is shown only once. The template: rolebridge enrollment template ${made.id}\n`,
      );
    });
}

function addList(add: AddCommand, terminal: Terminal): void {
  add('list', summaryOf('listEnrollments'), 'rolebridge enrollment list').action(
    async (options: ServiceOptions) => {
      const client = await clientOf(options, terminal);
      const enrollments: Awaited<ReturnType<typeof client.listEnrollments>>['enrollments'] = [];
      for (let before: string | undefined; ; ) {
        const page = await client.listEnrollments({ limit: 100, ...(before !== undefined && { before }) });
        enrollments.push(...page.enrollments);
        before = page.next;
        if (before === undefined) break;
      }
      if (options.json) return printJson(terminal, { enrollments });
      printTable(
        terminal,
        ['ID', 'NAME', 'ACCOUNTS', 'MADE', 'ENDS'],
        enrollments.map(({ id, name, registered, maxAccounts, createdAt, expiresAt }) => [
          ...[id, name, `${registered} of ${maxAccounts}`, createdAt, expiresAt],
        ]),
      );
    },
  );
}

function addShow(add: AddCommand, terminal: Terminal): void {
  add('show <id>', summaryOf('getEnrollment'), 'rolebridge enrollment show enr_…').action(
    async (id: string, options: ServiceOptions) => {
      const enrollment = await (await clientOf(options, terminal)).getEnrollment(id);
      if (options.json) return printJson(terminal, enrollment);
      const { name, expiresAt, maxAccounts, accounts } = enrollment;
      printValues(terminal, { id, name, ends: expiresAt, accounts: `${accounts.length} of ${maxAccounts}` });
      terminal.stdout.write('\n');
      printTable(
        terminal,
        ['ACCOUNT', 'CONNECTION'],
        accounts.map(({ accountId, connectionId }) => [accountId, connectionId]),
      );
    },
  );
}

function addTemplate(add: AddCommand, terminal: Terminal): void {
  add(
    'template <id>',
    'print the template for a CloudFormation StackSet, without its secret',
    'rolebridge enrollment template enr_… > stack-set.yaml',
  ).action(async (id: string, options: ServiceOptions) => {
    const { stackSetTemplate } = await (await clientOf(options, terminal)).getEnrollment(id);
    if (options.json) return printJson(terminal, { stackSetTemplate });
    terminal.stdout.write(`${printable(stackSetTemplate).trimEnd()}\n`);
  });
}

function addRegister(group: Command, terminal: Terminal): void {
  withExample(
    group
      .command('register <enrollment-url>')
      .description('register the account of your AWS credentials, without a stack set')
      .option('--label <name>', 'the label in the scope rule')
      .option('--partition <name>', 'the AWS partition', 'aws')
      .option('--allow-http', 'allow http: to another machine, where secrets can be read on the way')
      .option('--json', 'print JSON, including errors'),
    'ROLEBRIDGE_ENROLLMENT_SECRET=whsec_… rolebridge enrollment register https://connect.vendor.example/v1/enrollments/enr_…/accounts',
  ).action(async (url: string, options: RegisterOptions) => {
    const { registerAccount } = await import('./register-account.js');
    const account = await registerAccount(url, options, terminal);
    if (options.json) return printJson(terminal, account);
    const { connectionId, externalId, callbackSecret } = account;
    printValues(terminal, {
      connection: connectionId,
      'external id': externalId,
      'callback secret': callbackSecret,
    });
  });
}

function addEnd(add: AddCommand, terminal: Terminal): void {
  add('end <id>', summaryOf('endEnrollment'), 'rolebridge enrollment end enr_…').action(
    async (id: string, options: ServiceOptions) => {
      await (await clientOf(options, terminal)).endEnrollment(id);
      if (options.json) printJson(terminal, { ended: id });
      else terminal.stdout.write(`ended ${id}\n`);
    },
  );
}

const wholeNumber = (option: string) => (text: string) => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number, not ${JSON.stringify(text)}.`);
};

function jsonFile(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null) return value;
    throw new Error('it is not a JSON object');
  } catch (error) {
    throw new UsageError(`${path} can't be read as JSON: ${messageOf(error)}`);
  }
}
