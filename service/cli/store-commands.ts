import { z } from 'zod';
import type { NewOrganization } from '../actions/create-organization.js';
import {
  type OperatorCommand,
  operatorCommand as operatorCommandSchema,
  runOperatorCommand,
} from '../actions/run-operator-command.js';
import { reencryption } from '../api/operations/reencrypt.js';
import { createOrganizationRequest } from '../api/organizations/requests.js';
import { ConfigurationError } from '../configuration-error.js';
import { askForControl } from '../control-socket.js';
import { openEncryption } from '../open-encryption.js';
import { copyStore } from '../records/copy.js';
import { backUp, restoreBackup } from '../records/lowdb/backup.js';
import { repair } from '../records/lowdb/repair.js';
import { openFileStore, openPostgresStore, openStore } from '../records/open.js';
import { storedFacts } from '../records/stored-facts.js';
import { changedKeySentence } from '../secrets/check-service-keys.js';
import { createEncryption } from '../secrets/encryption.js';
import { commandLine, systemClock } from '../server/wiring.js';
import { readSettings } from '../settings/index.js';
import type { Given } from './command-row.js';
import { exitCodes } from './exit-codes.js';
import { ExitCode, UsageError } from './failure.js';
import { printable, printJson, printTable, printValues } from './print.js';
import type { ServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';

/** Runs `rolebridge org create`: through the API with --url, otherwise on the machine of the service. */
export async function createOrganizationCommand(
  { terminal, options, client }: Given<ServiceOptions>,
  wanted: NewOrganization,
): Promise<void> {
  const created = options.url
    ? await (await client()).createOrganization(wanted)
    : createdOrganization.parse(
        await operatorCommand({ command: 'organization.create', ...checked(wanted) }, terminal),
      );
  if (options.json) return printJson(terminal, created);
  for (const { message } of created.warnings ?? [])
    terminal.stderr.write(`rolebridge: warning: ${message}\n`);
  printValues(terminal, { organization: created.id, 'API key': created.apiKey });
  terminal.stdout.write('\nThe key is shown only once.\n');
}

/** Runs `rolebridge reencrypt`: exits with 1 when a secret is left under an old key. */
export async function reencryptCommand({ terminal, options, client }: Given<ServiceOptions>): Promise<void> {
  const result = options.url
    ? await (await client()).reencrypt()
    : reencryption.parse(await operatorCommand({ command: 'reencrypt' }, terminal));
  const { keyId, signedAgain } = result.signatures;
  const kinds = {
    'access keys': result.accessKeys,
    'callback secrets': result.callbackSecrets,
    'enrollment secrets': result.enrollmentSecrets,
    'webhook secrets': result.webhookSecrets,
    "keys of persons' names": result.personKeys,
    signatures: { keyId, reencrypted: signedAgain, failed: [] },
  };
  const rows = Object.entries(kinds).flatMap(([kind, count]) => (count ? [{ kind, ...count }] : []));
  const failed = rows.flatMap((row): readonly { id: string; reason: string }[] => row.failed);
  if (options.json) printJson(terminal, result);
  else {
    printTable(terminal, rows, {
      SECRETS: 'kind',
      KEY: 'keyId',
      'RE-ENCRYPTED': 'reencrypted',
      UNCHANGED: 'unchanged',
      FAILED: (row) => row.failed.length,
    });
    if (failed.length > 0) {
      terminal.stdout.write('\nKeep the old keys configured: these are still encrypted under one.\n');
      printTable(terminal, failed, { OF: 'id', REASON: 'reason' });
    }
  }
  if (failed.length > 0) throw new ExitCode(exitCodes.refused);
}

/** Runs `rolebridge backup`, of a data directory that a service may be using. */
export async function backUpCommand({ terminal, words: [directory = ''], options }: Given): Promise<void> {
  const { dataDirectory, keys } = dataDirectoryOf(terminal);
  const copied = { directory, ...(await backUp(dataDirectory, directory, { keys })) };
  if (options.json) return printJson(terminal, copied);
  printValues(terminal, { directory, organizations: String(copied.organizations) });
}

/** Runs `rolebridge restore`: replaces the data directory by a backup. */
export async function restoreCommand({ terminal, words: [backup = ''], options }: Given): Promise<void> {
  const { dataDirectory, keys } = dataDirectoryOf(terminal);
  const restored = { directory: dataDirectory, ...(await restoreBackup(backup, dataDirectory, { keys })) };
  if (options.json) return printJson(terminal, restored);
  const { directory, epoch, kept } = restored;
  printValues(terminal, { directory, epoch: String(epoch), 'kept before': kept });
}

/** Runs `rolebridge repair`: exits with 1 when something is damaged and was not dropped. */
export async function repairCommand({ terminal, options }: Given<{ drop?: boolean }>): Promise<void> {
  const { dataDirectory, keys } = dataDirectoryOf(terminal);
  // Under another key every record looks damaged, and would be dropped.
  const remembered = await storedFacts({ dataDirectory }, 'service-key-checks').read();
  const sentence = changedKeySentence(keys, remembered);
  if (sentence !== undefined) throw new ConfigurationError(sentence);
  const { repairs, kept } = await repair(dataDirectory, { keys, drop: options.drop ?? false });
  if (options.json) printJson(terminal, { repairs, kept });
  else if (repairs.length === 0) terminal.stdout.write('Nothing is damaged.\n');
  else {
    for (const { organizationId, damage, drops } of repairs) {
      terminal.stdout.write(`${organizationId}: ${printable(damage)}.\n`);
      for (const each of drops)
        terminal.stdout.write(`  ${kept ? 'Dropped' : 'Would drop'}: ${printable(each)}\n`);
    }
    terminal.stdout.write(
      kept
        ? `\nThe original files are in ${kept}.\n`
        : '\nNothing was changed. Restore a backup if you have one; "rolebridge repair --drop" drops this.\n',
    );
  }
  if (repairs.length > 0 && kept === undefined) throw new ExitCode(exitCodes.refused);
}

export type StoreKind = 'file' | 'postgres';
export interface MigrateOptions {
  readonly from: StoreKind;
  readonly to: StoreKind;
}

/** Runs `rolebridge migrate`. @throws RolebridgeError `store_unavailable` */
export async function migrateCommand({ terminal, options }: Given<MigrateOptions>): Promise<void> {
  const { dataDirectory, database, serviceKeys: keys } = readSettings(terminal.env);
  const { from, to } = options;
  if (from === to) throw new UsageError('--from and --to are the same store.', 'Name file and postgres.');
  if (database === undefined)
    throw new UsageError('The database is missing.', 'Set DATABASE_URL as for the service.');
  const open = {
    file: () => openFileStore({ directory: dataDirectory, keys }),
    postgres: () => openPostgresStore({ ...database, keys }),
  };
  const source = await open[from]();
  const target = await open[to]().catch(async (error) => {
    await source.close();
    throw error;
  });
  try {
    const counts = await copyStore(source.backend, target.backend);
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
      '\nEverything was copied and compared. The source is unchanged: keep it until the service has run on the copy for a while.\n',
    );
  } finally {
    await target.close();
    await source.close();
  }
}

