import { newOrganizationId, type OrganizationId } from '../../service/domain/ids.js';
import type { ConnectionFilter } from '../../service/domain/ports.js';
import { openFileStore } from '../../service/index.js';
import { openPostgresStore } from '../../service/records/open.js';
import type { RecordStore } from '../../service/records/record-store.js';
import { withoutReport } from '../../service/records/reports.js';
import { startPostgres } from '../postgres/index.js';
import { analyzeDatabase } from './analyze-database.js';
import { connectedConnection } from './connections.js';
import { type Measurement, median, together } from './measure.js';

const organizations = 10_000;
const connectionsEach = 10;
const rare = 500;
const goalMs = 20;

const filters: Record<string, ConnectionFilter> = {
  'by status': { status: 'connected' },
  'by assurance': { assurance: 'proven' },
  'by permission set': { permissionSet: 'deploy' },
  'by account': { accountId: '200000050000' },
};

/** A page of 100 of 100,000 connections across organizations, for each filter, on both stores. */
export async function measureFilteredPage(directory: string): Promise<Measurement[]> {
  const onFiles = await measure('files', await openFileStore({ directory }));
  const server = await startPostgres({ settings: ['shared_buffers=256MB', 'fsync=off'] });
  try {
    const url = await server.newSchema();
    const store = await openPostgresStore({ url, maxSessions: 20 });
    return [...onFiles, ...(await measure('PostgreSQL', store, () => analyzeDatabase(url)))];
  } finally {
    await server.dispose();
  }
}

async function measure(
  name: string,
  store: RecordStore,
  afterFilling = async () => {},
): Promise<Measurement[]> {
  try {
    await together(16, { count: organizations }, (number) => fill(store, newOrganizationId(), number));
    await afterFilling();
    const measurements: Measurement[] = [];
    for (const [which, filter] of Object.entries(filters)) {
      const tookMs: number[] = [];
      for (let round = 0; round < 11; round++) {
        const startedAt = performance.now();
        await store.connections(undefined, { ...filter, limit: 100 });
        tookMs.push(performance.now() - startedAt);
      }
      measurements.push({
        name: `page of 100 of 100,000 connections, ${which}, on ${name}, against the limit`,
        unit: 'ms',
        ours: median(tookMs),
        baseline: goalMs,
        goal: { atMost: 1 },
      });
    }
    return measurements;
  } finally {
    await store.close();
  }
}

async function fill(store: RecordStore, id: OrganizationId, number: number): Promise<void> {
  const createdAt = new Date().toISOString();
  await store.createOrganization({ id, name: `organization ${number}`, createdAt });
  await store.backend.transact(id, async (transaction) => {
    for (let place = 0; place < connectionsEach; place++) {
      const count = number * connectionsEach + place;
      const connection = connectedConnection(id, count, { project: `project-${place}` });
      const isRare = count % rare === 0;
      const permissionSet = { name: 'deploy', version: 1, without: [] };
      const own = isRare ? { ...connection, assurance: 'proven' as const, permissionSet } : connection;
      await transaction.put('connections', withoutReport(own));
    }
  });
}
