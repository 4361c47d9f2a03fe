import { createRolebridgeClient } from '../../client/index.js';
import type { Answer } from '../../client/types.js';
import { createOrganization } from '../actions/create-organization.js';
import type { Reencryption } from '../actions/reencrypt.js';
import { createOrganizationRequest } from '../api/schemas.js';
import type { Store } from '../domain/ports.js';
import {
  backUp,
  commandLine,
  createEncryption,
  openEncryption,
  openStore,
  reencrypt,
  repair,
  restoreBackup,
  systemClock,
} from '../index.js';
import { readSettings, type Settings } from '../settings/index.js';
import { exitCodes } from './exit-codes.js';
import { Ended, UsageError } from './failure.js';
import { printable, printJson, printTable, printValues } from './print.js';
import { readKeyFile, type ServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';

/** `rolebridge org create`: in the store, or (with --url) by a service that has it open. */
export async function createOrganizationCommand(
  name: string,
  options: ServiceOptions,
  terminal: Terminal,
): Promise<void> {
  const made = options.url
    ? await operatorClient(options, terminal).createOrganization({ name })
    : await inStore(terminal, async (store) => {
        const deps = { store, clock: systemClock };
        const { organization, apiKey } = await createOrganization(deps, commandLine(), checkedName(name));
        return { ...organization, apiKey };
      });
  if (options.json) return printJson(terminal, made);
  printValues(terminal, { organization: made.id, 'API key': made.apiKey });
  terminal.stdout.write('\nThe key is shown this once.\n');
}

/** `rolebridge reencrypt`: ends with 1 when a secret is left under an old key. */
export async function reencryptCommand(options: ServiceOptions, terminal: Terminal): Promise<void> {
  const result: Reencryption | Answer<'reencrypt'> = options.url
    ? await operatorClient(options, terminal).reencrypt()
    : await inStore(terminal, async (store, config) =>
        reencrypt(
          {
            store,
            clock: systemClock,
            encryption: createEncryption(config.serviceKeys),
            accessKeyEncryption: openEncryption(config),
          },
          commandLine(),
        ),
      );
  const kinds = [
    ['access keys', result.accessKeys],
    ['callback secrets', result.callbackSecrets],
    ['enrollment secrets', result.enrollmentSecrets],
  ] as const;
  const failed = kinds.flatMap(([, count]): { id: string; reason: string }[] => [...(count?.failed ?? [])]);
  if (options.json) printJson(terminal, result);
  else {
    printTable(
      terminal,
      ['SECRETS', 'KEY', 'RE-ENCRYPTED', 'UNCHANGED', 'FAILED'],
      kinds.flatMap(([kind, count]) =>
        count
          ? [[kind, count.keyId, ...[count.reencrypted, count.unchanged, count.failed.length].map(String)]]
          : [],
      ),
    );
    if (failed.length > 0) {
      terminal.stdout.write('\nKeep the old keys configured: these are still under one.\n');
      printTable(
        terminal,
        ['OF', 'REASON'],
        failed.map(({ id, reason }) => [id, reason]),
      );
    }
  }
  if (failed.length > 0) throw new Ended(exitCodes.refused);
}

/** `rolebridge backup`: of a data directory, also while a service uses it. */
export async function backUpCommand(
  directory: string,
  options: ServiceOptions,
  terminal: Terminal,
): Promise<void> {
  const { dataDirectory, keys } = dataDirectoryOf(terminal);
  const made = { directory, ...(await backUp(dataDirectory, directory, { keys })) };
  if (options.json) return printJson(terminal, made);
  printValues(terminal, { directory, organizations: String(made.organizations) });
}

/** `rolebridge restore`: puts a backup in the place of the data directory. */
export async function restoreCommand(
  backup: string,
  options: ServiceOptions,
  terminal: Terminal,
): Promise<void> {
  const { dataDirectory, keys } = dataDirectoryOf(terminal);
  const restored = { directory: dataDirectory, ...(await restoreBackup(backup, dataDirectory, { keys })) };
  if (options.json) return printJson(terminal, restored);
  printValues(terminal, {
    directory: restored.directory,
    epoch: String(restored.epoch),
    ...(restored.kept && { 'kept before': restored.kept }),
  });
}

/** `rolebridge repair`: ends with 1 when something is damaged and was not dropped. */
export async function repairCommand(
  options: ServiceOptions & { drop?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { dataDirectory, keys } = dataDirectoryOf(terminal);
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
        ? `\nThe files as they were are in ${kept}.\n`
        : '\nNothing was changed. Restore a backup if you have one; "rolebridge repair --drop" drops this.\n',
    );
  }
  if (repairs.length > 0 && kept === undefined) throw new Ended(exitCodes.refused);
}

function dataDirectoryOf(terminal: Terminal) {
  const { database, dataDirectory, serviceKeys } = readSettings(terminal.env);
  if (database === undefined) return { dataDirectory, keys: serviceKeys };
  throw new UsageError(
    'Everything is kept in a database (DATABASE_URL).',
    'Use its own tools for backups, such as pg_dump.',
  );
}

function checkedName(name: string): string {
  const { success, error } = createOrganizationRequest.safeParse({ name });
  if (success) return name;
  throw new UsageError(`The organization's name ${error.issues.map(({ message }) => message).join(', ')}.`);
}

function operatorClient({ url = '', allowHttp }: ServiceOptions, terminal: Terminal) {
  const { env } = terminal;
  const file = env.ROLEBRIDGE_OPERATOR_TOKEN_FILE;
  const apiKey = file ? readKeyFile(file, terminal).trim() : env.ROLEBRIDGE_OPERATOR_TOKEN;
  if (!apiKey || !/^[\x21-\x7e]{32,200}$/.test(apiKey))
    throw new UsageError(
      apiKey ? 'ROLEBRIDGE_OPERATOR_TOKEN is no operator’s token.' : 'There is no operator’s token.',
      'Set ROLEBRIDGE_OPERATOR_TOKEN to what the service was started with.',
    );
  return createRolebridgeClient({
    url,
    apiKey,
    allowHttp: allowHttp || env.ROLEBRIDGE_ALLOW_HTTP === 'true',
  });
}

async function inStore<Result>(
  terminal: Terminal,
  use: (store: Store, config: Settings) => Promise<Result>,
): Promise<Result> {
  const config = readSettings(terminal.env);
  const store = await openStore(config);
  try {
    return await use(store, config);
  } finally {
    await store.close();
  }
}
