import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Heap after garbage collection, and resident memory. */
export function measureMemory(): { heldBytes: number; residentBytes: number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 3; turn++) collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + external, residentBytes: rss };
}
