/**
 * The command line: `run` reads options, calls in, and says with which code to end. What talks to a service loads
 * nothing but the client, so that AWS's tools wait for `rolebridge credentials` no longer than need be; what works on
 * the store loads the service when it runs.
 */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addApiKeyCommands } from './api-keys.js';
import { addAuditCommand } from './audit.js';
import { addCompletionCommand } from './completion.js';
import { addConnectionCommands } from './connections.js';
import { addEnrollmentCommands } from './enrollments.js';
import { addEvidenceCommand } from './evidence.js';
import { addExecCommand } from './exec.js';
import { exitCodes } from './exit-codes.js';
import { addExplainCommand } from './explain.js';
import { reportFailure } from './failure.js';
import { addOperatorTokenCommands } from './operator-tokens.js';
import { addOrganizationCommands } from './organizations.js';
import { addPermissionCommands } from './permissions.js';
import { addServiceCommands } from './service-commands.js';
import { addSignInLinkCommands } from './sign-in-links.js';
import { addTargetCommands } from './targets.js';
import type { Terminal } from './terminal.js';
import { addVerifyCommand } from './verify-all.js';

export { exitCodes } from './exit-codes.js';
export type { Terminal } from './terminal.js';

/** Runs one command line and answers with the code to end with; it never throws. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(words.length === 0 ? ['serve'] : [...words], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    const end = words.indexOf('--');
    return reportFailure(error, terminal, words.slice(0, end === -1 ? undefined : end).includes('--json'));
  }
}

/** The tree of all commands; completion is made of it too. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('rolebridge')
    .description('Connect customers’ AWS accounts, and use the connections.')
    .version(version())
    .enablePositionalOptions()
    .showHelpAfterError('("rolebridge help COMMAND" shows what it takes)')
    .addHelpText('after', endings)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });
  addServiceCommands(program, terminal);
  addOrganizationCommands(program, terminal);
  addOperatorTokenCommands(program, terminal);
  addConnectionCommands(program, terminal);
  addVerifyCommand(program, terminal);
  addPermissionCommands(program, terminal);
  addTargetCommands(program, terminal);
  addExecCommand(program, terminal);
  addEnrollmentCommands(program, terminal);
  addApiKeyCommands(program, terminal);
  addSignInLinkCommands(program, terminal);
  addAuditCommand(program, terminal);
  addEvidenceCommand(program, terminal);
  addExplainCommand(program, terminal);
  addCompletionCommand(program, terminal);
  return program;
}

/** The package's own, from the source and from `dist`. */
function version(): string {
  const { version } = createRequire(import.meta.url)('@rolebridge/service/package.json');
  return version;
}

const endings = `
Ends with 0 when done, 1 when refused or failed, 2 when the command or a setting is wrong, 3 when nothing was
decided (not reachable, or to be tried again). exec ends as its command does, and with 125 when that did not run.

Example:
  export ROLEBRIDGE_URL=https://connect.vendor.example ROLEBRIDGE_API_KEY=rbk_…
  rolebridge connection list`;
