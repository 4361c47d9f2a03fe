import { z } from 'zod';
import {
  answeredRequestSchema,
  type IdempotencyRecord,
  idempotencyRecordSchema,
} from '../domain/answered-request.js';
import { apiKeySchema } from '../domain/api-key.js';
import {
  claimedRole,
  connectionSchema,
  externalIdsOf,
  isDeleted,
  permissionSetLabel,
  permissionSetOf,
} from '../domain/connection.js';
import type { DeepReadonly } from '../domain/deep-readonly.js';
import { connectionId, externalId, type OrganizationId, organizationId } from '../domain/ids.js';
import { jobKey, jobSchema, runningCheckSchema } from '../domain/job.js';
import { keysOf } from '../domain/keys-of.js';
import { isListed, organizationSchema } from '../domain/organization.js';
import { messageKey, outboxMessageSchema } from '../domain/outbox-message.js';
import { type Project, projectSchema } from '../domain/project.js';
import { scopeKey } from '../domain/scope.js';
import { type Token, tokenSchema } from '../domain/token.js';
import { isoTime } from '../domain/verification.js';
import { webhookEndpointSchema } from '../domain/webhook-endpoint.js';
import { reportSchema } from './reports.js';

const lease = { leaseExpiresAt: isoTime.optional() };

/** The schema of each noun. */
const schemas = {
  organizations: organizationSchema,
  apiKeys: apiKeySchema,
  connections: connectionSchema,
  reports: reportSchema,
  /** An external ID that its connection gave up or never used: it is never issued again. */
  retiredExternalIds: z.strictObject({ organizationId, externalId, connectionId }),
  idempotency: idempotencyRecordSchema,
  runningChecks: runningCheckSchema,
  projects: projectSchema,
  answeredRequests: answeredRequestSchema,
  jobs: jobSchema.extend(lease),
  messages: outboxMessageSchema.extend(lease),
  tokens: tokenSchema,
  webhookEndpoints: webhookEndpointSchema,
};

/** The row type of each table. */
export type Values = {
  readonly [Name in keyof typeof schemas]: DeepReadonly<z.infer<(typeof schemas)[Name]>>;
};
export type TableName = keyof Values;

/** Unique values. `scope` is unique within an organization, the others across all organizations. */
export const constraints = {
  role: 'everywhere',
  externalId: 'everywhere',
  reference: 'everywhere',
  scope: 'organization',
} as const;
export type Constraint = keyof typeof constraints;

/** The space in which a value is unique. */
export const spaceOf = (constraint: Constraint, organizationId: string): string =>
  constraints[constraint] === 'everywhere' ? constraint : `${constraint} ${organizationId}`;

/** The storage of a noun. Each backend derives its indexes from it. */
export interface Table<Value> {
  /** Unique across all organizations. */
  readonly key: (value: Value) => string;
  readonly organizationId: (value: Value) => OrganizationId;
  /** Columns for filters and sorting. */
  readonly columns: { readonly [name: string]: (value: Value) => string | undefined };
  /** Columns with few values: the rows of each combination are counted as they change. */
  readonly counted?: readonly string[];
  /**
   * The lists of rows, each sorted by this column and then by key, or (`null`) by key alone. A row without a value in the
   * column is not in the list. The first list has all rows.
   */
  readonly orders: { readonly [name: string]: string | null };
  readonly unique?: { readonly [Name in Constraint]?: (value: Value) => readonly string[] };
  /** Large and rarely read: a backend with rows in memory leaves these on disk. They have no columns and no unique values. */
  readonly staysOnDisk?: true;
}

/** A time in the form that sorts as text. */
const time = (text: string): string => (sortedTime.test(text) ? text : new Date(text).toISOString());
const sortedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const freeAt = ({ leaseExpiresAt, dueAt }: Values['jobs'] | Values['messages']) =>
  time(leaseExpiresAt ?? dueAt);

/** A sort key that decreases with time: lists are ascending. */
export const newestFirst = (createdAt: string): string =>
  String(9_999_999_999_999 - Date.parse(createdAt)).padStart(13, '0');

