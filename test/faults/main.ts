/**
 * `npm run faults`: kill -9 at random moments under concurrent writers, 200 rounds for each store.
 * `npm run faults -- 10 file` does ten rounds, on files only.
 */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../postgres/index.js';
import { killRounds } from './rounds.js';

const stores = ['file', 'postgres'];

async function main(words: readonly string[]): Promise<void> {
  const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? 200);
  const wanted = stores.filter((store) => words.includes(store));
  const unknown = words.filter((word) => !/^\d+$/.test(word) && !stores.includes(word));
  if (unknown.length > 0) throw new Error(`There is no store ${unknown.join(', ')}: ${stores.join(', ')}.`);
  for (const store of wanted.length > 0 ? wanted : stores) {
    const directory = mkdtempSync(join(tmpdir(), `rolebridge-faults-${store}-`));
    const server = store === 'postgres' ? await startPostgres() : undefined;
    try {
      const startedAt = performance.now();
      const { acknowledged, checked, lost, slowestStartMs } = await killRounds({
        rounds,
        directory,
        newDatabase: server && (() => server.newSchema()),
        report: (line) => console.error(`${store}, ${line}`),
      });
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      console.log(
        `${store}: killed ${rounds} times under 34 writers in ${seconds} s; ${acknowledged} changes acknowledged, ${checked} times looked for one; slowest start ${Math.round(slowestStartMs)} ms; lost or half done: ${lost.length}`,
      );
      for (const what of lost) console.log(`  ${what}`);
      if (lost.length > 0) {
        process.exitCode = 1;
        console.log(`  The data is in ${directory}.`);
      } else await rm(directory, { recursive: true, force: true });
    } finally {
      await server?.dispose();
    }
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
