import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type AccountId, isAccountId } from '../domain/ids.js';
import { keysOf } from '../domain/keys-of.js';
import { defaultQuotas } from '../domain/quotas.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import { isEndpointUrl } from '../domain/webhook-endpoint.js';
import { defaultRateLimits } from '../limits/defaults.js';
import { parseServiceKeys } from '../secrets/keyring.js';

/** Parsers of settings. No message repeats the text, which may be a secret. */

const partitionNames = Object.keys(partitions).join('|');
const principalArn = new RegExp(`^arn:(${partitionNames}):iam::\\d{12}:(root|(role|user)/[\\w+=,.@/-]+)$`);

export const wholeNumber = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(low, `must be at least ${low}`).max(high, `must be at most ${high}`));

/** Seconds, as milliseconds. */
export const seconds = (low: number, high: number) =>
  wholeNumber(low, high).transform((value) => value * 1000);

export const onOrOff = z
  .enum(['on', 'off'], 'must be "on" or "off"')
  .transform((value): boolean => value === 'on');

export const text = z.string().min(1);

export const roleArn = z
  .string()
  .regex(/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'must be the ARN of an IAM role');

export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((url) => withoutEndingSlashes(url));

function withoutEndingSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}

/** A comma-separated list. */
const list = z.string().transform((value) => value.split(',').map((part) => part.trim()));

/** The principals by partition, one for each. */
export const principals = list
  .refine(
    (arns) => arns.every((arn) => principalArn.test(arn)),
    'must be ARNs of IAM roles, users or account roots, separated by commas, one for each partition',
  )
  .refine(
    (arns) => new Set(arns.map((arn) => arn.split(':')[1])).size === arns.length,
    'names two principals in one partition; a partition has one',
  )
  // The pattern allows no other partition.
  .transform(
    (arns): ReadonlyMap<Partition, string> =>
      new Map(
        keysOf(partitions).flatMap((partition) =>
          arns.filter((arn) => arn.split(':')[1] === partition).map((arn) => [partition, arn] as const),
        ),
      ),
  );

/** `ID:KEY[,ID:KEY]`, or one on each line; the first encrypts, all decrypt. */
export const keys = z.string().transform((value, context) => {
  const parsed = parseServiceKeys(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: 'custom',
    message:
      'must be ID:KEY[,ID:KEY] or one on each line, no id twice, each key at least 32 random bytes in base64 (openssl rand -base64 32)',
  });
  return z.NEVER;
});

/** The SHA-256 of a token: the token itself is not kept in memory. */
export const tokenHash = z
  .string()
  .min(32, 'must be at least 32 characters (openssl rand -hex 32)')
  .transform((token) => createHash('sha256').update(token).digest('hex'));

const kmsKeyArn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;
export const kmsKeyArns = list
  .refine(
    (arns) => arns.every((arn) => kmsKeyArn.test(arn)),
    'must be ARNs of KMS keys (arn:aws:kms:REGION:ACCOUNT:key/ID), separated by commas',
  )
  .transform(([first = '', ...others]): readonly [string, ...string[]] => [first, ...others]);

export const accountIds = list
  .refine((ids) => ids.every((id) => isAccountId(id)), 'must be 12-digit account ids, separated by commas')
  .transform((ids): ReadonlySet<AccountId> => new Set(ids.filter(isAccountId)));

const profile = new RegExp(`^(${partitionNames})=([^=]+)$`);
export const awsProfiles = list
  .refine(
    (pairs) => pairs.every((pair) => profile.test(pair)),
    'must be PARTITION=PROFILE[,PARTITION=PROFILE]',
  )
  .transform(
    (pairs): ReadonlyMap<string, string> =>
      new Map(pairs.map((pair) => pair.split('=')).map(([partition = '', name = '']) => [partition, name])),
  );

export const templateUrl = z
  .string()
  .regex(
    /^https:\/\/[a-z0-9.-]+\.amazonaws\.(com|com\.cn|eu)\/[\w!'()*./-]+$/,
    'must be the https URL of an object in an S3 bucket: CloudFormation accepts no other',
  );

export const setTemplateUrl = z
  .string()
  .regex(
    /^https:\/\/[a-z0-9.-]+\.amazonaws\.(com|com\.cn|eu)\/[\w!'()*./-]*\{set\}[\w!'()*./-]*$/,
    'must be the https URL of objects in an S3 bucket, with {set} where the permission set stands',
  );

/** `NAME=NUMBER[,…]`; omitted names keep their default. */
const namedNumbers = <Names extends Readonly<Record<string, number>>>(defaults: Names) => ({
  schema: list.transform((pairs, context): Names => {
    const named = pairs.map((pair) => pair.split('='));
    const isWhole = named.every(
      ([name = '', value = '', ...rest]) =>
        Object.hasOwn(defaults, name) && /^\d{1,9}$/.test(value) && rest.length === 0,
    );
    if (isWhole && new Set(named.map(([name]) => name)).size === named.length)
      return { ...defaults, ...Object.fromEntries(named.map(([name, value]) => [name, Number(value)])) };
    context.addIssue({
      code: 'custom',
      message: `must be NAME=NUMBER[,NAME=NUMBER], 0 for no limit; the names are ${Object.keys(defaults).join(', ')}`,
    });
    return z.NEVER;
  }),
  default: Object.entries(defaults)
    .map(([name, value]) => `${name}=${value}`)
    .join(', '),
});
export const rateLimits = namedNumbers(defaultRateLimits);
export const quotas = namedNumbers(defaultQuotas);

const url = 'must be a URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE, with the password percent-encoded';
export const databaseUrl = z.string().superRefine((value, context) => {
  const message = problemOfDatabaseUrl(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

function problemOfDatabaseUrl(value: string): string | undefined {
  const [, start = '', hosts = '', rest = ''] =
    /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?]*)(.*)$/s.exec(value) ?? [];
  const urls = hosts.split(',').map((host) => `${start}${host}${rest}`);
  if (start === '' || !urls.every((each) => URL.canParse(each))) return url;
  const isLocal = urls.every((each) => /^(|localhost|127\..*|\[::1\])$/.test(new URL(each).hostname));
  const { searchParams } = new URL(urls[0] ?? '');
  if (!isLocal && !searchParams.has('sslmode') && !searchParams.has('ssl'))
    return 'names another machine without TLS: add ?sslmode=verify-full (and sslrootcert=FILE), or sslmode=disable on a private network';
  return undefined;
}

export const webhookEndpoints = list
  .refine(
    (urls) => urls.every(isEndpointUrl),
    'must be https URLs without a user name, a password and a fragment, separated by commas',
  )
  .refine((urls) => new Set(urls).size === urls.length, 'names one URL twice');

/** Secrets of Standard Webhooks: 24 to 64 random bytes. */
export const webhookSecrets = list.refine(
  (secrets) => secrets.every(isWebhookSecret),
  'must be whsec_ and 24 to 64 random bytes in base64, separated by commas (echo "whsec_$(openssl rand -base64 32)")',
);

function isWebhookSecret(value: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value) ?? [];
  const { length } = Buffer.from(encoded ?? '', 'base64');
  return length >= 24 && length <= 64;
}
