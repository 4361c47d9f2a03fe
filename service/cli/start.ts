/**
 * The entry of `rolebridge`: built into one file, so that AWS's tools wait for `rolebridge credentials` little longer
 * than for Node.js itself. Every other command loads the whole command line.
 */
import { newProgram, runProgram } from './program.js';
import { addCredentialsCommand } from './targets.js';

const words = process.argv.slice(2);

async function main(): Promise<number> {
  if (words[0] !== 'credentials') {
    // The file store waits for the disk in many organizations at once. Node.js reads it before the first wait.
    process.env.UV_THREADPOOL_SIZE ??= '16';
    await import('../main.js');
    return Number(process.exitCode ?? 0);
  }
  const program = newProgram(process);
  addCredentialsCommand(program, process);
  return runProgram(program, words, process);
}

main().then((code) => {
  process.exitCode = code;
});
