/**
 * The program `rolebridge`, built into one file, so that AWS's tools wait for `rolebridge credentials` little longer
 * than for Node.js itself. Every other command loads the whole command line.
 */
import { exitCodes } from './exit-codes.js';
import { reportFailure } from './failure.js';
import { plainOptions } from './plain-options.js';
import { credentialsOptions, printCredentials } from './session-options.js';

const [command, ...words] = process.argv.slice(2);

async function main(): Promise<number> {
  try {
    const options = command === 'credentials' ? plainOptions(words, credentialsOptions) : undefined;
    if (options) {
      await printCredentials(options, process);
      return exitCodes.ok;
    }
  } catch (error) {
    const [{ forTerminal }, { commandTable }] = await Promise.all([
      import('./commands-in.js'),
      import('./table.js'),
    ]);
    return reportFailure(
      error,
      process,
      words.includes('--json'),
      forTerminal(commandTable, ['credentials']),
    );
  }
  // The file store waits for the disk in many organizations at once. Node.js reads it before the first wait.
  process.env.UV_THREADPOOL_SIZE ??= '16';
  await import('../main.js');
  return Number(process.exitCode ?? 0);
}

main().then((code) => {
  process.exitCode = code;
});
