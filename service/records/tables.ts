import { z } from 'zod';
import { type AnsweredRequest, answeredRequestSchema } from '../domain/answered-request.js';
import { type ApiKey, apiKeySchema } from '../domain/api-key.js';
import {
  type Connection,
  claimedRole,
  connectionSchema,
  externalIdsOf,
  isDeleted,
  permissionSetLabel,
  permissionSetOf,
} from '../domain/connection.js';
import type { ExternalId, OrganizationId } from '../domain/ids.js';
import { jobSchema, runningCheckSchema } from '../domain/job.js';
import { keysOf } from '../domain/keys-of.js';
import { isListed, type Organization, organizationSchema } from '../domain/organization.js';
import { outboxMessageSchema } from '../domain/outbox-message.js';
import type { IdempotencyRecord, Job, OutboxMessage, RunningCheck, Token } from '../domain/ports.js';
import { type Project, projectSchema } from '../domain/project.js';
import { scopeKey } from '../domain/scope.js';
import { tokenSchema } from '../domain/token.js';
import { isoTime } from '../domain/verification.js';
import { type WebhookEndpoint, webhookEndpointSchema } from '../domain/webhook-endpoint.js';
import { type StoredReport, storedReport } from './reports.js';

/** An external ID that its connection had before, or was to have: it is never issued again. */
export interface RetiredExternalId {
  readonly organizationId: OrganizationId;
  readonly externalId: ExternalId;
  readonly connectionId: string;
}
/** The answer is kept as text, so that it is given again to the letter. */
export type StoredIdempotencyRecord = Omit<IdempotencyRecord, 'answer'> & {
  readonly organizationId: OrganizationId;
  readonly answer?: { readonly status: number; readonly body: string } | undefined;
};
type Leased = { readonly leaseExpiresAt?: string | undefined };
export type StoredJob = Job & Leased;
export type StoredMessage = OutboxMessage & Leased;

/** The row type of each table. */
export interface Values {
  readonly organizations: Organization;
  readonly apiKeys: ApiKey;
  readonly connections: Connection;
  readonly reports: StoredReport;
  readonly retiredExternalIds: RetiredExternalId;
  readonly idempotency: StoredIdempotencyRecord;
  readonly runningChecks: RunningCheck;
  readonly projects: Project;
  readonly answeredRequests: AnsweredRequest;
  readonly jobs: StoredJob;
  readonly messages: StoredMessage;
  readonly tokens: Token;
  readonly webhookEndpoints: WebhookEndpoint;
}
export type TableName = keyof Values;

/** Values that two rows can't both hold. `scope` is unique within an organization, the others over all of them. */
export const constraints = {
  role: 'everywhere',
  externalId: 'everywhere',
  reference: 'everywhere',
  scope: 'organization',
} as const;
export type Constraint = keyof typeof constraints;

/** Two rows can't hold the same value of one space. */
export const spaceOf = (constraint: Constraint, organizationId: string): string =>
  constraints[constraint] === 'everywhere' ? constraint : `${constraint} ${organizationId}`;

/** How the rows of a noun are kept. Backends derive from it. */
export interface Table<Value> {
  /** Every value passes it before it is written and after it is read. */
  readonly schema: z.ZodType;
  /** Unique over all organizations. */
  readonly key: (value: Value) => string;
  readonly organizationId: (value: Value) => OrganizationId;
  /** Columns for filters and sorting. */
  readonly columns: { readonly [name: string]: (value: Value) => string | undefined };
  /** Columns of few values: how many rows have each combination is known without a look at the rows. */
  readonly counted?: readonly string[];
  /**
   * The lists that rows stand in: sorted by this column and then by key. `null`: by key alone. A row without a value in the
   * column is not in the list; all are in the first one.
   */
  readonly orders: { readonly [name: string]: string | null };
  readonly unique?: { readonly [Name in Constraint]?: (value: Value) => readonly string[] };
  /** Large and seldom asked for: a backend with rows in memory leaves these on the disk. They have no columns and claim nothing. */
  readonly staysOnDisk?: true;
}

/** Times are compared as text. */
const time = (text: string): string => (sortedTime.test(text) ? text : new Date(text).toISOString());
const sortedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const freeAt = ({ leaseExpiresAt, dueAt }: Leased & { readonly dueAt: string }) =>
  time(leaseExpiresAt ?? dueAt);