function dataDirectoryOf(terminal: Terminal) {
  const { database, dataDirectory, serviceKeys } = readSettings(terminal.env);
  if (database === undefined) return { dataDirectory, keys: serviceKeys };
  throw new UsageError(
    'Everything is kept in a database (DATABASE_URL).',
    'Use its own tools for backups, such as pg_dump.',
  );
}

const createdOrganization = z.looseObject({
  id: z.string(),
  apiKey: z.string(),
  warnings: z.array(z.object({ message: z.string() })),
});

function checked(wanted: NewOrganization): NewOrganization {
  refuseFaults('organization', createOrganizationRequest.safeParse(wanted));
  return wanted;
}

/** @throws UsageError that names every fault */
function refuseFaults(what: string, { error }: z.ZodSafeParseResult<unknown>): void {
  const faults = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  if (faults) throw new UsageError(`The ${what} is not valid. ${faults.join('; ')}.`);
}

/**
 * Runs in the service that holds the data directory, or else directly on the store.
 * @throws UsageError, RolebridgeError
 */
export async function operatorCommand(command: OperatorCommand, terminal: Terminal): Promise<object> {
  refuseFaults('command', operatorCommandSchema.safeParse(command));
  const config = readSettings(terminal.env);
  const answer =
    config.database === undefined ? await askForControl(config.dataDirectory, command) : undefined;
  if (answer !== undefined) return answer;
  const store = await openStore(config);
  try {
    return await runOperatorCommand(
      {
        store,
        clock: systemClock,
        encryption: createEncryption(config.serviceKeys),
        accessKeyEncryption: openEncryption(config),
        publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
      },
      commandLine(),
      command,
    );
  } finally {
    await store.close();
  }
}
