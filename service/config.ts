import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigurationError } from './configuration-error.js';
import { type AccountId, isAccountId } from './domain/ids.js';
import { type Partition, partitions } from './domain/role-arn.js';
import { operationsOf, operationsSettings } from './operations-settings.js';
import { parseSealingKeys, type SealingKey } from './secrets/keyring.js';
import { webhookEndpoints, webhookSecrets } from './webhooks/settings.js';

const principalArn =
  /^arn:(aws|aws-us-gov|aws-cn|aws-eusc):iam::\d{12}:(root|role\/[\w+=,.@/-]+|user\/[\w+=,.@/-]+)$/;
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const number = (low: number, high: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(low).max(high));

const serviceKeys = z.string().transform((text, context): [SealingKey, ...SealingKey[]] => {
  const keys = text.split(',').map((part) => {
    const [id = '', encoded = ''] = part.split(':');
    return { id, key: Buffer.from(encoded, 'base64') };
  });
  const [first, ...rest] = keys;
  if (
    first === undefined ||
    keys.some(({ id, key }) => !/^[A-Za-z0-9_-]{1,32}$/.test(id) || key.length < 32)
  ) {
    context.addIssue({
      code: 'custom',
      message:
        'must be ID:KEY[,ID:KEY], each key at least 32 random bytes in base64 (openssl rand -base64 32)',
    });
    return z.NEVER;
  }
  return [first, ...rest];
});

const encryptionKeys = z.string().transform((text, context) => {
  const keys = parseSealingKeys(text);
  if (keys !== undefined) return keys;
  context.addIssue({
    code: 'custom',
    message:
      'must be ID:BASE64[,ID:BASE64] or one a line, no id twice, each key at least 32 random bytes (openssl rand -base64 32)',
  });
  return z.NEVER;
});

const fileText = z.string().transform((path, context) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `can't be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`,
    });
    return z.NEVER;
  }
});

const databaseUrl = z.string().transform((text, context) => {
  const problem = problemOfDatabaseUrl(text);
  if (problem === undefined) return text;
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
});

/** Never quotes the URL: it may hold a password. */
function problemOfDatabaseUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol))
    return 'must be a URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE, with the password percent-encoded';
  const isLocal = /^(|localhost|127\..*|\[::1\])$/.test(url.hostname);
  if (!isLocal && !url.searchParams.has('sslmode') && !url.searchParams.has('ssl'))
    return 'names another machine and says nothing of TLS: add ?sslmode=verify-full (and sslrootcert=FILE), or sslmode=disable on a network that nobody else is on';
  return undefined;
}

