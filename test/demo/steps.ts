import type { CommandResult } from '../real/tools.js';
import type { Vendor } from '../vendor.js';

export const say = (text: string) => console.log(text.replace(/^/gm, '  '));

export async function step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  const begun = Date.now();
  process.stdout.write(`\n▸ ${title}`);
  try {
    return await work();
  } finally {
    process.stdout.write(Date.now() - begun < 50 ? '\n' : ` (${seconds(begun)})\n`);
  }
}

export const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** The script's own lines out of Terraform's. */
export function show({ stdout }: CommandResult, pattern: RegExp): void {
  for (const line of stdout.split('\n')) if (pattern.test(line)) say(line.replace(/^.*\(local-exec\): /, ''));
}

export function expectSuccess(result: CommandResult): CommandResult {
  if (result.code !== 0) throw new Error(`exit code ${result.code}\n${result.stdout}\n${result.stderr}`);
  return result;
}

export function expectStatus(status: number, answer: Awaited<ReturnType<Vendor['call']>>) {
  must(answer.status === status, `the service answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export function must(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Error(otherwise);
}
