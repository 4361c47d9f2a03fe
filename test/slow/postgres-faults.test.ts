/** PostgreSQL, and the service on it, stopped and killed under load; `npm run faults` does it for two hundred rounds. */
import { killDatabase, killService, type Stage, stopUnderLoad } from '../postgres/faults.js';
import { startPostgres } from '../postgres/index.js';
import { startVendorOnDatabase } from '../postgres/service-processes.js';

let stage: Stage;
beforeAll(async () => {
  const server = await startPostgres();
  const databaseUrl = await server.newSchema();
  const vendor = await startVendorOnDatabase(databaseUrl);
  stage = { server, databaseUrl, vendor, process: await vendor.startProcess() };
}, 60_000);
afterAll(async () => {
  await stage?.vendor.close();
  await stage?.server.dispose();
});

test('PostgreSQL stopped and started under load: 503 with Retry-After, no hang, no loss', async () => {
  const report = await stopUnderLoad(stage);
  expect(report.refused).toBeGreaterThan(0);
  expect(report.changes).toBeGreaterThan(0);
}, 60_000);

test('PostgreSQL killed under 32 writers: every acknowledged change is stored, none partially', async () => {
  for (let round = 0; round < 2; round++) expect((await killDatabase(stage)).changes).toBeGreaterThan(0);
}, 60_000);

test('the service killed under 32 writers: every acknowledged change is stored, and the next one starts', async () => {
  for (let round = 0; round < 2; round++) expect((await killService(stage)).changes).toBeGreaterThan(0);
}, 60_000);