const environmentSchema = z.object({
  ROLEBRIDGE_PRINCIPAL: z
    .string('is missing: the ARN of the IAM role or user that this service runs as')
    .transform((text) => text.split(','))
    .pipe(
      z.array(
        z
          .string()
          .regex(
            principalArn,
            'must be ARNs of IAM roles, users or account roots, separated by commas, one a partition',
          ),
      ),
    )
    .refine(
      (arns) => new Set(arns.map((arn) => arn.split(':')[1])).size === arns.length,
      'names two principals in one partition; a partition has one',
    ),
  ROLEBRIDGE_SERVICE_KEYS: z
    .string('is missing: ID:KEY, the key 32 random bytes in base64 (openssl rand -base64 32)')
    .pipe(serviceKeys),
  ROLEBRIDGE_ENCRYPTION_KEYS: encryptionKeys.optional(),
  ROLEBRIDGE_ENCRYPTION_KEYS_FILE: fileText.pipe(encryptionKeys).optional(),
  ROLEBRIDGE_KMS_KEY_ARNS: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+(,arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+)*$/,
      'must be ARNs of KMS keys (arn:aws:kms:REGION:ACCOUNT:key/ID), separated by commas',
    )
    .transform((text) => text.split(',') as [string, ...string[]])
    .optional(),
  ROLEBRIDGE_KMS_ENDPOINT: url.optional(),
  ROLEBRIDGE_ACCESS_KEYS: z.enum(['on', 'off'], 'must be "on" or "off"').default('on'),
  ROLEBRIDGE_PORT: number(0, 65_535).default(8080),
  ROLEBRIDGE_HOST: z.string().min(1).default('127.0.0.1'),
  ROLEBRIDGE_PUBLIC_URL: url.optional(),
  ROLEBRIDGE_TEMPLATE_URL: z
    .string()
    .regex(
      /^https:\/\/[a-z0-9.-]+\.amazonaws\.(com|com\.cn|eu)\/[\w!'()*./-]+$/,
      'must be the https URL of an object in an S3 bucket: CloudFormation takes no other',
    )
    .optional(),
  DATABASE_URL: databaseUrl.optional(),
  ROLEBRIDGE_DATABASE_SESSIONS: number(1, 1000).default(10),
  ROLEBRIDGE_DATA_DIR: z.string().min(1).default('./data'),
  ROLEBRIDGE_STS_REGION: z
    .string()
    .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'must be an AWS region')
    .optional(),
  ROLEBRIDGE_STS_ENDPOINT: url.optional(),
  ROLEBRIDGE_AWS_PROFILES: z
    .string()
    .regex(
      /^(aws|aws-us-gov|aws-cn|aws-eusc)=[^=,]+(,(aws|aws-us-gov|aws-cn|aws-eusc)=[^=,]+)*$/,
      'must be PARTITION=PROFILE[,PARTITION=PROFILE]',
    )
    .transform((text) => new Map(text.split(',').map((part) => part.split('=') as [string, string])))
    .optional(),
  ROLEBRIDGE_STS_TIMEOUT_SECONDS: number(1, 60).default(5),
  ROLEBRIDGE_PROPAGATION_WINDOW_SECONDS: number(0, 600).default(60),
  ROLEBRIDGE_CALLBACK_TOLERANCE_SECONDS: number(1, 3600).default(300),
  ROLEBRIDGE_OPERATOR_TOKEN: z
    .string()
    .min(32, 'must be at least 32 characters (openssl rand -hex 32)')
    .optional(),
  ROLEBRIDGE_DENIED_ACCOUNT_IDS: z
    .string()
    .transform((text) => text.split(',') as AccountId[])
    .refine((ids) => ids.every((id) => isAccountId(id)), 'must be 12-digit account ids, separated by commas')
    .optional(),
  ...operationsSettings,
  ROLEBRIDGE_VERIFY_INTERVAL_SECONDS: number(60, 604_800).default(3_600),
  ROLEBRIDGE_VERIFY_STS_CALLS_PER_SECOND: number(1, 1_000).default(25),
  ROLEBRIDGE_PENDING_EXPIRY_SECONDS: number(3_600, 31_536_000).default(604_800),
  ROLEBRIDGE_WEBHOOK_ENDPOINTS: webhookEndpoints.optional(),
  ROLEBRIDGE_WEBHOOK_SECRETS: webhookSecrets.optional(),
  ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE: z.enum(['on', 'off'], 'must be "on" or "off"').default('off'),
  ROLEBRIDGE_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info'),
});

const consistent = environmentSchema
  .refine((values) => !values.ROLEBRIDGE_ENCRYPTION_KEYS || !values.ROLEBRIDGE_ENCRYPTION_KEYS_FILE, {
    path: ['ROLEBRIDGE_ENCRYPTION_KEYS_FILE'],
    message: 'is set beside ROLEBRIDGE_ENCRYPTION_KEYS: set one of them',
  })
  .refine((values) => !values.ROLEBRIDGE_WEBHOOK_ENDPOINTS || values.ROLEBRIDGE_WEBHOOK_SECRETS, {
    path: ['ROLEBRIDGE_WEBHOOK_SECRETS'],
    message: 'is missing: webhooks are signed, and ROLEBRIDGE_WEBHOOK_ENDPOINTS is set',
  })
  .refine(
    (values) =>
      values.ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE === 'on' ||
      (values.ROLEBRIDGE_WEBHOOK_ENDPOINTS ?? []).every((endpoint) => endpoint.startsWith('https:')),
    {
      path: ['ROLEBRIDGE_WEBHOOK_ENDPOINTS'],
      message:
        'has a URL that is not https; for an endpoint at a private address set ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE=on',
    },
  );

