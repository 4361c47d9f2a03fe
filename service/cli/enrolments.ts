import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from './failure.js';
import { printable, printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

interface CreateOptions extends ServiceOptions {
  readonly scopeRule?: string;
  readonly accounts?: string;
  readonly maxAccounts?: number;
  readonly expiresIn?: number;
}

/** `rolebridge enrolment …`: many accounts that register themselves. */
export function addEnrolmentCommands(program: Command, terminal: Terminal): void {
  const group = program
    .command('enrolment')
    .description('lets the accounts of an AWS Organization register themselves');

  const add = (usage: string, description: string, example: string) =>
    withExample(withServiceOptions(group.command(usage).description(description)), example);

  add(
    'create <name>',
    'make an enrolment; its secret is shown this once',
    'rolebridge enrolment create acme --scope-rule rule.json --expires-in 86400',
  )
    .option('--scope-rule <file>', 'a JSON file: {"accounts": {"ID": SCOPE}, "otherwise": SCOPE}')
    .option('--accounts <ids>', 'the only accounts that it is for, with commas')
    .option('--max-accounts <number>', 'how many accounts at most', wholeNumber('--max-accounts'))
    .option('--expires-in <seconds>', 'when it ends', wholeNumber('--expires-in'))
    .action(async (name: string, options: CreateOptions) => {
      const { scopeRule, accounts, maxAccounts, expiresIn, json } = options;
      const wanted = {
        name,
        ...(scopeRule !== undefined && { scopeRule: jsonFile(scopeRule) as object }),
        ...(accounts !== undefined && { accountIds: accounts.split(',') }),
        ...(maxAccounts !== undefined && { maxAccounts }),
        ...(expiresIn !== undefined && { expiresInSeconds: expiresIn }),
      };
      const made = await (await clientOf(options, terminal)).createEnrolment(wanted);
      if (json) return printJson(terminal, made);
      printValues(terminal, { id: made.id, name: made.name, ends: made.expiresAt, secret: made.secret });
      terminal.stdout.write(
        `\nThe secret is shown this once. The template: rolebridge enrolment template ${made.id}\n`,
      );
    });

  add('list', 'those that have not been ended, the newest first', 'rolebridge enrolment list').action(
    async (options: ServiceOptions) => {
      const client = await clientOf(options, terminal);
      const enrolments: Awaited<ReturnType<typeof client.listEnrolments>>['enrolments'] = [];
      for (let before: string | undefined; ; ) {
        const page = await client.listEnrolments({ limit: 100, ...(before !== undefined && { before }) });
        enrolments.push(...page.enrolments);
        before = page.next;
        if (before === undefined) break;
      }
      if (options.json) return printJson(terminal, { enrolments });
      printTable(
        terminal,
        ['ID', 'NAME', 'ACCOUNTS', 'MADE', 'ENDS'],
        enrolments.map(({ id, name, registered, maxAccounts, createdAt, expiresAt }) => [
          ...[id, name, `${registered} of ${maxAccounts}`, createdAt, expiresAt],
        ]),
      );
    },
  );

  add('show <id>', 'the accounts that have registered themselves', 'rolebridge enrolment show enr_…').action(
    async (id: string, options: ServiceOptions) => {
      const enrolment = await (await clientOf(options, terminal)).getEnrolment(id);
      if (options.json) return printJson(terminal, enrolment);
      const { name, expiresAt, maxAccounts, accounts } = enrolment;
      printValues(terminal, { id, name, ends: expiresAt, accounts: `${accounts.length} of ${maxAccounts}` });
      terminal.stdout.write('\n');
      printTable(
        terminal,
        ['ACCOUNT', 'CONNECTION'],
        accounts.map(({ accountId, connectionId }) => [accountId, connectionId]),
      );
    },
  );

  add(
    'template <id>',
    'print the template for a CloudFormation StackSet, without its secret',
    'rolebridge enrolment template enr_… > stack-set.yaml',
  ).action(async (id: string, options: ServiceOptions) => {
    const { stackSetTemplate } = await (await clientOf(options, terminal)).getEnrolment(id);
    if (options.json) return printJson(terminal, { stackSetTemplate });
    terminal.stdout.write(`${printable(stackSetTemplate).trimEnd()}\n`);
  });

  add(
    'end <id>',
    'let no further account register itself; its connections stay',
    'rolebridge enrolment end enr_…',
  ).action(async (id: string, options: ServiceOptions) => {
    await (await clientOf(options, terminal)).endEnrolment(id);
    if (options.json) printJson(terminal, { ended: id });
    else terminal.stdout.write(`ended ${id}\n`);
  });
}

const wholeNumber = (option: string) => (text: string) => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number, not ${JSON.stringify(text)}.`);
};

function jsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} can't be read as JSON: ${(error as Error).message}`);
  }
}
