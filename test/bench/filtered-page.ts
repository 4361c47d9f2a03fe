import { newOrganizationId, type OrganizationId } from '../../service/domain/ids.js';
import { openFileStore } from '../../service/index.js';
import { openPostgresStore } from '../../service/records/open.js';
import type { RecordStore } from '../../service/records/record-store.js';
import { reportOf, withoutReport } from '../../service/records/reports.js';
import { startOperator } from '../operator.js';
import { startPostgres } from '../postgres/index.js';
import { openWebClient } from '../web-client.js';
import { analyzeDatabase } from './analyze-database.js';
import { connectedConnection } from './connections.js';
import { type Measurement, median, together } from './measure.js';
import { measurePage } from './pages.js';

const organizations = 10_000;
const connectionsEach = 10;
const rare = 500;
const goalMs = 20;
const operatorPageGoalMs = 50;
const warmUps = 5;

/** As the operator asks, of all organizations; the last one as one large organization does. */
const filters: Record<string, string> = {
  'by status': '/v1/operator/connections?limit=100&status=connected',
  'by assurance': '/v1/operator/connections?limit=100&assurance=proven',
  'by permission set': '/v1/operator/connections?limit=100&permissionSet=deploy',
  'by account': '/v1/operator/connections?limit=100&accountId=200000050000',
  'by scope, of one organization': '/v1/connections?limit=100&scope=project-7',
};

/** `GET …/connections`, a page of 100 of 100,000 connections, for each filter, and the operator's page, on both stores. */
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
  const vendor = await startOperator({ store, logLevel: 'warn', rateLimits: { key: 0, address: 0 } });
  try {
    await together(16, { count: organizations }, (number) => fill(store, newOrganizationId(), number));
    await fillLarge(store, vendor.organization.id);
    await afterFilling();
    const measurements: Measurement[] = [];
    for (const [which, path] of Object.entries(filters)) {
      const token = path.startsWith('/v1/operator') ? vendor.token : vendor.apiKey;
      const tookMs: number[] = [];
      for (let round = -warmUps; round < 21; round++) {
        const startedAt = performance.now();
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(vendor.service.url + path, { headers });
        await response.arrayBuffer();
        if (response.status !== 200) throw new Error(`${path} was answered ${response.status}.`);
        if (round >= 0) tookMs.push(performance.now() - startedAt);
      }
      measurements.push({
        name: `page of 100 of 100,000 connections over HTTP, ${which}, on ${name}, against the limit`,
        unit: 'ms',
        ours: median(tookMs),
        baseline: goalMs,
        goal: { atMost: 1 },
      });
    }
    const browser = openWebClient(vendor.service.url);
    await browser.get('/operator/sign-in');
    await browser.post('/operator/sign-in', { token: vendor.token });
    for (const path of ['/operator', '/operator?status=connected']) {
      const page = `${path}, 100,000 connections on ${name}`;
      measurements.push(await measurePage(browser, page, path, operatorPageGoalMs));
    }
    return measurements;
  } finally {
    await vendor.close();
  }
}

/** Ten projects of 200 connections. */
async function fillLarge(store: RecordStore, id: OrganizationId): Promise<void> {
  await store.backend.transact(id, async (transaction) => {
    for (let count = 0; count < 2_000; count++) {
      const scope = { project: `project-${count % 10}`, environment: `environment-${count}` };
      const connection = connectedConnection(id, 1_000_000 + count, scope);
      await transaction.put('connections', withoutReport(connection));
      const report = reportOf(connection);
      if (report) await transaction.put('reports', report);
    }
  });
}

async function fill(store: RecordStore, id: OrganizationId, number: number): Promise<void> {
  const createdAt = new Date().toISOString();
  // All of it in one write.
  await store.backend.transact(id, async (transaction) => {
    await transaction.put('organizations', { id, name: `organization ${number}`, createdAt });
    for (let place = 0; place < connectionsEach; place++) {
      const count = number * connectionsEach + place;
      const connection = connectedConnection(id, count, { project: `project-${place}` });
      const isRare = count % rare === 0;
      const permissionSet = { name: 'deploy', version: 1, without: [] };
      const own = isRare ? { ...connection, assurance: 'proven' as const, permissionSet } : connection;
      await transaction.put('connections', withoutReport(own));
      // Of those that a page may show: each report is one more statement.
      const report = isRare || count < 1_000 ? reportOf(own) : undefined;
      if (report) await transaction.put('reports', report);
    }
  });
}
