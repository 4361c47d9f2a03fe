/**
 * The command line: `run` runs one command and returns its exit code. `rolebridge credentials` alone loads nothing but
 * the client (`start.ts`); commands that work on the store load the service when they run.
 */
import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import type { CommandRow } from './command-row.js';
import { forTerminal } from './commands-in.js';
import { exitCodes } from './exit-codes.js';
import { ExitCode, reportFailure, UsageError } from './failure.js';
import { descriptionOf, optionsOf, partsOf } from './options-of.js';
import { runRow } from './run-row.js';
import { commandTable, groups } from './table.js';
import type { Terminal } from './terminal.js';

export { exitCodes } from './exit-codes.js';
export type { Terminal } from './terminal.js';

/** Runs one command and returns its exit code. It never throws. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const given = wordsOf(words);
  try {
    await createProgram(terminal).parseAsync(given, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    const code = exitCodeOf(error, given, terminal);
    // The other codes are those of the command that `exec` runs.
    const isExec = given[0] === 'exec' && code !== exitCodes.ok && !(error instanceof ExitCode);
    return isExec ? exitCodes.notExecuted : code;
  }
}

/** No words start the service. Commander's own `help` shows a group in place of a command in it. */
function wordsOf(words: readonly string[]): string[] {
  const [first = 'serve', ...others] = words;
  return first === 'help' && others.length > 1 ? [...others, '--help'] : [first, ...others];
}

function exitCodeOf(error: unknown, given: readonly string[], terminal: Terminal): number {
  // Commander has printed help or the version. A group without a command is a mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const end = given.indexOf('--');
  const asJson = given.slice(0, end === -1 ? undefined : end).includes('--json');
  return reportFailure(error, terminal, asJson, forTerminal(commandTable, given));
}

/** The program with all its commands. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('rolebridge')
    .description('Connect customers’ AWS accounts, and use the connections.')
    .version(version())
    .enablePositionalOptions()
    .addHelpText('after', helpEnd)
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      // `throwUsageErrors` reports them, as JSON too.
      outputError: () => {},
    });
  throwUsageErrors(program, 'rolebridge');
  for (const row of commandTable) addCommand(program, row, terminal);
  return program;
}

function addCommand(program: Command, row: CommandRow, terminal: Terminal): void {
  const { words, args } = partsOf(row);
  const [name = '', group] = words.toReversed();
  const parent = group === undefined ? program : groupOf(program, group);
  const command = parent
    .command([name, ...args].join(' '))
    .description(descriptionOf(row))
    .addHelpText('after', `\nExample:\n  ${row.example}`);
  throwUsageErrors(command, `rolebridge ${words.join(' ')}`);
  if (row.passesOptions) command.passThroughOptions();
  for (const { flags, about, parse, initial, isRequired = false, conflicts = [] } of optionsOf(row)) {
    const option = new Option(flags, about)
      .makeOptionMandatory(isRequired)
      .default(initial)
      .conflicts(conflicts);
    command.addOption(parse ? option.argParser(parse) : option);
  }
  command.action(() => runRow(row, commandTable, { terminal, words: command.args, options: command.opts() }));
}

/** The command above those of a group, added with the first of them. */
function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((each) => each.name() === name);
  if (known) return known;
  const group = program.command(name).description(groups[name] ?? '');
  throwUsageErrors(group, `rolebridge ${name}`);
  return group;
}

/** Commander's errors become ours, with the help of the very command. Its help and version stay its own. */
function throwUsageErrors(command: Command, usage: string): void {
  command.exitOverride((error) => {
    const [, fault, hint] = /^error: (.+?)\.?(?:\n\((.+)\))?$/.exec(error.message) ?? [];
    if (fault === undefined) throw error;
    const remedy = `"${usage} --help" shows its ${command.commands.length > 0 ? 'commands' : 'options'}.`;
    throw new UsageError(
      `${fault.replace(/^./, (letter) => letter.toUpperCase())}.`,
      hint ? `${hint} ${remedy}` : remedy,
    );
  });
}

/** The version of the package, from the source and from `dist`. */
function version(): string {
  const { version } = createRequire(import.meta.url)('@rolebridge/service/package.json');
  return version;
}

const helpEnd = `
Exits with 0 when done, 1 when refused or failed, 2 when the command or a setting is wrong, 3 when the result is
unknown (unreachable, or to be retried). exec exits as its command does, or with 125 if the command did not run.

Example:
  export ROLEBRIDGE_URL=https://connect.vendor.example ROLEBRIDGE_API_KEY=rbk_…
  rolebridge connection list`;
