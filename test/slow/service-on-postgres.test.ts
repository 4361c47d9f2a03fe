/** Tests of the service that run on the file store every day, on PostgreSQL: what a tenant is made of. */
import { openPostgresStore } from '../../service/records/open.js';
import { sharedPostgres } from '../postgres/index.js';
import { usualStore } from '../vendor.js';

usualStore.open = async () => {
  const server = await sharedPostgres();
  return openPostgresStore({ url: await server.newSchema(), maxSessions: 5 });
};

const files = [
  'organizations',
  'projects',
  'connection-labels',
  'limited-keys',
  'idempotency',
  'export-rebuild',
  'webhook-endpoints',
  'quotas',
  'last-use',
  'erased-persons',
  'operator',
  'bad-input',
];

// Their hooks are their own.
for (const file of files)
  describe(file, () => {
    jest.requireActual(`../service/${file}.test`);
  });
