import type { Store } from '../domain/ports.js';
import type { Metrics } from './metrics.js';

/** Counting is expensive on PostgreSQL: it reads an index of all connections. */
const keptMs = 10_000;

/** Counts connections when the metrics are read. */
export function countConnections(store: Pick<Store, 'connectionTotals'>, metrics: Metrics): void {
  metrics.onRead(async () => {
    const { status, assurance, permissionSets, permissions } = await store.connectionTotals();
    for (const [of, number] of Object.entries(status)) metrics.connections.set({ status: of }, number);
    for (const [of, number] of Object.entries(assurance))
      metrics.connectionsByAssurance.set({ assurance: of }, number);
    metrics.connectionsByPermissionSet.reset();
    for (const [id, number] of permissionSets)
      metrics.connectionsByPermissionSet.set({ permission_set: id }, number);
    metrics.connectionsByPermissions.reset();
    for (const [state, number] of permissions)
      metrics.connectionsByPermissions.set({ permissions: state }, number);
  }, keptMs);
}
