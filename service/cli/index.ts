/**
 * The command line: `run` reads options, calls in, and says with which code to end. Commands that call a service load
 * nothing but the client, so that AWS's tools wait for `rolebridge credentials` no longer than need be; commands that work on
 * the store load the service when they run.
 */
import type { Command } from 'commander';
import { addApiKeyCommands } from './api-keys.js';
import { addAuditCommand } from './audit.js';
import { addCompletionCommand } from './completion.js';
import { addConnectionCommands } from './connections.js';
import { addEnrollmentCommands } from './enrollments.js';
import { addEvidenceCommand } from './evidence.js';
import { addExecCommand } from './exec.js';
import { addExplainCommand } from './explain.js';
import { addOperatorCommands, addOperatorTokenCommands } from './operator-tokens.js';
import { addOrganizationCommands } from './organizations.js';
import { addPermissionCommands } from './permissions.js';
import { newProgram, runProgram } from './program.js';
import { addServiceCommands } from './service-commands.js';
import { addSignInLinkCommands } from './sign-in-links.js';
import { addTargetCommands } from './targets.js';
import type { Terminal } from './terminal.js';
import { addVerifyCommand } from './verify-all.js';
import { addWebhookCommands } from './webhooks.js';

export { exitCodes } from './exit-codes.js';
export type { Terminal } from './terminal.js';

/** Runs one command line and answers with the code to end with; it never throws. */
export const run = (words: readonly string[], terminal: Terminal): Promise<number> =>
  runProgram(createProgram(terminal), words.length === 0 ? ['serve'] : words, terminal);

/** The tree of all commands; completion is made of it too. */
export function createProgram(terminal: Terminal): Command {
  const program = newProgram(terminal);
  addServiceCommands(program, terminal);
  addOrganizationCommands(program, terminal);
  addOperatorTokenCommands(program, terminal);
  addOperatorCommands(program, terminal);
  addConnectionCommands(program, terminal);
  addVerifyCommand(program, terminal);
  addPermissionCommands(program, terminal);
  addTargetCommands(program, terminal);
  addExecCommand(program, terminal);
  addEnrollmentCommands(program, terminal);
  addApiKeyCommands(program, terminal);
  addSignInLinkCommands(program, terminal);
  addWebhookCommands(program, terminal);
  addAuditCommand(program, terminal);
  addEvidenceCommand(program, terminal);
  addExplainCommand(program, terminal);
  addCompletionCommand(program, terminal);
  return program;
}
