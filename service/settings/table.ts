import { z } from 'zod';
import { region } from '../domain/connection.js';
import * as values from './values.js';

/** One setting of the service. */
interface SettingRow {
  /** The option of `createService`; `group.member` in a group. */
  readonly option: string;
  /** Turns the text of the environment variable into the option's value. */
  readonly schema: z.ZodType<unknown, string>;
  /** The description in docs/settings.md. */
  readonly sentence: string;
  /** The default, as text of the environment variable. */
  readonly default?: string;
  /** The effect of an unset setting without a default. */
  readonly unset?: string;
  readonly required?: true;
  /** The group exists only with this setting. */
  readonly opensGroup?: true;
  /** The variable `…_FILE` can name a file with the value. */
  readonly secret?: true;
}

const serviceSettings = {
  ROLEBRIDGE_PRINCIPAL: {
    option: 'principals',
    schema: values.principals,
    sentence:
      "The ARN of the IAM role or user that this service runs as and customers' roles trust; one for each partition, separated by commas.",
    required: true,
  },
  ROLEBRIDGE_SERVICE_KEYS: {
    option: 'serviceKeys',
    schema: values.keys,
    sentence:
      '`ID:KEY[,ID:KEY]`, each key 32 random bytes in base64 (`openssl rand -base64 32`): encrypts the secrets that the service makes. The first encrypts, all decrypt.',
    required: true,
    secret: true,
  },
  ROLEBRIDGE_HOST: {
    option: 'host',
    schema: values.text,
    sentence: 'The address to listen on.',
    default: '127.0.0.1',
  },
  ROLEBRIDGE_PORT: {
    option: 'port',
    schema: values.wholeNumber(0, 65_535),
    sentence: 'The port to listen on; `0` uses a free one.',
    default: '8080',
  },
  ROLEBRIDGE_PUBLIC_URL: {
    option: 'publicUrl',
    schema: values.httpUrl,
    sentence: 'Where customers reach the service (TLS ends in front of it).',
    unset: 'the address it listens on',
  },
  ROLEBRIDGE_BRAND_FILE: {
    option: 'brandFile',
    schema: values.text,
    sentence:
      "The path of a JSON file with the vendor's name, logo, colors, links and words; `rolebridge brand check` checks it (docs/brand.md).",
    unset: 'Rolebridge’s own brand',
  },
  ROLEBRIDGE_REQUIRE_ACCOUNT: {
    option: 'requireAccount',
    schema: values.onOrOff,
    sentence:
      'A callback connects a role only in the account that its connection is bound to (`expectedAccountId`); `off` lets the first role that connects bind.',
    default: 'on',
  },
  ROLEBRIDGE_REQUIRE_PROOF: {
    option: 'requireProof',
    schema: values.onOrOff,
    sentence: 'Connects only roles whose trust policy the service can read and judge.',
    default: 'off',
  },
  ROLEBRIDGE_TEMPLATE_URL: {
    option: 'templateUrl',
    schema: values.templateUrl,
    sentence: 'The S3 URL of a copy of `/downloads/cloudformation.yaml`, for quick-create links.',
    unset: 'no such links',
  },
  ROLEBRIDGE_SET_TEMPLATE_URL: {
    option: 'setTemplateUrl',
    schema: values.setTemplateUrl,
    sentence:
      'The S3 URL of copies of `/v1/permission-sets/NAME/VERSION/cloudformation.yaml`, with `{set}` for `NAME@VERSION`: quick-create links of connections with a permission set.',
    unset: 'no such links',
  },
  ROLEBRIDGE_PERMISSION_SETS: {
    option: 'permissionSetsFolder',
    schema: values.text,
    sentence:
      "The folder with the vendor's permission sets, `NAME@VERSION.json`; a version that was served never changes.",
    unset: 'no permission sets',
  },
  ROLEBRIDGE_DATA_DIR: {
    option: 'dataDirectory',
    schema: values.text,
    sentence: 'The data directory; one process at a time.',
    default: './data',
  },
  ROLEBRIDGE_QUARANTINE: {
    option: 'quarantine',
    schema: values.onOrOff,
    sentence: 'If files of some organizations in the data directory are damaged, serves the others.',
    default: 'off',
  },
  DATABASE_URL: {
    option: 'database.url',
    schema: values.databaseUrl,
    sentence:
      '`postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`: stores everything in PostgreSQL, for any number of processes; the data directory is unused then.',
    unset: 'files in the data directory',
    opensGroup: true,
    secret: true,
  },
  ROLEBRIDGE_DATABASE_SESSIONS: {
    option: 'database.maxSessions',
    schema: values.wholeNumber(1, 1000),
    sentence: 'PostgreSQL sessions of one process, at most.',
    default: '10',
  },
  ROLEBRIDGE_OPERATOR_TOKEN: {
    option: 'operatorTokenHash',
    schema: values.tokenHash,
    sentence:
      "The operator's token, at least 32 characters: allows the operator's calls, such as `POST /v1/organizations`.",
    unset: "no operator's calls",
    secret: true,
  },
  ROLEBRIDGE_LOG_LEVEL: {
    option: 'logLevel',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    sentence: 'The lowest level that is logged.',
    default: 'info',
  },
} as const satisfies Record<string, SettingRow>;