/** Lists are ascending: the later, the smaller. */
export const newestFirst = (createdAt: string): string =>
  String(9_999_999_999_999 - Date.parse(createdAt)).padStart(13, '0');

export const jobKey = ({
  connectionId,
  purpose,
  role,
}: Pick<Job, 'connectionId' | 'purpose' | 'role'>): string =>
  [connectionId, purpose, ...(role ? [role.arn] : [])].join(' ');
export const messageKey = ({ id, endpoint }: Pick<OutboxMessage, 'id' | 'endpoint'>): string =>
  `${id} ${endpoint}`;
export const tokenKey = ({ kind, hash }: Pick<Token, 'kind' | 'hash'>): string => `${kind} ${hash}`;
export const idempotencyKey = (record: Pick<IdempotencyRecord, 'connectionId' | 'webhookId'>): string =>
  `${record.connectionId} ${record.webhookId}`;

export const projectKey = ({ organizationId, id }: Pick<Project, 'organizationId' | 'id'>): string =>
  `${organizationId} ${id}`;

/** A name as it is searched for. PostgreSQL's text has no NUL. */
export const searchable = (name: string): string => name.normalize('NFKC').toLowerCase().replaceAll('\0', '');

/** Of an organization, and asked for by its key alone. */
const owned = {
  organizationId: ({ organizationId }: { readonly organizationId: OrganizationId }) => organizationId,
  columns: {},
  orders: { id: null },
} as const;
const byCreation = {
  ...owned,
  columns: { createdAt: ({ createdAt }: { readonly createdAt: string }) => time(createdAt) },
  orders: { created: 'createdAt' },
} as const;

// Objects are loose: a member that this version does not know is kept, not dropped at the next write.
const name = z.string().min(1);
const leased = { leaseExpiresAt: isoTime.optional() };

/**
 * Every noun. To keep another one: its value in `Values`, its schema, its row here; to ask by another member: a column.
 * A new column or table is a new migration in `postgres/migrations.ts`, and nothing else.
 */
