import { readFileSync } from 'node:fs';
import type { Credentials, RequestBody } from '../../client/index.js';
import { codeOf } from '../unknown-value.js';
import { UsageError } from './failure.js';
import { type OptionRow, wholeNumber } from './option-row.js';
import { clientOf, type ServiceOptions, serviceOptions } from './service-options.js';
import { type TargetOptions, targetOf, targetOptions } from './target-options.js';
import type { Terminal } from './terminal.js';

export interface SessionOptions extends ServiceOptions, TargetOptions {
  readonly duration?: number;
  readonly sessionName?: string;
  readonly sessionPolicyFile?: string;
  readonly tag?: Readonly<Record<string, string>>;
}

export const sessionOptions: readonly OptionRow[] = [
  ...targetOptions,
  {
    flags: '--duration <seconds>',
    about: 'how long the session lasts: 900 to 43200, as the role allows',
    parse: wholeNumber('--duration', 900, 43_200),
  },
  {
    flags: '--session-name <name>',
    about: 'the session name in the customer’s CloudTrail, after the organization’s id',
  },
  { flags: '--session-policy-file <path>', about: 'a file with a policy that limits the session' },
  { flags: '--tag <key=value>', about: 'a session tag; repeatable', parse: addTag },
];

/** With those of every call. */
export const credentialsOptions: readonly OptionRow[] = [...sessionOptions, ...serviceOptions];

/** @throws UsageError */
export function sessionRequestOf(options: SessionOptions): RequestBody<'issueCredentials'> {
  const { duration, sessionName, sessionPolicyFile, tag } = options;
  return {
    ...targetOf(options),
    ...(duration !== undefined && { durationSeconds: duration }),
    ...(sessionName !== undefined && { sessionName }),
    ...(sessionPolicyFile !== undefined && { sessionPolicy: policyIn(sessionPolicyFile) }),
    ...(tag !== undefined && { tags: { ...tag } }),
  };
}

/** `rolebridge credentials`, with its options read. */
export async function printCredentials(options: SessionOptions, terminal: Terminal): Promise<void> {
  const request = sessionRequestOf(options);
  const credentials = await (await clientOf(options, terminal)).issueCredentials(request);
  terminal.stdout.write(`${JSON.stringify(credentialProcess(credentials))}\n`);
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
const credentialProcess = (credentials: Credentials) => ({
  Version: 1,
  AccessKeyId: credentials.accessKeyId,
  SecretAccessKey: credentials.secretAccessKey,
  ...(credentials.sessionToken !== undefined && { SessionToken: credentials.sessionToken }),
  ...(credentials.expiration !== undefined && { Expiration: credentials.expiration }),
});

function addTag(text: string, before: Readonly<Record<string, string>> | undefined) {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new UsageError(`--tag must be KEY=VALUE, not ${JSON.stringify(text)}.`);
  return { ...before, [key]: value };
}

function policyIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `The file ${path} can't be read: ${codeOf(error) ?? 'unknown reason'}.`,
      'Check the path given with --session-policy-file.',
    );
  }
}
