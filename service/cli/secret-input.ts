import { memberOf, textIn } from '../unknown-value.js';
import { ask } from './ask.js';
import type { Given } from './command-row.js';
import { UsageError } from './failure.js';
import { apiKeyFileOf, type ServiceOptions, textOf } from './service-options.js';

/** An access key in a request. */
interface AccessKeyInput {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  sessionExpiresAt?: string | undefined;
}

const howTo =
  'Pipe what "aws iam create-access-key" or "aws sts get-session-token" prints into the command; or give --access-key-id and pipe the secret (and the session token on a second line), or set ROLEBRIDGE_SECRET_ACCESS_KEY.';

/**
 * Reads an access key from the environment, a pipe or the terminal. No message repeats the input.
 * @throws UsageError
 */
export async function readAccessKey(
  given: Given<ServiceOptions & { accessKeyId?: string }>,
): Promise<AccessKeyInput> {
  const { terminal, options } = given;
  const { accessKeyId } = options;
  if (apiKeyFileOf(options, terminal) === '-')
    throw new UsageError(
      'Standard input can’t hold the API key and the access key.',
      'Give the API key with --api-key-file PATH or ROLEBRIDGE_API_KEY.',
    );
  // A missing URL or API key is reported before you type a secret.
  await given.client();
  const { ROLEBRIDGE_SECRET_ACCESS_KEY: secretAccessKey, ROLEBRIDGE_SESSION_TOKEN } = terminal.env;
  const sessionToken = ROLEBRIDGE_SESSION_TOKEN || undefined;
  if (secretAccessKey) return { accessKeyId: idOf(accessKeyId), secretAccessKey, sessionToken };
  if (terminal.stdin.isTTY) {
    const id = accessKeyId ?? (await ask(terminal, 'Access key ID: '));
    const secret = await ask(terminal, 'Secret access key (not shown): ', { isSecret: true });
    const hasToken = id.startsWith('ASIA');
    const token = hasToken
      ? await ask(terminal, 'Session token (not shown): ', { isSecret: true })
      : undefined;
    return { accessKeyId: id, secretAccessKey: secret, sessionToken: token };
  }
  const text = (await textOf(terminal.stdin)).trim();
  if (text === '') throw new UsageError('The secret access key is missing.', howTo);
  if (text.startsWith('{')) return keyInAwsJson(text, accessKeyId);
  const [secret = '', token, ...rest] = text.split(/\r?\n/);
  if (rest.length > 0)
    throw new UsageError('Standard input has more than a secret and a session token.', howTo);
  return { accessKeyId: idOf(accessKeyId), secretAccessKey: secret, sessionToken: token };
}

function idOf(accessKeyId: string | undefined): string {
  if (accessKeyId) return accessKeyId;
  throw new UsageError('The access key ID is missing.', 'Give --access-key-id AKIA….');
}

/** Reads the output of `create-access-key`, `get-session-token`, `assume-role` or a credential process. */
function keyInAwsJson(text: string, expectedId: string | undefined): AccessKeyInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('Standard input starts like JSON but is not valid JSON.', howTo);
  }
  const key = memberOf(value, 'AccessKey') ?? memberOf(value, 'Credentials') ?? value;
  const [accessKeyId, secretAccessKey] = [textIn(key, 'AccessKeyId'), textIn(key, 'SecretAccessKey')];
  const [sessionToken, sessionExpiresAt] = [textIn(key, 'SessionToken'), textIn(key, 'Expiration')];
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new UsageError('The JSON has no AccessKeyId and SecretAccessKey.', howTo);
  if (expectedId !== undefined && expectedId !== accessKeyId)
    throw new UsageError(
      'The JSON contains a different access key than --access-key-id.',
      'Leave --access-key-id out, or pipe that key.',
    );
  return { accessKeyId, secretAccessKey, sessionToken, sessionExpiresAt: sessionToken && sessionExpiresAt };
}
