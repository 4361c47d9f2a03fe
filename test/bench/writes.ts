import { interleaved, type Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { Place, WritesHandlers } from './writes-process.js';

const rounds = 5;
const places = ['store', 'lowdb', 'append'] as const;

/** Changes of connections that are acknowledged, 32 at once, with 10,000 connections of 100 organizations. */
export async function measureWrites(directory: string): Promise<Measurement[]> {
  const children = places.map((place) => ({
    place,
    child: startChild<WritesHandlers>(new URL('./writes-process.ts', import.meta.url)),
  }));
  try {
    const contenders: Partial<Record<Place, () => Promise<number>>> = {};
    for (const { place, child } of children) {
      await child.call('start', {
        place,
        directory: `${directory}/${place}`,
        organizations: 100,
        connectionsEach: 100,
      });
      const run = async (durationMs: number) => {
        const { completed, elapsedMs } = await child.call('run', { durationMs });
        return (completed / elapsedMs) * 1000;
      };
      contenders[place] = () => run(2_000);
      await run(500);
    }
    const rates = await interleaved(rounds, contenders as Required<typeof contenders>);
    return [
      {
        name: 'acknowledged writes, 10,000 connections, against plain lowdb',
        unit: 'writes/s',
        ours: rates.store,
        baseline: rates.lowdb,
        goal: { atLeast: 20 },
      },
      {
        name: 'acknowledged writes, 10,000 connections, against append + fsync',
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
