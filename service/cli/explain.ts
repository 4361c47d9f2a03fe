import type { CommandRow } from './command-row.js';
import { UsageError } from './failure.js';
import { jsonOption } from './option-row.js';
import { printJson, printValues } from './print.js';

/** A row of the error catalog, without a service. */
export const explainCommands: readonly CommandRow[] = [
  {
    usage: 'explain <code>',
    about: 'explain an error code: meaning, confirmation, fix',
    example: 'rolebridge explain scope_taken',
    options: [jsonOption],
    async run({ terminal, words: [code = ''], options }) {
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
      printValues(terminal, { code, status: `${status} ${title}`, meaning, 'see it': see, 'fix it': fix });
    },
  },
];
