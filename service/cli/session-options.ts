import type { Credentials, RequestBody } from '../../client/index.js';
import { fileText, nameValue, type OptionRow, wholeNumber } from './option-row.js';
import { clientOf, type ServiceOptions, serviceOptions } from './service-options.js';
import { type TargetOptions, targetOf, targetOptions } from './target-options.js';
import type { Terminal } from './terminal.js';

export interface SessionOptions extends ServiceOptions, TargetOptions {
  readonly duration?: number;
  readonly sessionName?: string;
  /** The content of the file. */
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
  {
    flags: '--session-policy-file <path>',
    about: 'a file with a policy that limits the session',
    parse: fileText,
  },
  { flags: '--tag <key=value>', about: 'a session tag; repeatable', parse: nameValue('--tag', 'KEY=VALUE') },
];

/** All options of `rolebridge credentials`. */
export const credentialsOptions: readonly OptionRow[] = [...sessionOptions, ...serviceOptions];

/** @throws UsageError */
export const sessionRequestOf = (options: SessionOptions): RequestBody<'issueCredentials'> => ({
  ...targetOf(options),
  durationSeconds: options.duration,
  sessionName: options.sessionName,
  sessionPolicy: options.sessionPolicyFile?.trim(),
  tags: options.tag,
});

/** Runs `rolebridge credentials`. */
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
  SessionToken: credentials.sessionToken,
  Expiration: credentials.expiration,
});
