import { openPostgresStore } from '../../service/records/open.js';
import { storeContract } from '../contract/store.js';
import { type PostgresServer, startPostgres } from '../postgres/index.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.dispose());

storeContract('PostgreSQL', async () => {
  const url = await server.newSchema();
  const store = await openPostgresStore({ url });
  let latest = store;
  return {
    store,
    reopen: async () => {
      await latest.close();
      latest = await openPostgresStore({ url });
      return latest;
    },
    dispose: () => latest.close(),
  };
});
