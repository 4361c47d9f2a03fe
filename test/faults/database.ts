import {
  killDatabase,
  killService,
  type Stage,
  silenceUnderLoad,
  stopUnderLoad,
} from '../postgres/faults.js';
import { startPostgres } from '../postgres/index.js';
import { type Race, races } from '../postgres/races.js';
import { startVendorOnDatabase } from '../postgres/service-processes.js';

/** The rounds on one database: each checks everything that was acknowledged in it. */
const roundsOfADatabase = 10;

export interface DatabaseOutcome {
  readonly line: string;
  readonly wrong: readonly string[];
}

/** Kills the database and the service in turn under 32 writers; now and then the database stops, or is silent. */
export async function databaseRounds(
  rounds: number,
  report: (line: string) => void,
): Promise<DatabaseOutcome> {
  let [answers, changes, slowestMs] = [0, 0, 0];
  const wrong: string[] = [];
  const startedAt = performance.now();
  for (let round = 0; round < rounds; ) {
    const server = await startPostgres();
    const databaseUrl = await server.newSchema();
    const vendor = await startVendorOnDatabase(databaseUrl);
    try {
      const stage: Stage = { server, databaseUrl, vendor, process: await vendor.startProcess() };
      const faults = [killDatabase, killService, killDatabase, killService, stopUnderLoad];
      const last = Math.min(rounds, round + roundsOfADatabase);
      for (; round < last; round++) {
        const fault =
          round % 50 === 49 ? silenceUnderLoad : (faults[round % faults.length] as typeof killDatabase);
        const done = await fault(stage);
        answers += done.answers;
        changes += done.changes;
        slowestMs = Math.max(slowestMs, done.slowestMs);
        report(`round ${round + 1}, ${fault.name}: ${JSON.stringify(done)}`);
      }
    } catch (error) {
      wrong.push(`round ${round + 1}: ${(error as Error).message}`);
      round += 1;
    } finally {
      await vendor.close();
      await server.dispose();
    }
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return {
    line: `PostgreSQL under a service: ${rounds} times killed, stopped or silent, or the service killed, in ${seconds} s; ${answers} answers, the slowest after ${slowestMs} ms; ${changes} changes acknowledged; wrong, lost or half done: ${wrong.length}`,
    wrong,
  };
}

/** Sends the same requests to two service processes on one database at once. */
export async function raceRounds(rounds: number, report: (line: string) => void): Promise<DatabaseOutcome> {
  const wrong: string[] = [];
  const startedAt = performance.now();
  const server = await startPostgres();
  const vendor = await startVendorOnDatabase(await server.newSchema());
  try {
    const [one, two] = await Promise.all([vendor.startProcess(), vendor.startProcess()]);
    for (const race of Object.keys(races) as Race[]) {
      for (let round = 0; round < rounds; round++)
        await races[race]({ vendor, one, two }).catch((error) =>
          wrong.push(`${race}, round ${round + 1}: ${error.message}`),
        );
      report(`${race}: ${rounds} rounds`);
    }
  } finally {
    await vendor.close();
    await server.dispose();
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return {
    line: `races of two processes: ${rounds} rounds each of ${Object.keys(races).join(', ')}, in ${seconds} s; came out wrong: ${wrong.length}`,
    wrong,
  };
}
