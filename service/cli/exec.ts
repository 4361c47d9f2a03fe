import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Credentials } from '../../client/index.js';
import type { CommandRow, Given } from './command-row.js';
import { exitCodes } from './exit-codes.js';
import { ExitCode } from './failure.js';
import { type SessionOptions, sessionOptions, sessionRequestOf } from './session-options.js';
import type { Terminal } from './terminal.js';

export const execCommands: readonly CommandRow[] = [
  {
    usage: 'exec <command> [arguments...]',
    about: 'runs a command with credentials for a target in its environment',
    example: 'rolebridge exec --project shop --environment production -- terraform plan',
    asks: 'service',
    options: sessionOptions,
    passesOptions: true,
    async run({ terminal, words: [command = '', ...words], options, client }: Given<SessionOptions>) {
      const request = sessionRequestOf(options);
      const credentials = await (await client()).issueCredentials(request);
      throw new ExitCode(await runWith(command, words, environmentWith(terminal.env, credentials), terminal));
    },
  },
];

/** Every other source that an AWS SDK takes credentials from, and the keys of this program. */
const otherSources = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SECURITY_TOKEN',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  // This program sets it for its own SDK.
  'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
  // The command gets these credentials, not the key to all others.
  'ROLEBRIDGE_API_KEY',
  'ROLEBRIDGE_OPERATOR_TOKEN',
];

function environmentWith(env: NodeJS.ProcessEnv, credentials: Credentials): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !otherSources.includes(name)));
  return {
    ...kept,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    // An undefined one is not set.
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: credentials.expiration,
    AWS_REGION: kept.AWS_REGION || credentials.region,
    AWS_DEFAULT_REGION: kept.AWS_DEFAULT_REGION || credentials.region,
  };
}

const passedOn = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGCONT',
] as const;

/** Returns the exit code of the command, or 128 and the number of the signal that ended it, as a shell does. */
function runWith(
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, words, { env, stdio: 'inherit' });
    const pass = (signal: NodeJS.Signals) => {
      // The terminal signals the command, too: a second signal would make Terraform stop immediately.
      const isFromTerminal = terminal.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
      if (!isFromTerminal) child.kill(signal);
    };
    for (const signal of passedOn) process.on(signal, pass);
    const end = (code: number) => {
      for (const signal of passedOn) process.off(signal, pass);
      resolve(code);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      terminal.stderr.write(
        `rolebridge: ${command} ${isMissing ? 'is not found: check its name and the PATH' : `can't be run: ${error.code}`}.\n`,
      );
      end(isMissing ? exitCodes.notFound : exitCodes.notExecutable);
    });
    child.once('exit', (code, signal) => end(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
