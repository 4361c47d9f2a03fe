import { copyStore } from '../records/copy.js';
import { openFileStore, openPostgresStore } from '../records/open.js';
import { readSettings } from '../settings/index.js';
import { UsageError } from './failure.js';
import { printJson, printValues } from './print.js';
import type { Terminal } from './terminal.js';

/** `rolebridge migrate --from file --to postgres`. @throws RolebridgeError `store_unavailable` */
export async function migrateCommand(options: { json?: boolean }, terminal: Terminal): Promise<void> {
  const { dataDirectory, database, serviceKeys } = readSettings(terminal.env);
  if (database === undefined)
    throw new UsageError('There is no database to copy to.', 'Set DATABASE_URL as for the service.');
  const files = await openFileStore({ directory: dataDirectory, keys: serviceKeys });
  const target = await openPostgresStore({ ...database, keys: serviceKeys }).catch(async (error) => {
    await files.close();
    throw error;
  });
  try {
    const counts = await copyStore(files.backend, target.backend);
    if (options.json) return printJson(terminal, counts);
    printValues(terminal, {
      organizations: String(counts.organizations),
      'API keys': String(counts.apiKeys),
      connections: String(counts.connections),
      'idempotency records': String(counts.idempotency),
      jobs: String(counts.jobs),
      webhooks: String(counts.messages),
      tokens: String(counts.tokens),
      'audit records': String(counts.auditRecords),
    });
    terminal.stdout.write(
      '\nEverything was copied and compared. The data directory is unchanged: keep it until the service on PostgreSQL has run for a while.\n',
    );
  } finally {
    await target.close();
    await files.close();
  }
}
