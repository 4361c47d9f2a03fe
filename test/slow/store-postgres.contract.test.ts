import { openPostgresStore } from '../../service/records/open.js';
import { storeContract } from '../contract/store.js';
import { type PostgresDatabase, sharedPostgres } from '../postgres/index.js';

let server: PostgresDatabase;
beforeAll(async () => {
  server = await sharedPostgres();
}, 60_000);

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
