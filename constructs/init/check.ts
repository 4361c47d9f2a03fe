/** `npx @rolebridge/constructs check`: the dry run that a deploy makes before it creates a role. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { PATTERNS } from '../props/patterns';
import { CONNECTION_FILE } from './templates';
import { type ConnectionValues, readValues, VALUES } from './values';

/** Runs the callback script, which reads the secret from the environment itself. @returns the exit code */
export async function check(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: NodeJS.ProcessEnv,
  isTerminal: boolean,
): Promise<number> {
  const written = writtenValues(environment);
  const values = await readValues({ ...written, ...flags }, environment, isTerminal, [
    'connectionId',
    'externalId',
    'callbackUrl',
  ]);
  const given =
    flags['account-id'] ??
    environment.AWS_ACCOUNT_ID ??
    (callerAccount(environment) || written['account-id']);
  const accountId = typeof given === 'string' ? given : '';
  if (!PATTERNS.accountId.fits.test(accountId))
    throw new Error(
      `--account-id (or AWS_ACCOUNT_ID) must be ${PATTERNS.accountId.rule}; it is ${JSON.stringify(accountId)}. The AWS CLI, where it is installed and signed in, fills it in.`,
    );
  return runCheck({ vendorName: written.vendorName, ...values }, accountId, environment);
}

/** The values in `vendor-connection.ts` by flag, without those that the environment has. */
function writtenValues(environment: NodeJS.ProcessEnv): Record<string, string> {
  if (!existsSync(CONNECTION_FILE)) return {};
  const text = readFileSync(CONNECTION_FILE, 'utf8');
  const found = new Map(
    [...text.matchAll(/^[ \t]+(\w+): (["'])([^"'\\]*)\2,?$/gm)].map(([, name = '', , value = '']) => [
      name,
      value,
    ]),
  );
  const byFlag = Object.entries(VALUES).map(([name, { flag, variable }]) => [
    flag,
    environment[variable] ? undefined : found.get(name),
  ]);
  return Object.fromEntries(
    [...byFlag, ['vendorName', found.get('vendorName')]].filter(([, value]) => value !== undefined),
  );
}

/** @returns the exit code */
export function runCheck(
  values: Pick<ConnectionValues, 'connectionId' | 'externalId' | 'callbackUrl'> & {
    vendorName?: string | undefined;
  },
  accountId: string,
  environment: NodeJS.ProcessEnv,
): number {
  const script = path.join(__dirname, '..', 'callback-script', 'rolebridge-callback.cjs');
  const { status } = spawnSync(process.execPath, [script], {
    stdio: 'inherit',
    env: {
      ...environment,
      // The id of the construct that init writes is the start of a deploy's lines.
      CONNECT_LABEL: values.vendorName ?? 'vendor',
      CONNECT_PLACE: 'shell',
      CONNECT_EVENT: 'connection.check',
      CONNECT_CONNECTION_ID: values.connectionId,
      CONNECT_EXTERNAL_ID: values.externalId,
      CONNECT_CALLBACK_URL: values.callbackUrl,
      CONNECT_ACCOUNT_ID: accountId,
      CONNECT_DEADLINE_SECONDS: '30',
    },
  });
  return status ?? 1;
}

/** The account of the AWS CLI's credentials; empty where it is not installed or not signed in. */
export function callerAccount(environment: NodeJS.ProcessEnv): string {
  const words = ['sts', 'get-caller-identity', '--query', 'Account', '--output', 'text'];
  const { status, stdout } = spawnSync('aws', words, { encoding: 'utf8', env: environment });
  return status === 0 ? stdout.trim() : '';
}
