import { z } from 'zod';
import type { NewOrganization } from '../actions/create-organization.js';
import { type OperatorCommand, runOperatorCommand } from '../actions/run-operator-command.js';
import { reencryption } from '../api/operations/reencrypt.js';
import { createOrganizationRequest } from '../api/organizations/requests.js';
import { ConfigurationError } from '../configuration-error.js';
import { askForControl } from '../control-socket.js';
import { openEncryption } from '../open-encryption.js';
import { backUp, restoreBackup } from '../records/lowdb/backup.js';
import { repair } from '../records/lowdb/repair.js';
import { openStore } from '../records/open.js';
import { storedFacts } from '../records/stored-facts.js';
import { changedKeySentence } from '../secrets/check-service-keys.js';
import { createEncryption } from '../secrets/encryption.js';
import { commandLine, systemClock } from '../server/wiring.js';
import { readSettings } from '../settings/index.js';
import { exitCodes } from './exit-codes.js';
import { Ended, UsageError } from './failure.js';
import { printable, printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';

/** `rolebridge org create`: through the API with --url, otherwise on the machine of the service. */
export async function createOrganizationCommand(
  wanted: NewOrganization,
  options: ServiceOptions,
  terminal: Terminal,
): Promise<void> {
  const made = options.url
    ? await (await clientOf(options, terminal, true)).createOrganization(wanted)
    : createdOrganization.parse(
        await operatorCommand({ command: 'organization.create', ...checked(wanted) }, terminal),
      );
  if (options.json) return printJson(terminal, made);
  for (const { message } of made.warnings ?? []) terminal.stderr.write(`rolebridge: warning: ${message}\n`);
  printValues(terminal, { organization: made.id, 'API key': made.apiKey });
  terminal.stdout.write('\nThe key is shown only once.\n');
}

/** `rolebridge reencrypt`: exits with 1 when a secret is left under an old key. */
export async function reencryptCommand(options: ServiceOptions, terminal: Terminal): Promise<void> {
  const result = options.url
    ? await (await clientOf(options, terminal, true)).reencrypt()
    : reencryption.parse(await operatorCommand({ command: 'reencrypt' }, terminal));
  const kinds = [
    ['access keys', result.accessKeys],
    ['callback secrets', result.callbackSecrets],
    ['enrollment secrets', result.enrollmentSecrets],
    ['webhook secrets', result.webhookSecrets],
    ["keys of persons' names", result.personKeys],
  ] as const;
  const failed = kinds.flatMap(([, count]): { id: string; reason: string }[] => [...(count?.failed ?? [])]);
  if (options.json) printJson(terminal, result);
  else {
    printTable(
      terminal,
      ['SECRETS', 'KEY', 'RE-ENCRYPTED', 'UNCHANGED', 'FAILED'],
      kinds
        .flatMap(([kind, count]) =>
          count
            ? [[kind, count.keyId, ...[count.reencrypted, count.unchanged, count.failed.length].map(String)]]
            : [],
        )
        .concat([['signatures', result.signatures.keyId, String(result.signatures.signedAgain), '', '0']]),
    );
    if (failed.length > 0) {
      terminal.stdout.write('\nKeep the old keys configured: these are still encrypted under one.\n');
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

/** `rolebridge restore`: replaces the data directory by a backup. */
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
  // With another key everything looks damaged, and would be dropped.
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

const createdOrganization = z.looseObject({
  id: z.string(),
  apiKey: z.string(),
  warnings: z.array(z.object({ message: z.string() })),
});

function checked(wanted: NewOrganization): NewOrganization {
  const { success, error } = createOrganizationRequest.safeParse(wanted);
  if (success) return wanted;
  const faults = error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new UsageError(`The organization's ${faults.join(', ')}.`);
}

/** Of the service that has the data directory, or of the store when none has it. */
export async function operatorCommand(command: OperatorCommand, terminal: Terminal): Promise<object> {
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
