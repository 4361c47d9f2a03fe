import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { run } from '../service/cli/index.js';
import { serviceProgram } from './run/service-program.mjs';

/** How a command ended, and all that it has shown. */
export interface CommandLineResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLineInput {
  readonly env?: Record<string, string | undefined>;
  /** The standard input. */
  readonly stdin?: string;
}

/** Runs one command line in this process: all that `main.ts` does is to call this with the real terminal. */
export async function runCommandLine(
  words: readonly string[],
  { env = {}, stdin = '' }: CommandLineInput = {},
): Promise<CommandLineResult> {
  const shown = { stdout: '', stderr: '' };
  const keep = (stream: keyof typeof shown) => ({
    write(text: string) {
      shown[stream] += text;
    },
  });
  const code = await run(words, {
    env: env as NodeJS.ProcessEnv,
    stdin: Readable.from([Buffer.from(stdin)]) as Readable & { isTTY?: boolean },
    stdout: keep('stdout'),
    stderr: keep('stderr'),
  });
  return { code, ...shown };
}

/** The command as a process; it works in any folder. */
export const rolebridgeCommand = [process.execPath, serviceProgram] as const;

/** Starts the command as a process, whose signals and exit code are those that a shell would see. */
export function startCommandLine(words: readonly string[], env: Record<string, string | undefined>) {
  const [node, ...rest] = rolebridgeCommand;
  const child = spawn(node, [...rest, ...words], {
    env: { PATH: process.env.PATH, ...env } as Record<string, string> as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>(
    (resolve) => child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  return { child, ended, shown: () => stdout };
}
