import type { CommandRow, Given } from './command-row.js';
import { jsonOption, oneOf } from './option-row.js';
import type { ServiceOptions } from './service-options.js';
import { setupCommands } from './setup.js';

const storeCommands = () => import('./store-commands.js');

/** The commands of the person who runs the service: they work with its settings, and load it only when they run. */
export const serviceCommands: readonly CommandRow[] = [
  {
    usage: 'serve',
    about: 'start the service (also without any command)',
    example:
      'ROLEBRIDGE_PRINCIPAL=arn:aws:iam::111122223333:role/rolebridge ROLEBRIDGE_SERVICE_KEYS="k1:$(openssl rand -base64 32)" rolebridge serve',
    run: async ({ terminal }) => (await import('./serve.js')).serve(terminal),
  },
  ...setupCommands,
  {
    usage: 'reencrypt',
    about:
      "re-encrypt access keys, the secrets of callbacks and enrollments, and the keys of persons' names with the first key",
    example: 'rolebridge reencrypt',
    asks: 'machine',
    run: async (given: Given<ServiceOptions>) => (await storeCommands()).reencryptCommand(given),
  },
  {
    usage: 'migrate',
    about: 'copy one store into another and compare them',
    example: 'rolebridge migrate --from file --to postgres',
    options: [
      {
        flags: '--from <store>',
        about: 'ROLEBRIDGE_DATA_DIR',
        parse: oneOf('--from', ['file']),
        isRequired: true,
      },
      { flags: '--to <store>', about: 'DATABASE_URL', parse: oneOf('--to', ['postgres']), isRequired: true },
      jsonOption,
    ],
    run: async (given) => (await storeCommands()).migrateCommand(given),
  },
  {
    usage: 'doctor',
    about: 'check settings, clock, store, AWS credentials, STS, public URL and encryption key',
    example: 'rolebridge doctor',
    options: [jsonOption],
    run: async ({ terminal, options }) => (await import('./doctor/index.js')).doctor(options, terminal),
  },
  {
    usage: 'brand check <file>',
    about: 'check a brand file, its images and contrasts',
    example: 'rolebridge brand check brand.json',
    run: async ({ terminal, words: [file = ''] }) => (await import('./brand.js')).checkBrand(file, terminal),
  },
  {
    usage: 'backup <directory>',
    about: 'copy the data directory, even while the service runs, and check the copy',
    example: 'rolebridge backup /backups/2026-11-24',
    options: [jsonOption],
    run: async (given) => (await storeCommands()).backUpCommand(given),
  },
  {
    usage: 'restore <backup>',
    about: 'replace the data directory with a backup; the former one is kept',
    example: 'rolebridge restore /backups/2026-11-24',
    options: [jsonOption],
    run: async (given) => (await storeCommands()).restoreCommand(given),
  },
  {
    usage: 'repair',
    about: 'list the damaged records of a data directory, or drop them',
    example: 'rolebridge repair',
    options: [
      { flags: '--drop', about: 'drop them; the old files are kept in a folder of the data directory' },
      jsonOption,
    ],
    run: async (given: Given<{ drop?: boolean }>) => (await storeCommands()).repairCommand(given),
  },
];
