import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { WritesHandlers } from './writes-process.js';

const rounds = 5;
const contenders = {
  store: { place: 'store', organizations: 100, connectionsEach: 100 },
  oneOrganization: { place: 'store', organizations: 1, connectionsEach: 10_000 },
  lowdb: { place: 'lowdb', organizations: 100, connectionsEach: 100 },
  append: { place: 'append', organizations: 100, connectionsEach: 100 },
} as const;
type Contender = keyof typeof contenders;

/** Changes of connections that are acknowledged, 32 at once, with 10,000 connections of 100 organizations and of one. */
export async function measureWrites(directory: string): Promise<Measurement[]> {
  const children = Object.entries(contenders).map(([name, wanted]) => ({
    name: name as Contender,
    wanted,
    child: startChild<WritesHandlers>(new URL('./writes-process.ts', import.meta.url)),
  }));
  try {
    const runs: Partial<Record<Contender, () => Promise<number>>> = {};
    for (const { name, wanted, child } of children) {
      await child.call('start', { ...wanted, directory: `${directory}/${name}` });
      const run = async (durationMs: number) => {
        const { completed, elapsedMs } = await child.call('run', { durationMs });
        return (completed / elapsedMs) * 1000;
      };
      runs[name] = () => run(2_000);
      await run(500);
    }
    const rates = await interleaved(rounds, runs as Required<typeof runs>);
    return [
      {
        name: 'acknowledged writes, 10,000 connections in one organization, against plain lowdb',
        unit: 'writes/s',
        ours: rates.oneOrganization,
        baseline: rates.lowdb,
        goal: { atLeast: 20 },
      },
      {
        name: 'acknowledged writes, 10,000 connections in 100 organizations, against append + fsync',
        unit: 'writes/s',
        ours: rates.store,
        baseline: rates.append,
        goal: { atLeast: 0.25 },
      },
    ];
  } finally {
    for (const { child } of children) child.stop();
  }
}
