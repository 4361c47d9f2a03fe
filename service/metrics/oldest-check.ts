import type { Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

/** The search reads all connections if none has failed. */
const keptMs = 10_000;

/** Measures the age of the oldest check when the metrics are read. */
export function measureOldestCheck(
  store: Pick<Store, 'connections'>,
  metrics: Metrics,
  now: () => number,
): void {
  metrics.onRead(async () => {
    const ages = (['connected', 'failed'] as const).map(async (status) => {
      const page = { status, order: 'checked', limit: 1, withoutReports: true } as const;
      const [oldest] = (await store.connections(undefined, page)).connections;
      return oldest && 'verification' in oldest ? now() - Date.parse(oldest.verification.finishedAt) : 0;
    });
    metrics.oldestCheck.set(Math.max(0, ...(await Promise.all(ages))) / 1000);
  }, keptMs);
}
