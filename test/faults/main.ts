/**
 * `npm run faults`: kill -9 at random moments under concurrent writers, 200 rounds for each store; PostgreSQL killed,
 * stopped and silent under a service, 200 rounds; two processes racing on one database, a thousand rounds of each race.
 * `npm run faults -- 10 file` does ten rounds, on files only.
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../postgres/index.js';
import { transpileService } from '../run/service-program.mjs';
import { databaseRounds, raceRounds } from './database.js';
import { killRounds } from './rounds.js';

type Report = (line: string) => void;
type Faults = (rounds: number, report: Report) => Promise<{ line: string; wrong: readonly string[] }>;

const kinds: Record<string, Faults> = {
  file: (rounds, report) => storeRounds('file', rounds, report),
  postgres: (rounds, report) => storeRounds('postgres', rounds, report),
  database: databaseRounds,
  // A race takes a hundredth of a second, a kill seconds.
  races: (rounds, report) => raceRounds(rounds * 5, report),
};

async function main(words: readonly string[]): Promise<void> {
  const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? 200);
  const names = words.filter((word) => !/^\d+$/.test(word));
  const unknown = names.filter((name) => !Object.hasOwn(kinds, name));
  if (unknown.length > 0)
    throw new Error(`There is no ${unknown.join(', ')}, but: ${Object.keys(kinds).join(', ')}.`);
  await transpileService();
  for (const [name, faults] of Object.entries(kinds)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const { line, wrong } = await faults(rounds, (text) => console.error(`${name}, ${text}`));
    console.log(line);
    for (const what of wrong) console.log(`  ${what}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}

async function storeRounds(store: 'file' | 'postgres', rounds: number, report: Report) {
  const directory = mkdtempSync(join(tmpdir(), `rolebridge-faults-${store}-`));
  const server = store === 'postgres' ? await startPostgres() : undefined;
  try {
    const startedAt = performance.now();
    const { acknowledged, checked, lost, slowestStartMs } = await killRounds({
      rounds,
      directory,
      newDatabase: server && (() => server.newSchema()),
      report,
    });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    if (lost.length === 0) await rm(directory, { recursive: true, force: true });
    return {
      line: `${store}: killed ${rounds} times under 34 writers in ${seconds} s; ${acknowledged} changes acknowledged, ${checked} times looked for one; slowest start ${Math.round(slowestStartMs)} ms; lost or half done: ${lost.length}`,
      wrong: lost.length === 0 ? lost : [...lost, `The data is in ${directory}.`],
    };
  } finally {
    await server?.dispose();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
