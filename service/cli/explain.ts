import type { CommandRow } from './command-row.js';
import { commandsIn } from './commands-in.js';
import { UsageError } from './failure.js';
import { jsonOption } from './option-row.js';
import { printJson, printValues } from './print.js';

/** A row of the error catalog, without a service. */
export const explainCommands: readonly CommandRow[] = [
  {
    usage: 'explain <code>',
    about: 'explains an error code: meaning, confirmation, fix',
    example: 'rolebridge explain scope_taken',
    options: [jsonOption],
    async run({ terminal, words: [code = ''], options, table }) {
      // Loaded here, so that `rolebridge credentials` starts without it.
      const { errorCatalog, isErrorCode } = await import('../domain/error-catalog/index.js');
      if (!isErrorCode(code))
        throw new UsageError(
          `There is no error code ${JSON.stringify(code)}.`,
          'Copy the "code" from the problem details, or from the last lines of the deploy.',
        );
      const row = errorCatalog[code];
      if (options.json) return printJson(terminal, { code, ...row });
      const { status, title, meaning, see, fix } = row;
      const shown = { meaning, 'see it': commandsIn(see, table), 'fix it': commandsIn(fix, table) };
      printValues(terminal, { code, status: `${status} ${title}`, ...shown });
    },
  },
];
