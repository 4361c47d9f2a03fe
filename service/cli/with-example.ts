import type { Command } from 'commander';

/** Puts an example under the help of a command. */
export const withExample = (command: Command, example: string): Command =>
  command.addHelpText('after', `\nExample:\n  ${example}`);