const awsSettings = {
  ROLEBRIDGE_STS_REGION: {
    option: 'stsRegion',
    schema: region,
    sentence: "The region whose STS the service calls, in the first principal's partition.",
    unset: "the partition's, such as `us-east-1`",
  },
  ROLEBRIDGE_STS_ENDPOINT: {
    option: 'stsEndpoint',
    schema: values.httpUrl,
    sentence: "A different STS endpoint in the first principal's partition.",
    unset: "AWS's",
  },
  ROLEBRIDGE_IAM_ENDPOINT: {
    option: 'iamEndpoint',
    schema: values.httpUrl,
    sentence: "A different IAM endpoint in the first principal's partition, where roles read themselves.",
    unset: "AWS's, or `ROLEBRIDGE_STS_ENDPOINT` if that is not AWS's own",
  },
  ROLEBRIDGE_STS_TIMEOUT_SECONDS: {
    option: 'stsTimeoutMs',
    schema: values.seconds(1, 60),
    sentence: 'The timeout of one call of STS.',
    default: '5',
  },
  ROLEBRIDGE_AWS_PROFILES: {
    option: 'awsProfiles',
    schema: values.awsProfiles,
    sentence: '`PARTITION=PROFILE[,…]`: the AWS profile with the credentials of a partition.',
    unset: "the SDK's own chain",
  },
  ROLEBRIDGE_STS_CALLS_AT_ONCE: {
    option: 'stsCalls.atOnce',
    schema: values.wholeNumber(1, 10_000),
    sentence: 'Concurrent calls of STS, of all organizations.',
    default: '200',
  },
  ROLEBRIDGE_STS_CALLS_AT_ONCE_PER_ORGANIZATION: {
    option: 'stsCalls.atOncePerOrganization',
    schema: values.wholeNumber(1, 10_000),
    sentence: 'Concurrent calls of STS, of one organization.',
    default: '20',
  },
} as const satisfies Record<string, SettingRow>;

