import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../configuration-error.js';
import { codeOf } from '../unknown-value.js';
import { ask } from './ask.js';
import type { CommandRow, Given } from './command-row.js';
import { UsageError } from './failure.js';
import type { Terminal } from './terminal.js';

interface SetupOptions {
  readonly principal?: string;
  readonly publicUrl?: string;
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly file: string;
}

/** New keys and the settings for a first start, written once. */
export const setupCommands: readonly CommandRow[] = [
  {
    usage: 'setup',
    about: 'creates the keys and a settings file for a first start; never overwrites one',
    example:
      'rolebridge setup --principal arn:aws:iam::111122223333:role/rolebridge --public-url https://connect.vendor.example',
    options: [
      {
        flags: '--principal <arn>',
        about: 'the IAM role or user that the service runs as; customers’ roles trust it',
      },
      { flags: '--public-url <url>', about: 'where customers reach the service' },
      { flags: '--data-dir <path>', about: 'where the service keeps its data', initial: './data' },
      { flags: '--database-url <url>', about: 'a PostgreSQL database instead of the data directory' },
      { flags: '--file <path>', about: 'the settings file', initial: './rolebridge.env' },
    ],
    run: ({ terminal, options }: Given<SetupOptions>) => setup(options, terminal),
  },
];

async function setup(options: SetupOptions, terminal: Terminal): Promise<void> {
  const { principal, publicUrl } = await completed(options, terminal);
  const { databaseUrl, dataDir } = options;
  const file = resolve(options.file);
  const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
  const settings: Record<string, string> = {
    ROLEBRIDGE_PRINCIPAL: principal,
    ...(publicUrl !== '' && { ROLEBRIDGE_PUBLIC_URL: publicUrl }),
    ...(databaseUrl === undefined ? { ROLEBRIDGE_DATA_DIR: dataDir } : { DATABASE_URL: databaseUrl }),
    ROLEBRIDGE_SERVICE_KEYS: key('k1'),
    ROLEBRIDGE_ENCRYPTION_KEYS: key('e1'),
    ROLEBRIDGE_OPERATOR_TOKEN: randomBytes(32).toString('hex'),
  };
  // Loaded here, so that `rolebridge credentials` starts without it.
  const { readSettings } = await import('../settings/index.js');
  try {
    readSettings(settings);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(withOptions(error.message));
    throw error;
  }
  write(file, settings);
  terminal.stdout.write(`Wrote ${file}, which only you can read.

Keep a copy of it in your secret manager: without these keys, stored secrets can't be read.
Next, with AWS credentials of ${principal}:

  set -a; . ${shellWord(file)}; set +a
  rolebridge doctor
  rolebridge org create NAME    # shows an API key, once
  rolebridge serve
`);
}

/** The options of the settings that you gave. */
const withOptions = (message: string): string =>
  message
    .replace('ROLEBRIDGE_PRINCIPAL', '--principal')
    .replace('ROLEBRIDGE_PUBLIC_URL', '--public-url')
    .replace('ROLEBRIDGE_DATA_DIR', '--data-dir')
    .replace('DATABASE_URL', '--database-url');

/** Asks for missing values at a terminal. @throws UsageError elsewhere */
async function completed(
  { principal, publicUrl }: SetupOptions,
  terminal: Terminal,
): Promise<{ principal: string; publicUrl: string }> {
  if (principal !== undefined) return { principal, publicUrl: publicUrl ?? '' };
  if (!terminal.stdin.isTTY)
    throw new UsageError(
      'There is no principal.',
      'Give --principal, the ARN of the role or user that the service runs as.',
    );
  return {
    principal: await ask(terminal, 'ARN of the IAM role or user that the service runs as: '),
    publicUrl:
      publicUrl ??
      (await ask(terminal, 'URL where customers reach the service (empty: this machine only): ')),
  };
}

/** @throws UsageError when the file exists */
function write(file: string, settings: Record<string, string>): void {
  const text = Object.entries(settings).map(([name, value]) => `${name}=${shellWord(value)}\n`);
  try {
    writeFileSync(file, text.join(''), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = codeOf(error);
    throw new UsageError(
      code === 'EEXIST'
        ? `${file} exists. It is never overwritten: its keys may be in use.`
        : `${file} can't be written: ${code}.`,
      'Name another file with --file.',
    );
  }
}

/** One word for a shell, systemd and Compose: quoted only where it must be. */
const shellWord = (text: string): string => {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (text.includes("'"))
    throw new UsageError('A value holds a single quote, which the settings file can’t hold.');
  return `'${text}'`;
};
