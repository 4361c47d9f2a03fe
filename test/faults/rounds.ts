import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Task } from './writer-process.js';

/** The rounds on one store: each checks everything that was acknowledged in it. */
const roundsOfAStore = 10;

export interface Outcome {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly checked: number;
  readonly lost: readonly string[];
  /** The slowest start after a kill. */
  readonly slowestStartMs: number;
}

/**
 * Rounds of: start on the previous round's files, check that every acknowledged change is present and
 * none is half done, write from 32 places at once, be killed at a random moment.
 */
export async function killRounds(options: {
  readonly rounds: number;
  readonly directory: string;
  /** A separate database for each store; without it, files. */
  readonly newDatabase?: (() => Promise<string>) | undefined;
  readonly report?: (line: string) => void;
}): Promise<Outcome> {
  const { rounds, newDatabase, report = () => {} } = options;
  let [acknowledged, checked, slowestStartMs] = [0, 0, 0];
  const lost: string[] = [];
  for (let round = 0; round < rounds; ) {
    const directory = join(options.directory, `store-${round}`);
    await mkdir(directory, { recursive: true });
    const lines = `${directory}.acknowledged`;
    await writeFile(lines, '');
    const task = { directory, acknowledged: lines, databaseUrl: await newDatabase?.() };
    const last = Math.min(rounds, round + roundsOfAStore);
    // Two more starts: one after the last kill, and one after an orderly close.
    for (const first = round; round < last + 2; round++) {
      const writes = round < last;
      const ended = await oneRound({ ...task, writes }, round === first ? 0 : Math.random() * 500);
      acknowledged += ended.lines.length;
      checked += ended.opened.checked;
      slowestStartMs = Math.max(slowestStartMs, ended.opened.openMs);
      for (const what of ended.opened.wrong) lost.push(`before round ${round + 1}: ${what}`);
      await appendFile(lines, ended.lines.map((line) => `${line}\n`).join(''));
      if (writes)
        report(
          `round ${round + 1}: ${ended.opened.checked} things checked, ${ended.opened.wrong.length} wrong; killed after ${ended.lines.length} acknowledgements`,
        );
    }
    round = last;
    if (lost.length === 0) await rm(directory, { recursive: true, force: true });
  }
  return { rounds, acknowledged, checked, lost, slowestStartMs };
}

async function oneRound(task: Task, killAfterMs: number) {
  const file = new URL('./writer-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines: string[] = [];
  let opened: { wrong: string[]; checked: number; openMs: number } | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.endsWith('}')) break;
    if (opened === undefined) opened = JSON.parse(line).opened;
    else lines.push(line);
    // Every round is killed after at least one acknowledged write.
    if (task.writes && lines.length === 1) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  }
  const [code, signal] = await closed;
  if (opened === undefined || (task.writes ? signal !== 'SIGKILL' : code !== 0))
    throw new Error(`The process exited (${code ?? signal}); its data is in ${task.directory}.`);
  return { lines, opened };
}
