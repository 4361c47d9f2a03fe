import { readFileSync } from 'node:fs';
import type { Credentials, RequestBody } from '../../client/index.js';
import { codeOf } from '../unknown-value.js';
import { UsageError } from './failure.js';
import type { OptionTaker } from './option-taker.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import { type TargetOptions, targetOf, withTargetOptions } from './target-options.js';
import type { Terminal } from './terminal.js';

export interface SessionOptions extends ServiceOptions, TargetOptions {
  readonly duration?: number;
  readonly sessionName?: string;
  readonly sessionPolicyFile?: string;
  readonly tag?: Readonly<Record<string, string>>;
}

export const withSessionOptions = <Taker extends OptionTaker<Taker>>(command: Taker): Taker =>
  withServiceOptions(withTargetOptions(command))
    .option(
      '--duration <seconds>',
      'how long the session lasts: 900 to 43200, as the role allows',
      wholeNumber('--duration', 900, 43_200),
    )
    .option(
      '--session-name <name>',
      'the session name in the customer’s CloudTrail, after the organization’s id',
    )
    .option('--session-policy-file <path>', 'a file with a policy that limits the session')
    .option('--tag <key=value>', 'a session tag; repeatable', addTag);

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