export const tokenKey = ({ kind, hash }: Pick<Token, 'kind' | 'hash'>): string => `${kind} ${hash}`;
export const idempotencyKey = (record: Pick<IdempotencyRecord, 'connectionId' | 'webhookId'>): string =>
  `${record.connectionId} ${record.webhookId}`;

export const projectKey = ({ organizationId, id }: Pick<Project, 'organizationId' | 'id'>): string =>
  `${organizationId} ${id}`;

/** A name in the form that searches compare. PostgreSQL's text has no NUL. */
export const searchable = (name: string): string => name.normalize('NFKC').toLowerCase().replaceAll('\0', '');

/** A row of an organization that is read by its key alone. */
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

/**
 * Every noun. To store another one, add its schema above and its row here; to query by another member, add a column.
 * A new table or column also needs a migration in `postgres/migrations.ts`, and nothing else.
 */
const definitions = {
  organizations: {
    key: ({ id }) => id,
    organizationId: ({ id }) => id,
    columns: {
      searchName: ({ name }) => searchable(name),
      listed: (organization) => (isListed(organization) ? 'yes' : 'no'),
    },
    orders: { id: null },
    unique: { reference: ({ reference }) => (reference === undefined ? [] : [reference]) },
  },
  apiKeys: { ...byCreation, key: ({ id }) => id },
  connections: {
    ...owned,
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
  reports: { ...owned, key: ({ connectionId }) => connectionId, staysOnDisk: true },
  retiredExternalIds: {
    ...owned,
    key: ({ externalId }) => externalId,
    unique: { externalId: ({ externalId }) => [externalId] },
  },
  idempotency: {
    ...owned,
    key: idempotencyKey,
    columns: { firstAttemptAt: ({ firstAttemptAt }) => time(firstAttemptAt) },
    orders: { age: 'firstAttemptAt' },
  },
  runningChecks: { ...owned, key: ({ connectionId }) => connectionId },
  projects: { ...owned, key: projectKey },
  answeredRequests: {
    ...owned,
    key: ({ id }) => id,
    columns: { startedAt: ({ startedAt }) => time(startedAt) },
    orders: { age: 'startedAt' },
  },
  jobs: { ...owned, key: jobKey, columns: { freeAt }, orders: { due: 'freeAt' } },
  messages: {
    ...owned,
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
    key: tokenKey,
    columns: { kind: ({ kind }) => kind, expiresAt: ({ expiresAt }) => time(expiresAt) },
    orders: { expiry: 'expiresAt' },
  },
  webhookEndpoints: { ...byCreation, key: ({ id }) => id },
} as const satisfies { readonly [Name in TableName]: Table<Values[Name]> };

export const tables: { readonly [Name in TableName]: Table<Values[Name]> } = definitions;
export const tableNames: readonly TableName[] = keysOf(tables);
export const staysOnDisk = (name: TableName): boolean => tables[name].staysOnDisk ?? false;
export type ColumnOf<Name extends TableName> = keyof (typeof definitions)[Name]['columns'] & string;
export type OrderOf<Name extends TableName> = keyof (typeof definitions)[Name]['orders'] & string;

/** The store's own copy of a value, validated so that it can be read again. */
export const validatedCopy = <Name extends TableName>(name: Name, value: Values[Name]): Values[Name] =>
  checkedValue(name, JSON.parse(JSON.stringify(value)));

/** @throws Error with a message for the operator that quotes nothing of the value */
export function checkedValue<Name extends TableName>(name: Name, value: unknown): Values[Name] {
  const checked = schemas[name].safeParse(value);
  if (checked.success) return value as Values[Name];
  const [issue] = checked.error.issues;
  throw new Error(`a row of ${name} is invalid at ${issue?.path.join('.') || 'its top'}: ${issue?.message}`);
}

export interface Claim {
  readonly constraint: Constraint;
  readonly value: string;
}

/** The unique values of a row. */
export function claimsOf<Name extends TableName>(name: Name, value: Values[Name]): Claim[] {
  const { unique = {} } = tables[name];
  return keysOf(unique).flatMap((constraint) =>
    [...new Set(unique[constraint]?.(value))].map((each) => ({ constraint, value: each })),
  );
}
