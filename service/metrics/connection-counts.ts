import type { Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

/** Counting walks over all connections, so several readers share a count. */
const keptMs = 10_000;

/** Connections by status, counted when somebody reads the metrics. */
export function countConnections(store: Pick<Store, 'connectionCounts'>, metrics: Metrics): void {
  let counted: { readonly atMs: number; readonly done: Promise<void> } | undefined;
  metrics.onRead(() => {
    if (counted === undefined || performance.now() - counted.atMs > keptMs)
      counted = { atMs: performance.now(), done: count() };
    return counted.done;
  });

  async function count(): Promise<void> {
    for (const [status, number] of Object.entries(await store.connectionCounts()))
      metrics.connections.set({ status }, number);
  }
}
