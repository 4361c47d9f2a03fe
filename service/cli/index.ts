/**
 * The command line: `run` reads options, calls in, and says with which code to end. `rolebridge credentials` alone loads
 * nothing but the client (`start.ts`); commands that work on the store load the service when they run.
 */
import { type Command, Option } from 'commander';
import type { CommandRow } from './command-row.js';
import { descriptionOf, optionsOf, partsOf } from './options-of.js';
import { newProgram, runProgram } from './program.js';
import { runRow } from './run-row.js';
import { commandTable, groups } from './table.js';
import type { Terminal } from './terminal.js';

export { exitCodes } from './exit-codes.js';
export type { Terminal } from './terminal.js';

/** Runs one command line and answers with the code to end with; it never throws. */
export const run = (words: readonly string[], terminal: Terminal): Promise<number> =>
  runProgram(createProgram(terminal), words.length === 0 ? ['serve'] : words, terminal);

/** The tree of all commands. */
export function createProgram(terminal: Terminal): Command {
  const program = newProgram(terminal);
  for (const row of commandTable) addCommand(program, row, terminal);
  return program;
}

function addCommand(program: Command, row: CommandRow, terminal: Terminal): void {
  const { words, args } = partsOf(row);
  const [name = '', group] = words.toReversed();
  const parent =
    group === undefined
      ? program
      : (program.commands.find((each) => each.name() === group) ??
        program.command(group).description(groups[group] ?? ''));
  const command = parent
    .command([name, ...args].join(' '))
    .description(descriptionOf(row))
    .addHelpText('after', `\nExample:\n  ${row.example}`);
  if (row.passesOptions) command.passThroughOptions();
  for (const { flags, about, parse, initial, isRequired = false } of optionsOf(row)) {
    const option = new Option(flags, about).makeOptionMandatory(isRequired).default(initial);
    command.addOption(parse ? option.argParser(parse) : option);
  }
  command.action(() => runRow(row, commandTable, { terminal, words: command.args, options: command.opts() }));
}
