import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './failure.js';
import type { Terminal } from './terminal.js';

/** Asks at the terminal, which doesn't echo a secret. @throws UsageError after Ctrl+C or Ctrl+D */
export async function ask(
  { stdin, stderr }: Terminal,
  question: string,
  { isSecret = false } = {},
): Promise<string> {
  stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, ...(isSecret && { output: nowhere, terminal: true }) });
  const canceled = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  try {
    const answer = await Promise.race([lines.question('').catch(() => undefined), canceled]);
    if (answer === undefined) throw new UsageError('Canceled. Nothing was changed.');
    return answer.trim();
  } finally {
    lines.close();
    if (isSecret) stderr.write('\n');
  }
}
