import { type Connection, verificationOf } from '../domain/connection.js';
import type { Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

/** The search for a status that no connection has reads all of them. Alerts compare with hours. */
const keptMs = 60_000;

/** Measures the age of the oldest check when the metrics are read. */
export function measureOldestCheck(
  store: Pick<Store, 'connections'>,
  metrics: Metrics,
  now: () => number,
): void {
  metrics.onRead(async () => {
    const checks = await Promise.all([oldestCheck(store, 'connected'), oldestCheck(store, 'failed')]);
    const ages = checks.map((at) => (at === undefined ? 0 : now() - Date.parse(at)));
    metrics.oldestCheck.set(Math.max(0, ...ages) / 1000);
  }, keptMs);
}

/** The time of the oldest last check of the connections with this status. */
export async function oldestCheck(
  store: Pick<Store, 'connections'>,
  status: Connection['status'],
): Promise<string | undefined> {
  const page = { status, order: 'checked', limit: 1, withoutReports: true } as const;
  const [connection] = (await store.connections(undefined, page)).connections;
  return connection && verificationOf(connection)?.finishedAt;
}
