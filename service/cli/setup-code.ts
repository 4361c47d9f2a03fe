import type { Command } from 'commander';
import { summaryOf } from './of-call.js';
import { printJson, printValues } from './print.js';
import { clientOf, type ServiceOptions, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** `rolebridge connection setup-code`: one value instead of five for the customer's `init --setup`. */
export function addSetupCodeCommand(group: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(group.command('setup-code <id>').description(summaryOf('createSetupCode'))),
    'rolebridge connection setup-code con_…',
  )
    .option('--revoke', 'revoke the code instead')
    .action(async (id: string, options: ServiceOptions & { revoke?: boolean }) => {
      const client = await clientOf(options, terminal);
      if (options.revoke) {
        await client.revokeSetupCode(id);
        if (options.json) printJson(terminal, { revoked: id });
        else terminal.stdout.write(`revoked the set-up code of ${id}\n`);
        return;
      }
      const created = await client.createSetupCode(id);
      if (options.json) return printJson(terminal, created);
      printValues(terminal, {
        command: created.command,
        link: created.link,
        'expires at': created.expiresAt,
      });
      terminal.stdout.write('\nThe link is shown only once. The callback secret is not in it.\n');
    });
}
