import type { Measurement } from './measure.js';
import { startChild } from './processes.js';
import type { ScaleHandlers } from './scale-process.js';

const organizations = 100;
const connectionsEach = 1_000;

/** A file store with 100,000 connections: the time and memory of its start. */
export async function measureScale(directory: string): Promise<Measurement[]> {
  const child = () => startChild<ScaleHandlers>(new URL('./scale-process.ts', import.meta.url));
  const filling = child();
  await filling.call('fill', { directory, organizations, connectionsEach }).finally(() => filling.stop());
  const opening = child();
  const { parseMs, startMs, startCpuMs, heldBytes, residentBytes } = await opening
    .call('open', { directory })
    .finally(() => opening.stop());
  const count = organizations * connectionsEach;
  return [
    {
      name: `memory held per connection, ${count.toLocaleString('en')} of them, above the empty process, baseline 3 kB`,
      unit: 'bytes',
      ours: heldBytes / count,
      baseline: 3_000,
    },
    {
      name: `memory resident per connection, ${count.toLocaleString('en')} of them, baseline 3 kB`,
      unit: 'bytes',
      ours: residentBytes / count,
      baseline: 3_000,
      goal: { atMost: 1 },
    },
    {
      name: `CPU of the start with ${count.toLocaleString('en')} connections, baseline 6 s`,
      unit: 's',
      ours: startCpuMs / 1000,
      baseline: 6,
      goal: { atMost: 1 },
    },
    {
      name: `start with ${count.toLocaleString('en')} connections, against JSON.parse of the same files`,
      unit: 's',
      ours: startMs / 1000,
      baseline: parseMs / 1000,
    },
  ];
}
