import { type Command, Option } from 'commander';
import type { ServiceOptions } from './service-options.js';
import { addSetupCommand } from './setup.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** The commands of the person who runs the service: they work with its settings, and load it only when they run. */
export function addServiceCommands(program: Command, terminal: Terminal): void {
  addServe(program, terminal);
  addSetupCommand(program, terminal);
  addReencrypt(program, terminal);
  addMigrate(program, terminal);
  addDoctor(program, terminal);
  addBrand(program, terminal);
  addBackup(program, terminal);
  addRestore(program, terminal);
  addRepair(program, terminal);
}

function addServe(program: Command, terminal: Terminal): void {
  withExample(
    program.command('serve').description('start the service (also without any command)'),
    'ROLEBRIDGE_PRINCIPAL=arn:aws:iam::111122223333:role/rolebridge ROLEBRIDGE_SERVICE_KEYS="k1:$(openssl rand -base64 32)" rolebridge serve',
  ).action(async () => {
    const { serve } = await import('./serve.js');
    await serve(terminal);
  });
}

function addReencrypt(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('reencrypt')
      .description(
        "re-encrypt access keys, the secrets of callbacks and enrollments, and the keys of persons' names with the first key",
      )
      .option('--url <url>', 'from another machine: through the API, with ROLEBRIDGE_OPERATOR_TOKEN')
      .option('--allow-http', 'allow http: to another machine, where keys can be read on the way')
      .option('--json', 'print JSON, including errors'),
    'rolebridge reencrypt',
  ).action(async (options: ServiceOptions) => {
    const { reencryptCommand } = await import('./store-commands.js');
    await reencryptCommand(options, terminal);
  });
}

function addMigrate(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('migrate')
      .description('copy one store into another and compare them')
      .addOption(new Option('--from <store>', 'ROLEBRIDGE_DATA_DIR').choices(['file']).makeOptionMandatory())
      .addOption(new Option('--to <store>', 'DATABASE_URL').choices(['postgres']).makeOptionMandatory())
      .option('--json', 'print JSON, including errors'),
    'rolebridge migrate --from file --to postgres',
  ).action(async (options: { json?: boolean }) => {
    const { migrateCommand } = await import('./migrate.js');
    await migrateCommand(options, terminal);
  });
}

function addDoctor(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('doctor')
      .description('check settings, clock, store, AWS credentials, STS, public URL and encryption key')
      .option('--json', 'print JSON'),
    'rolebridge doctor',
  ).action(async (options: { json?: boolean }) => {
    const { doctor } = await import('./doctor/index.js');
    await doctor(options, terminal);
  });
}

function addBrand(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('brand')
      .description("the vendor's name, logo and colors on the pages")
      .command('check <file>')
      .description('check a brand file, its images and contrasts'),
    'rolebridge brand check brand.json',
  ).action(async (file: string) => {
    const { checkBrand } = await import('./brand.js');
    checkBrand(file, terminal);
  });
}

function addBackup(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('backup <directory>')
      .description('copy the data directory, even while the service runs, and check the copy')
      .option('--json', 'print JSON, including errors'),
    'rolebridge backup /backups/2026-11-24',
  ).action(async (directory: string, options: ServiceOptions) => {
    const { backUpCommand } = await import('./store-commands.js');
    await backUpCommand(directory, options, terminal);
  });
}

function addRestore(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('restore <backup>')
      .description('replace the data directory with a backup; the former one is kept')
      .option('--json', 'print JSON, including errors'),
    'rolebridge restore /backups/2026-11-24',
  ).action(async (backup: string, options: ServiceOptions) => {
    const { restoreCommand } = await import('./store-commands.js');
    await restoreCommand(backup, options, terminal);
  });
}

function addRepair(program: Command, terminal: Terminal): void {
  withExample(
    program
      .command('repair')
      .description('list the damaged records of a data directory, or drop them')
      .option('--drop', 'drop them; the old files are kept in a folder of the data directory')
      .option('--json', 'print JSON, including errors'),
    'rolebridge repair',
  ).action(async (options: ServiceOptions & { drop?: boolean }) => {
    const { repairCommand } = await import('./store-commands.js');
    await repairCommand(options, terminal);
  });
}
