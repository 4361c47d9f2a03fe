import type { Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

/** Looking walks over all connections. */
const keptMs = 300_000;

/** The age of the oldest check, looked for when the metrics are read. */
export function measureOldestCheck(
  store: Pick<Store, 'everyConnection'>,
  metrics: Metrics,
  now: () => number,
): void {
  let found: { readonly atMs: number; readonly oldest: Promise<number | undefined> } | undefined;
  metrics.onRead(async () => {
    if (found === undefined || performance.now() - found.atMs > keptMs)
      found = { atMs: performance.now(), oldest: oldestCheck(store) };
    const oldest = await found.oldest;
    metrics.oldestCheck.set(oldest === undefined ? 0 : Math.max(0, (now() - oldest) / 1000));
  });
}

async function oldestCheck(store: Pick<Store, 'everyConnection'>): Promise<number | undefined> {
  let oldest: number | undefined;
  for await (const connection of store.everyConnection()) {
    if (connection.status !== 'connected' && connection.status !== 'failed') continue;
    const at = Date.parse(connection.verification.finishedAt);
    if (oldest === undefined || at < oldest) oldest = at;
  }
  return oldest;
}
