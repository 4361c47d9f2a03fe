import { readdir, stat, statfs } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Metrics } from './metrics.js';

/** Listing the files takes a while with many organizations. */
const keptMs = 60_000;

/** Measures the data directory and its disk when the metrics are read. */
export function measureDisk(directory: string, metrics: Metrics): void {
  metrics.onRead(async () => {
    const { bavail, blocks, bsize } = await statfs(directory);
    metrics.diskFree.set(bavail * bsize);
    metrics.diskSize.set(blocks * bsize);
    const sizes = { audit: 0, records: 0 };
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      // The file may have been deleted since.
      const { size } = await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }));
      sizes[entry.parentPath.slice(directory.length).split(sep).includes('audit') ? 'audit' : 'records'] +=
        size;
    }
    for (const [part, size] of Object.entries(sizes)) metrics.dataSize.set({ part }, size);
  }, keptMs);
}
