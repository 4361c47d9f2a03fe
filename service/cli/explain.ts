import type { Command } from 'commander';
import { UsageError } from './failure.js';
import { printJson, printValues } from './print.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** `rolebridge explain CODE`: a row of the error catalog, without a service. */
export function addExplainCommand(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('explain <code>')
      .description('explain an error code: meaning, confirmation, fix')
      .option('--json', 'print JSON, including errors'),
    'rolebridge explain scope_taken',
  ).action(async (code: string, { json }: { json?: boolean }) => {
    // Loaded here, so that `rolebridge credentials` starts without it.
    const { errorCatalog, isErrorCode } = await import('../domain/error-catalog/index.js');
    if (!isErrorCode(code))
      throw new UsageError(
        `There is no error code ${JSON.stringify(code)}.`,
        'Copy the "code" from the problem details, or from the last lines of the deploy.',
      );
    const row = errorCatalog[code];
    if (json) return printJson(terminal, { code, ...row });
    const { status, title, meaning, see, fix } = row;
    printValues(terminal, { code, status: `${status} ${title}`, meaning, 'see it': see, 'fix it': fix });
  });
}