const connectionSettings = {
  ROLEBRIDGE_PROPAGATION_WINDOW_SECONDS: {
    option: 'propagationWindowMs',
    schema: values.seconds(0, 600),
    sentence: "How long a denial may still be IAM's propagation.",
    default: '60',
  },
  ROLEBRIDGE_CALLBACK_TOLERANCE_SECONDS: {
    option: 'callbackToleranceMs',
    schema: values.seconds(1, 3600),
    sentence: 'How far the timestamp of a callback may be off.',
    default: '300',
  },
  ROLEBRIDGE_DENIED_ACCOUNT_IDS: {
    option: 'deniedAccountIds',
    schema: values.accountIds,
    sentence: 'Accounts whose roles are refused, separated by commas.',
    unset: 'none',
  },
  ROLEBRIDGE_VERIFY_INTERVAL_SECONDS: {
    option: 'schedule.verifyIntervalMs',
    schema: values.seconds(60, 604_800),
    sentence: 'Every connection is verified again at least this often.',
    default: '3600',
  },
  ROLEBRIDGE_VERIFY_STS_CALLS_PER_SECOND: {
    option: 'verifyStsCallsPerSecond',
    schema: values.wholeNumber(1, 1_000),
    sentence:
      'Calls of STS that one process makes for re-verification in a second: about 4 for a connection.',
    default: '25',
  },
  ROLEBRIDGE_CANARY_ROLE_ARN: {
    option: 'canary.roleArn',
    schema: values.roleArn,
    sentence:
      "A role in another account of yours that trusts this service's account with an external ID: while the service can't assume it, no denial turns a connection failed.",
    unset: 'roles of other organizations are probed instead',
    opensGroup: true,
  },
  ROLEBRIDGE_CANARY_EXTERNAL_ID: {
    option: 'canary.externalId',
    schema: values.text,
    sentence: 'The external ID that the canary role requires.',
    default: 'rolebridge-canary',
  },
  ROLEBRIDGE_PROBE_INTERVAL_SECONDS: {
    option: 'schedule.probeIntervalMs',
    schema: values.seconds(3_600, 2_592_000),
    sentence:
      'The negative probes of a role are repeated at least this often; in between the service reads its trust policy.',
    default: '86400',
  },
  ROLEBRIDGE_PENDING_EXPIRY_SECONDS: {
    option: 'schedule.pendingExpiryMs',
    schema: values.seconds(3_600, 31_536_000),
    sentence: 'A pending connection expires after this time.',
    default: '604800',
  },
  ROLEBRIDGE_ACCESS_KEYS: {
    option: 'takesAccessKeys',
    schema: values.onOrOff,
    sentence: '`off` accepts no access key, new or as a replacement; stored ones keep working.',
    default: 'on',
  },
  ROLEBRIDGE_ENCRYPTION_KEYS: {
    option: 'encryptionKeys',
    schema: values.keys,
    sentence:
      "Keys as in `ROLEBRIDGE_SERVICE_KEYS`: encrypt customers' access keys. The first encrypts, all decrypt.",
    unset: 'no access keys',
    secret: true,
  },
  ROLEBRIDGE_KMS_KEY_ARNS: {
    option: 'kms.keyArns',
    schema: values.kmsKeyArns,
    sentence:
      "ARNs of AWS KMS keys: the first encrypts customers' access keys, all decrypt; `ROLEBRIDGE_ENCRYPTION_KEYS` still decrypts.",
    unset: 'none',
    opensGroup: true,
  },
  ROLEBRIDGE_KMS_ENDPOINT: {
    option: 'kms.endpoint',
    schema: values.httpUrl,
    sentence: "A different KMS endpoint, such as a VPC's.",
    unset: "AWS's",
  },
} as const satisfies Record<string, SettingRow>;

const webhookSettings = {
  ROLEBRIDGE_WEBHOOK_ENDPOINTS: {
    option: 'webhooks.endpoints',
    schema: values.webhookEndpoints,
    sentence:
      '`https` URLs, separated by commas, that get every event of every organization. You can create more endpoints with the API.',
    unset: 'none',
  },
  ROLEBRIDGE_WEBHOOK_SECRETS: {
    option: 'webhooks.secrets',
    schema: values.webhookSecrets,
    sentence: '`whsec_…[,whsec_…]`, each 24–64 random bytes in base64: all sign; required with endpoints.',
    unset: 'none',
    secret: true,
  },
  ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE: {
    option: 'webhooks.allowsPrivate',
    schema: values.onOrOff,
    sentence: '`on` allows webhooks to loopback, private and link-local addresses, without TLS too.',
    default: 'off',
  },
} as const satisfies Record<string, SettingRow>;

