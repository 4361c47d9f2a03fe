import type { Command } from 'commander';
import { withServiceOptions } from './service-options.js';

/** Puts an example under the help of a command. */
export const withExample = (command: Command, example: string): Command =>
  command.addHelpText('after', `\nExample:\n  ${example}`);

/** Adds a command to a group: its usage, description and example. */
export type AddCommand = (usage: string, description: string, example: string) => Command;

/** The commands of a group that talk to a service. */
export const serviceCommandsOf =
  (group: Command): AddCommand =>
  (usage, description, example) =>
    withExample(withServiceOptions(group.command(usage).description(description)), example);
