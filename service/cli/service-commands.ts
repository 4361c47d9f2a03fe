import type { CommandRow, Given } from './command-row.js';
import { jsonOption, type OptionRow, oneOf } from './option-row.js';
import type { ServiceOptions } from './service-options.js';
import { setupCommands } from './setup.js';
import type { MigrateOptions, StoreKind } from './store-commands.js';

const storeOption = (name: string, about: string): OptionRow => ({
  flags: `${name} <store>`,
  about: `${about}: file (ROLEBRIDGE_DATA_DIR) or postgres (DATABASE_URL)`,
  parse: oneOf<StoreKind>(name, ['file', 'postgres']),
  isRequired: true,
});

const storeCommands = () => import('./store-commands.js');

/** The commands of the person who runs the service: they work with its settings, and load it only when they run. */
export const serviceCommands: readonly CommandRow[] = [
  {
    usage: 'serve',
    about: 'starts the service (also without any command)',
    example:
      'ROLEBRIDGE_PRINCIPAL=arn:aws:iam::111122223333:role/rolebridge ROLEBRIDGE_SERVICE_KEYS="k1:$(openssl rand -base64 32)" rolebridge serve',
    run: async ({ terminal }) => (await import('./serve.js')).serve(terminal),
  },
  ...setupCommands,
  {
    usage: 'reencrypt',
    about:
      "re-encrypts access keys, the secrets of callbacks and enrollments, and the keys of persons' names with the first key",
    example: 'rolebridge reencrypt',
    asks: 'machine',
    run: async (given: Given<ServiceOptions>) => (await storeCommands()).reencryptCommand(given),
  },
  {
    usage: 'migrate',
    about: 'copies one store into another and compares them',
    example: 'rolebridge migrate --from file --to postgres',
    options: [
      storeOption('--from', 'the store to copy'),
      storeOption('--to', 'the store to copy into'),
      jsonOption,
    ],
    run: async (given: Given<MigrateOptions>) => (await storeCommands()).migrateCommand(given),
  },
  {
    usage: 'doctor',
    about: 'checks settings, clock, store, AWS credentials, STS, public URL and encryption key',
    example: 'rolebridge doctor',
    options: [jsonOption],
    run: async ({ terminal, options }) => (await import('./doctor/index.js')).doctor(options, terminal),
  },
  {
    usage: 'brand check <file>',
    about: 'checks a brand file, its images and contrasts',
    example: 'rolebridge brand check brand.json',
    run: async ({ terminal, words: [file = ''] }) => (await import('./brand.js')).checkBrand(file, terminal),
  },
  {
    usage: 'backup <directory>',
    about: 'copies the data directory, even while the service runs, and checks the copy',
    example: 'rolebridge backup /backups/2026-11-24',
    options: [jsonOption],
    run: async (given) => (await storeCommands()).backUpCommand(given),
  },
  {
    usage: 'restore <backup>',
    about: 'replaces the data directory with a backup; the former one is kept',
    example: 'rolebridge restore /backups/2026-11-24',
    options: [jsonOption],
    run: async (given) => (await storeCommands()).restoreCommand(given),
  },
  {
    usage: 'repair',
    about: 'lists the damaged records of a data directory, or drops them',
    example: 'rolebridge repair',
    options: [
      { flags: '--drop', about: 'drop them; the old files are kept in a folder of the data directory' },
      jsonOption,
    ],
    run: async (given: Given<{ drop?: boolean }>) => (await storeCommands()).repairCommand(given),
  },
];
