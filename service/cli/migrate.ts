import { openFileStore } from '../index.js';
import { copyStore } from '../records/copy-store.js';
import { readSettings } from '../settings/index.js';
import { UsageError } from './failure.js';
import { printJson, printValues } from './print.js';
import type { Terminal } from './terminal.js';

/** `rolebridge migrate --from file --to postgres`. @throws RolebridgeError `store_unavailable` */
export async function migrateCommand(options: { json?: boolean }, terminal: Terminal): Promise<void> {
  const { dataDirectory, database } = readSettings(terminal.env);
  if (database === undefined)
    throw new UsageError(
      'There is no database to copy to.',
      'Set DATABASE_URL as the service is to have it.',
    );
  const files = await openFileStore({ directory: dataDirectory });
  try {
    const counts = await copyStore(files, database);
    if (options.json) return printJson(terminal, counts);
    printValues(terminal, {
      organizations: String(counts.organizations),
      'API keys': String(counts.apiKeys),
      connections: String(counts.connections),
      'callback receipts': String(counts.receipts),
      watches: String(counts.watches),
      webhooks: String(counts.messages),
      tokens: String(counts.tokens),
      'audit records': String(counts.auditRecords),
    });
    terminal.stdout.write(
      '\nAll of it is in the database and was compared. The files are as they were: keep them until the service on the database has your trust.\n',
    );
  } finally {
    await files.close();
  }
}
