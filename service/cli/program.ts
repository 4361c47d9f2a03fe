import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { reportFailure } from './failure.js';
import type { Terminal } from './terminal.js';

/** The program without its commands. */
export const newProgram = (terminal: Terminal): Command =>
  new Command('rolebridge')
    .description('Connect customers’ AWS accounts, and use the connections.')
    .version(version())
    .enablePositionalOptions()
    .showHelpAfterError('("rolebridge help COMMAND" shows its options)')
    .addHelpText('after', endings)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });

/** Runs one command line and answers with the code to end with; it never throws. */
export async function runProgram(
  program: Command,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Commander has printed the error; help and version aren't failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const end = words.indexOf('--');
    return reportFailure(error, terminal, words.slice(0, end === -1 ? undefined : end).includes('--json'));
  }
}

/** The package's own, from the source and from `dist`. */
function version(): string {
  const { version } = createRequire(import.meta.url)('@rolebridge/service/package.json');
  return version;
}

const endings = `
Exits with 0 when done, 1 when refused or failed, 2 when the command or a setting is wrong, 3 when nothing was
decided (not reachable, or to be tried again). exec ends as its command does, and with 125 when that did not run.

Example:
  export ROLEBRIDGE_URL=https://connect.vendor.example ROLEBRIDGE_API_KEY=rbk_…
  rolebridge connection list`;
