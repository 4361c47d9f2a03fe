/** Tests of the service that run on the file store every day, on PostgreSQL: what a tenant is made of. */
process.env.ROLEBRIDGE_TEST_STORE = 'postgres';

const files = [
  'organizations',
  'projects',
  'connection-labels',
  'limited-keys',
  'idempotency',
  'export-rebuild',
  'erased-rows',
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