export { ConfigurationError };

/** @throws ConfigurationError */
export function readConfiguration(environment: NodeJS.ProcessEnv) {
  // A variable set to nothing is a variable not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = consistent.safeParse(given);
  if (!result.success)
    throw new ConfigurationError(
      [
        'The configuration is not right:',
        ...result.error.issues.map((issue) => `  ${issue.path[0]?.toString()}: ${issue.message}`),
      ].join('\n'),
    );
  const values = result.data;
  const principals = new Map(values.ROLEBRIDGE_PRINCIPAL.map((arn) => [arn.split(':')[1] as Partition, arn]));
  return {
    port: values.ROLEBRIDGE_PORT,
    host: values.ROLEBRIDGE_HOST,
    publicUrl: values.ROLEBRIDGE_PUBLIC_URL,
    templateUrl: values.ROLEBRIDGE_TEMPLATE_URL,
    dataDirectory: values.ROLEBRIDGE_DATA_DIR,
    database:
      values.DATABASE_URL === undefined
        ? undefined
        : { url: values.DATABASE_URL, maxSessions: values.ROLEBRIDGE_DATABASE_SESSIONS },
    principals,
    serviceKeys: values.ROLEBRIDGE_SERVICE_KEYS,
    encryptionKeys: values.ROLEBRIDGE_ENCRYPTION_KEYS ?? values.ROLEBRIDGE_ENCRYPTION_KEYS_FILE,
    kms: values.ROLEBRIDGE_KMS_KEY_ARNS && {
      keyArns: values.ROLEBRIDGE_KMS_KEY_ARNS,
      endpoint: values.ROLEBRIDGE_KMS_ENDPOINT,
    },
    takesAccessKeys: values.ROLEBRIDGE_ACCESS_KEYS === 'on',
    stsPartitions: Object.fromEntries(
      [...principals.keys()].map((partition, index) => [
        partition,
        {
          ...(values.ROLEBRIDGE_AWS_PROFILES?.has(partition) && {
            profile: values.ROLEBRIDGE_AWS_PROFILES.get(partition),
          }),
          // Region and endpoint are those of the first principal's partition; the others have their own from the table.
          region: (index === 0 && values.ROLEBRIDGE_STS_REGION) || partitions[partition].stsRegion,
          ...(index === 0 && values.ROLEBRIDGE_STS_ENDPOINT && { endpoint: values.ROLEBRIDGE_STS_ENDPOINT }),
        },
      ]),
    ) as Partial<Record<Partition, { region: string; endpoint?: string; profile?: string }>>,
    stsTimeoutMs: values.ROLEBRIDGE_STS_TIMEOUT_SECONDS * 1000,
    propagationWindowMs: values.ROLEBRIDGE_PROPAGATION_WINDOW_SECONDS * 1000,
    callbackToleranceMs: values.ROLEBRIDGE_CALLBACK_TOLERANCE_SECONDS * 1000,
    operatorTokenHash:
      values.ROLEBRIDGE_OPERATOR_TOKEN &&
      createHash('sha256').update(values.ROLEBRIDGE_OPERATOR_TOKEN).digest('hex'),
    deniedAccountIds: new Set(values.ROLEBRIDGE_DENIED_ACCOUNT_IDS ?? []),
    ...operationsOf(values),
    schedule: {
      verifyIntervalMs: values.ROLEBRIDGE_VERIFY_INTERVAL_SECONDS * 1000,
      pendingExpiryMs: values.ROLEBRIDGE_PENDING_EXPIRY_SECONDS * 1000,
    },
    watchStsCallsPerSecond: values.ROLEBRIDGE_VERIFY_STS_CALLS_PER_SECOND,
    webhooks: values.ROLEBRIDGE_WEBHOOK_ENDPOINTS && {
      endpoints: values.ROLEBRIDGE_WEBHOOK_ENDPOINTS,
      secrets: values.ROLEBRIDGE_WEBHOOK_SECRETS ?? [],
      allowsPrivate: values.ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE === 'on',
    },
    logLevel: values.ROLEBRIDGE_LOG_LEVEL,
  };
}
