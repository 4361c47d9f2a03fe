import type { AnsweredRequest, IdempotencyRecord } from './answered-request.js';
import type { ApiKey } from './api-key.js';
import type { AuditIntent, AuditRecord } from './audit.js';
import type { Connection } from './connection.js';
import type { ReplaceScopes } from './connection-scopes.js';
import type { ApiKeyId, AuditId, ConnectionId, OrganizationId } from './ids.js';
import type { Job, RunningCheck } from './job.js';
import type { Organization } from './organization.js';
import type { OutboxMessage } from './outbox-message.js';
import type { Project } from './project.js';
import type { JobQueue, Outbox, WebhookEndpoints } from './queues.js';
import type { Quota, QuotaName } from './quotas.js';
import type { RoleArn } from './role-arn.js';
import type { Token } from './token.js';

export type { IdempotencyRecord } from './answered-request.js';
export type { Job, RunningCheck } from './job.js';
export type { DeliveryAttempt, NextDelivery, OutboxMessage } from './outbox-message.js';
export * from './queues.js';
export type * from './sts.js';
export type { Token } from './token.js';

/** Milliseconds since the epoch, and a wait that tests can shorten. */
export interface Clock {
  now(): number;
  /** Milliseconds since an arbitrary time; corrections of the time of day don't change it. @default now */
  monotonic?(): number;
  /** Resolves early, without an error, when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const monotonicMs = (clock: Clock): number => clock.monotonic?.() ?? clock.now();

/** One atomic change of one organization: all of it is stored, or nothing. */
export interface Change {
  /** `ifVersion` null inserts. Otherwise it must be the stored version (`connection_changed`). */
  readonly connection?: {
    readonly next: Connection;
    readonly ifVersion: number | null;
    readonly intent: AuditIntent;
  };
  /** Takes scopes from the connections that hold them, where `mayTakeScopes` allows it, instead of `scope_taken`. */
  readonly replaceScopes?: ReplaceScopes;
  readonly idempotency?: IdempotencyRecord;
  /** Quotas that a new connection counts against. */
  readonly quotas?: readonly Quota[];
  /** Jobs of the connection; each replaces the one with the same purpose and role. */
  readonly jobs?: readonly Job[];
  /** Canceled jobs. */
  readonly endJobs?: readonly Pick<Job, 'organizationId' | 'connectionId' | 'purpose'>[];
  /** Messages to the vendor's endpoints. */
  readonly messages?: readonly OutboxMessage[];
  readonly audit?: readonly AuditRecord[];
}

/** Records of everything that changes or reads credentials. A record is never changed, and deleted only by age. */
export interface AuditLog {
  /** Appends all of the records of an organization or none. @throws RolebridgeError `store_unavailable` */
  appendAudit(records: readonly AuditRecord[]): Promise<void>;
  /** A page of records, newest first, of one organization or (undefined) of all. `before` is the last id of the previous page. */
  auditRecords(
    organizationId: OrganizationId | undefined,
    page: AuditPage,
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }>;
  /** Signs checkpoints of the records from before that time, unless each record is chained. @returns the number of checkpoints */
  signAudit(before: string): Promise<number>;
  /** Mismatches with the checkpoints, as sentences for the operator. */
  auditFaults(): Promise<string[]>;
  /**
   * Deletes records that are older than `keptSince`. A store may keep those that share a file with newer records.
   * @returns the number of deleted records
   * @throws RolebridgeError `store_unavailable`
   */
  deleteAuditBefore(keptSince: string): Promise<number>;
}

export interface AuditPage {
  readonly limit: number;
  readonly before?: AuditId | undefined;
  readonly connectionId?: ConnectionId | undefined;
}

/** The result of {@link Store.renewIntegrityKey}. */
export interface IntegrityKeyRenewal {
  /** The id of the signing key. */
  readonly keyId: string;
  /** The number of documents or rows that were signed again. */
  readonly signedAgain: number;
}

export interface Tokens {
  /** Inserts the token or replaces the one with the same kind and hash, and deletes `former`. */
  saveToken(token: Token, quotas?: readonly Quota[], former?: readonly Token[]): Promise<void>;
  /** Expired tokens are included: the caller compares the time. */
  token(kind: Token['kind'], hash: string): Promise<Token | undefined>;
  /** Expired tokens that are not deleted yet are included, in no order. */
  tokensOf(organizationId: OrganizationId, kind: Token['kind']): Promise<Token[]>;
  /** Consumes the token: one of many concurrent callers gets it. */
  takeToken(kind: Token['kind'], hash: string): Promise<Token | undefined>;
  /** Replaces this version of a token (same kind, hash and organization). @returns false when it has changed or is deleted */
  replaceToken(before: Token, next: Token): Promise<boolean>;
  deleteExpiredTokens(now: string): Promise<void>;
}

/** Filters of organizations; case-insensitive. */
export interface OrganizationFilter {
  /** A part of the name. */
  readonly search?: string | undefined;
  /** The whole name. */
  readonly name?: string | undefined;
}

/** A page of the operator's list of organizations, by id. */
export interface OrganizationPage extends OrganizationFilter {
  readonly limit: number;
  readonly after?: OrganizationId | undefined;
  readonly before?: OrganizationId | undefined;
}

/** A page of connections, by creation time and id, or (`checked`) by the time of the last check. */
export interface ConnectionPage extends ConnectionFilter {
  readonly limit: number;
  /** The last connection of the previous page. */
  readonly after?: ConnectionId | undefined;
  /** The first connection of the next page. With it, `hasMore` means that earlier connections exist. */
  readonly before?: ConnectionId | undefined;
  /** @default created */
  readonly order?: 'created' | 'checked' | undefined;
  /** A part of the name; case-insensitive. */
  readonly search?: string | undefined;
  /** Leaves checks and probes out, which are not read then. */
  readonly withoutReports?: boolean | undefined;
}

/** Filters of connections; omitted members match any. */
export interface ConnectionFilter {
  readonly status?: Connection['status'] | undefined;
  /** The error code of a failed last verification. */
  readonly code?: string | undefined;
  /** The account of the role or key, or the expected one. */
  readonly accountId?: string | undefined;
  readonly assurance?: string | undefined;
  readonly reference?: string | undefined;
  /** The key of a scope: matches connections with this scope or a narrower one. Requires an organization. */
  readonly scope?: string | undefined;
  /** Name, or name and version: `deploy`, `deploy@3`. */
  readonly permissionSet?: string | undefined;
  readonly permissions?: string | undefined;
}

/** A connection without checks and probes, and the key of one of its scopes. */
export interface ScopeHolder {
  readonly key: string;
  readonly connection: Connection;
}

/** Counts of connections that are not deleted, of all organizations. */
export interface ConnectionTotals {
  readonly status: Record<Connection['status'], number>;
  /** Connected ones. */
  readonly assurance: Record<'proven' | 'tested', number>;
  /** Failed ones. */
  readonly code: ReadonlyMap<string, number>;
  /** Connections in all states, by name and version: `deploy@3`. */
  readonly permissionSets: ReadonlyMap<string, number>;
  /** Connected roles with a permission set. */
  readonly permissions: ReadonlyMap<string, number>;
}

/**
 * The port to everything that is stored. Each implementation passes `test/contract/store.ts`.
 * Once a promise is fulfilled, the change survives a crash and a loss of power.
 */
export interface Store extends AuditLog, JobQueue, Outbox, Tokens, WebhookEndpoints {
  /** Creates an organization, and its first key if there is one. @throws RolebridgeError `reference_taken` */
  createOrganization(organization: Organization, key?: ApiKey): Promise<void>;
  /** Erased organizations are included. */
  organization(id: OrganizationId): Promise<Organization | undefined>;
  /** Reads all of them in one query. */
  organizationsById(ids: readonly OrganizationId[]): Promise<Map<OrganizationId, Organization>>;
  organizationByReference(reference: string): Promise<Organization | undefined>;
  /** Erased organizations are left out. */
  organizations(page: OrganizationPage): Promise<{ organizations: Organization[]; hasMore: boolean }>;
  /**
   * Replaces the stored organization.
   * @returns the changed organization, or undefined when it doesn't exist
   * @throws RolebridgeError `reference_taken`
   */
  changeOrganization(
    id: OrganizationId,
    change: (stored: Organization) => Organization,
  ): Promise<Organization | undefined>;
  /** Deletes the organization's rows. Deleted connections and retired external IDs stay, and of the organization its id and times. */
  eraseOrganization(id: OrganizationId, erasedAt: string): Promise<void>;
  /** @throws RolebridgeError `unauthorized` when its parent is revoked */
  createApiKey(key: ApiKey, quotas?: readonly Quota[]): Promise<void>;
  /** Deletes revoked and expired keys, whose children have ended, too. */
  deleteEndedApiKeys(organizationId: OrganizationId, now: string): Promise<void>;
  /** The used amount of each quota. */
  usage(organizationId: OrganizationId, names: readonly QuotaName[]): Promise<ReadonlyMap<QuotaName, number>>;
  /** Declared projects, by id. */
  projects(organizationId: OrganizationId): Promise<Project[]>;
  /** Inserts the project or replaces the one with the same id. */
  saveProject(project: Project, quotas?: readonly Quota[]): Promise<void>;
  deleteProject(organizationId: OrganizationId, id: string): Promise<void>;
  /** Revoked keys are included. */
  apiKey(id: ApiKeyId): Promise<ApiKey | undefined>;
  /** Revoked keys are included; oldest first. */
  apiKeys(organizationId: OrganizationId): Promise<ApiKey[]>;
  /** Revokes the key and every key created with it. @returns the revoked key, or undefined when the organization has no such key */
  revokeApiKey(organizationId: OrganizationId, id: ApiKeyId, revokedAt: string): Promise<ApiKey | undefined>;
  /** A crash may lose the mark. */
  markApiKeyUsed(key: ApiKey, lastUsedAt: string): Promise<void>;
  /** A connection of this organization that is not deleted. */
  connection(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  /** A connection of any organization, deleted ones included: a callback is authenticated by the connection's secret. */
  connectionForCallback(id: ConnectionId): Promise<Connection | undefined>;
  /** A crash may lose the mark. It makes no new version. */
  markConnectionUsed(
    connection: Pick<Connection, 'id' | 'organizationId'>,
    lastUsedAt: string,
  ): Promise<void>;
  /** Connections that are not deleted, of one organization or (undefined) of all. */
  connections(
    organizationId: OrganizationId | undefined,
    page: ConnectionPage,
  ): Promise<{ connections: Connection[]; hasMore: boolean }>;
  /** The connection of any organization that has this role. */
  roleHolder(role: RoleArn): Promise<Connection | undefined>;
  /** The holders of these scope keys, in the order of the keys; keys without a holder are left out. */
  scopeHolders(organizationId: OrganizationId, keys: readonly string[]): Promise<ScopeHolder[]>;
  /** The first holders of this scope and narrower ones, in byte order of their keys. */
  scopeHoldersWithin(organizationId: OrganizationId, key: string, limit: number): Promise<ScopeHolder[]>;
  /** All connections without checks and probes, deleted ones included, in no order. One that is created meanwhile may be missing. */
  everyConnection(): AsyncIterable<Connection>;
  /**
   * Connected and failed connections of all organizations without a re-verification job, or with one that can't be leased
   * until after `latest`; in no order. One that changes meanwhile may be missing.
   */
  connectionsWithoutJob(latest: string): AsyncIterable<Connection>;
  connectionTotals(): Promise<ConnectionTotals>;
  /**
   * Fails with `connection_changed` when another attempt has answered the event; an idempotency record without an answer
   * never overwrites one. When a connection's access key is removed or encrypted again, no copy of the former one stays.
   *
   * @throws RolebridgeError `connection_changed`, `scope_taken` (members `holders`: connection id, name and scope),
   *   `role_already_connected` (names no connection), `store_unavailable`
   */
  commit(change: Change): Promise<void>;
  /** Replaces the connection's previous check. A crash, which ends the check, may lose it. */
  saveRunningCheck(check: RunningCheck): Promise<void>;
  runningCheck(organizationId: OrganizationId, connectionId: ConnectionId): Promise<RunningCheck | undefined>;
  /** The record of an event that was first attempted within the last day. */
  idempotencyRecord(
    connectionId: ConnectionId,
    webhookId: string,
    now: string,
  ): Promise<IdempotencyRecord | undefined>;
  /**
   * Acquires an `Idempotency-Key` for 24 hours. `replaces` is the request id of a lost attempt, whose place this one takes.
   * @returns the record of another attempt, or undefined when the caller acquired the key
   */
  acquireRequest(
    mine: AnsweredRequest,
    replaces: string | undefined,
    quotas?: readonly Quota[],
  ): Promise<AnsweredRequest | undefined>;
  finishRequest(mine: AnsweredRequest): Promise<void>;
  /** Frees the key. */
  releaseRequest(mine: AnsweredRequest): Promise<void>;
  /** Signs stored data with a new key after a change of the service key, and retires the former key. */
  renewIntegrityKey(): Promise<IntegrityKeyRenewal>;
  /** @throws RolebridgeError `store_unavailable` when a write would fail now */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Encrypts the secrets that the service creates. `context` binds an encrypted text to the place where it is stored. */
export interface Encryption {
  /** The id of the encryption key. */
  readonly keyId: string;
  /** The id of the key that encrypted a text. */
  keyIdOf(encrypted: string): string;
  encrypt(plaintext: string, context: string): string;
  /** @throws when the key is missing, the text was changed, or it was encrypted for another context */
  open(encrypted: string, context: string): string;
  /** Encryption under a separate key (base64, 32 bytes): texts become unreadable when that key is destroyed. */
  under(key: string): Pick<Encryption, 'encrypt' | 'open'>;
}