const definitions = {
  organizations: {
    schema: organizationSchema,
    key: ({ id }) => id,
    organizationId: ({ id }) => id,
    columns: {
      searchName: ({ name }) => searchable(name),
      listed: (organization) => (isListed(organization) ? 'yes' : 'no'),
    },
    orders: { id: null },
    unique: { reference: ({ reference }) => (reference === undefined ? [] : [reference]) },
  },
  apiKeys: { ...byCreation, schema: apiKeySchema, key: ({ id }) => id },
  connections: {
    ...owned,
    schema: connectionSchema,
    key: ({ id }) => id,
    columns: {
      createdAt: ({ createdAt }) => time(createdAt),
      checkedAt: (connection) =>
        'verification' in connection && connection.verification
          ? time(connection.verification.finishedAt)
          : undefined,
      searchName: ({ name }) => searchable(name),
      status: ({ status }) => status,
      deleted: (connection) => (isDeleted(connection) ? 'yes' : 'no'),
      accountId: (connection) =>
        'accountId' in connection ? connection.accountId : connection.expectedAccountId,
      code: (connection) =>
        'verification' in connection && connection.verification.result === 'failed'
          ? connection.verification.code
          : undefined,
      reference: ({ reference }) => reference,
      assurance: (connection) => ('assurance' in connection ? connection.assurance : undefined),
      permissions: (connection) => ('permissions' in connection ? connection.permissions : undefined),
      permissionSet: (connection) => permissionSetOf(connection)?.name,
      permissionSetVersion: (connection) => {
        const set = permissionSetOf(connection);
        return set && permissionSetLabel(set);
      },
    },
    counted: ['deleted', 'status', 'assurance', 'code', 'permissionSetVersion', 'permissions'],
    orders: { created: 'createdAt', checked: 'checkedAt' },
    unique: {
      // A role that was never verified claims nothing, else anyone could squat on one.
      role: (connection) => [claimedRole(connection)].filter((role) => role !== undefined),
      externalId: externalIdsOf,
      scope: (connection) => (isDeleted(connection) ? [] : connection.scopes.map(scopeKey)),
    },
  },
  reports: {
    ...owned,
    schema: storedReport,
    key: ({ connectionId }) => connectionId,
    staysOnDisk: true,
  },
  retiredExternalIds: {
    ...owned,
    schema: z.looseObject({ organizationId: name, externalId: name, connectionId: name }),
    key: ({ externalId }) => externalId,
    unique: { externalId: ({ externalId }) => [externalId] },
  },
  idempotency: {
    ...owned,
    schema: z.looseObject({
      organizationId: name,
      connectionId: name,
      webhookId: name,
      firstAttemptAt: isoTime,
      answer: z.looseObject({ status: z.int(), body: z.string() }).optional(),
    }),
    key: idempotencyKey,
    columns: { firstAttemptAt: ({ firstAttemptAt }) => time(firstAttemptAt) },
    orders: { age: 'firstAttemptAt' },
  },
  runningChecks: { ...owned, schema: runningCheckSchema, key: ({ connectionId }) => connectionId },
  projects: { ...owned, schema: projectSchema, key: projectKey },
  answeredRequests: {
    ...owned,
    schema: answeredRequestSchema,
    key: ({ id }) => id,
    columns: { startedAt: ({ startedAt }) => time(startedAt) },
    orders: { age: 'startedAt' },
  },
  jobs: {
    ...owned,
    schema: jobSchema.extend(leased),
    key: jobKey,
    columns: { freeAt },
    orders: { due: 'freeAt' },
  },
  messages: {
    ...owned,
    schema: outboxMessageSchema.extend(leased),
    key: messageKey,
    columns: {
      freeAt: (message) => (message.finished ? undefined : freeAt(message)),
      createdAt: ({ createdAt }) => time(createdAt),
      newestFirst: ({ createdAt }) => newestFirst(createdAt),
      endpoint: ({ endpoint }) => endpoint,
      connectionId: ({ connectionId }) => connectionId,
      status: ({ finished }) => finished?.outcome ?? 'pending',
      isFinished: ({ finished }) => (finished ? 'yes' : 'no'),
    },
    orders: { created: 'createdAt', due: 'freeAt', newest: 'newestFirst' },
  },
  tokens: {
    ...owned,
    schema: tokenSchema,
    key: tokenKey,
    columns: { kind: ({ kind }) => kind, expiresAt: ({ expiresAt }) => time(expiresAt) },
    orders: { expiry: 'expiresAt' },
  },
  webhookEndpoints: { ...byCreation, schema: webhookEndpointSchema, key: ({ id }) => id },
} as const satisfies { readonly [Name in TableName]: Table<Values[Name]> };

export const tables: { readonly [Name in TableName]: Table<Values[Name]> } = definitions;
export const tableNames: readonly TableName[] = keysOf(tables);
export const staysOnDisk = (name: TableName): boolean => tables[name].staysOnDisk ?? false;
export type ColumnOf<Name extends TableName> = keyof (typeof definitions)[Name]['columns'] & string;
export type OrderOf<Name extends TableName> = keyof (typeof definitions)[Name]['orders'] & string;

/** The store's own copy of a value, validated so that it can be read again. */
export function ownCopy<Name extends TableName>(name: Name, value: Values[Name]): Values[Name] {
  const copy: Values[Name] = JSON.parse(JSON.stringify(value));
  const checked = tables[name].schema.safeParse(copy);
  if (!checked.success) throw new TypeError(`Not valid in ${name}: ${z.prettifyError(checked.error)}`);
  return copy;
}

/** @throws Error with a message for the operator that quotes nothing of the value */
export function checkedValue<Name extends TableName>(name: Name, value: unknown): Values[Name] {
  const checked = tables[name].schema.safeParse(value);
  if (checked.success) return value as Values[Name];
  const [issue] = checked.error.issues;
  throw new Error(`a row of ${name} is damaged at ${issue?.path.join('.') || 'its top'}: ${issue?.message}`);
}

export interface Claim {
  readonly constraint: Constraint;
  readonly value: string;
}

/** The values that a row holds and no other may. */
export function claimsOf<Name extends TableName>(name: Name, value: Values[Name]): Claim[] {
  const { unique = {} } = tables[name];
  return keysOf(unique).flatMap((constraint) =>
    [...new Set(unique[constraint]?.(value))].map((each) => ({ constraint, value: each })),
  );
}