const operationsSettings = {
  ROLEBRIDGE_RATE_LIMITS: {
    option: 'rateLimits',
    schema: values.rateLimits.schema,
    default: values.rateLimits.default,
    sentence:
      '`NAME=NUMBER[,…]`, in a minute and for each process, `0` for no limit: `key` (calls with one API key), `organization` (calls of one organization), `verifications` (of one organization), `connection` (verifications of one connection), `callbacks` (of one connection), `address` (requests without valid credentials from one address).',
  },
  ROLEBRIDGE_QUOTAS: {
    option: 'quotas',
    schema: values.quotas.schema,
    default: values.quotas.default,
    sentence:
      '`NAME=NUMBER[,…]`, how many of each kind one organization may have, `0` for no limit: `connections`, `deletedConnections` (their ids are never issued again), `projects`, `apiKeys` (revoked and expired ones make room), `signInLinks` (revoked ones count for 12 hours), `setupCodes`, `webSessions`, `enrollments`, `webhookEndpoints` and `idempotencyKeys` (of 24 hours).',
  },
  ROLEBRIDGE_TRUSTED_PROXIES: {
    option: 'trustedProxies',
    schema: values.wholeNumber(0, 10),
    sentence:
      'How many proxies in front of the service write `X-Forwarded-For`; with `0` the header is ignored.',
    default: '0',
  },
  ROLEBRIDGE_AUDIT_RETENTION_DAYS: {
    option: 'auditRetentionDays',
    schema: values.wholeNumber(30, 36_500),
    sentence: 'Older audit records are deleted, every hour.',
    unset: 'all are kept',
  },
  ROLEBRIDGE_METRICS_PORT: {
    option: 'metricsListener.port',
    schema: values.wholeNumber(0, 65_535),
    sentence: 'A separate port for `/metrics`, without a token: for a network that only Prometheus reaches.',
    unset: 'no such port',
    opensGroup: true,
  },
  ROLEBRIDGE_METRICS_HOST: {
    option: 'metricsListener.host',
    schema: values.text,
    sentence: 'The address of that port.',
    default: '127.0.0.1',
  },
  ROLEBRIDGE_METRICS_TOKEN: {
    option: 'metricsTokenHash',
    schema: values.tokenHash,
    sentence: 'The bearer token of `GET /metrics` beside the API, at least 32 characters.',
    unset: 'the path does not exist',
    secret: true,
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    option: 'tracesEndpoint',
    schema: z.url('must be a URL'),
    sentence:
      "Where traces go. OpenTelemetry's packages must be installed beside the service (it names them); its other variables apply too.",
    unset: 'no traces',
  },
} as const satisfies Record<string, SettingRow>;

/** The settings by subject, in the order of docs/settings.md. */
export const settingGroups = [
  ['The service', serviceSettings],
  ['AWS', awsSettings],
  ['Connections', connectionSettings],
  ['Webhooks', webhookSettings],
  ['Limits, metrics and traces', operationsSettings],
] as const satisfies readonly (readonly [string, Readonly<Record<string, SettingRow>>])[];

/** Every setting of the service. `ROLEBRIDGE_URL` and `…_API_KEY` belong to the command line. */
export const settingTable = {
  ...serviceSettings,
  ...awsSettings,
  ...connectionSettings,
  ...webhookSettings,
  ...operationsSettings,
};

type Table = typeof settingTable;
type RowOf<Option extends string> = Extract<Table[keyof Table], { option: Option }>;
type ValueOf<Row extends SettingRow> = Row extends { default: string } | { required: true }
  ? z.output<Row['schema']>
  : z.output<Row['schema']> | undefined;
type GroupValueOf<Row extends SettingRow> = Row extends { opensGroup: true }
  ? z.output<Row['schema']>
  : ValueOf<Row>;
type Option = Table[keyof Table]['option'];
type Group = Option extends infer Name ? (Name extends `${infer Head}.${string}` ? Head : never) : never;
type Member<Name extends string> = Option extends infer Each
  ? Each extends `${Name}.${infer Rest}`
    ? Rest
    : never
  : never;

type OpensGroup<Name extends string> = Extract<
  Table[keyof Table],
  { option: `${Name}.${string}`; opensGroup: true }
>['opensGroup'];

/** The finished settings, by option. */
export type Settings = {
  readonly [Name in Exclude<Option, `${string}.${string}`>]: ValueOf<RowOf<Name>>;
} & {
  readonly [Name in Group]:
    | { readonly [Each in Member<Name>]: GroupValueOf<RowOf<`${Name}.${Each}`>> }
    | (true extends OpensGroup<Name> ? undefined : never);
};
export type { SettingRow };
