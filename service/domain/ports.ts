import type { AccessKey } from './access-key.js';
import type { AnsweredRequest } from './answered-request.js';
import type { ApiKey } from './api-key.js';
import type { AuditIntent, AuditRecord } from './audit.js';
import type { SignedIdentityRequest } from './caller-proof.js';
import type { Connection } from './connection.js';
import type { ReplaceScopes } from './connection-scopes.js';
import type { ApiKeyId, AuditId, ConnectionId, OrganizationId } from './ids.js';
import type { Job, RunningCheck } from './job.js';
import type { Organization } from './organization.js';
import type { NextDelivery, OutboxMessage } from './outbox-message.js';
import type { Project } from './project.js';
import type { Quota, QuotaName } from './quotas.js';
import type { Partition, RoleArn } from './role-arn.js';
import type { Token } from './token.js';
import type { SimulatedDecision, Simulation } from './verification/judge-permissions.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

export type { Job, RunningCheck } from './job.js';
export type { DeliveryAttempt, NextDelivery, OutboxMessage } from './outbox-message.js';
export type { Token } from './token.js';

/** Milliseconds since the epoch, and a wait that tests can shorten. */
export interface Clock {
  now(): number;
  /** Milliseconds since any moment, at a pace that no correction of the time of day changes. @default now */
  monotonic?(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * The answer to a callback, so that the same `webhook-id` gets the same answer again. It is stored in the commit
 * that decides the event and holds no lease, so that a crash leaves nothing to wait for.
 */
export interface IdempotencyRecord {
  readonly connectionId: ConnectionId;
  readonly webhookId: string;
  /** SHA-256 of the body, hexadecimal: the same id with another body is another event. */
  readonly requestHash?: string | undefined;
  /** Of the first attempt: the propagation window counts from here, also over retries. */
  readonly firstAttemptAt: string;
  /** Absent when an attempt ended without a verdict. */
  readonly answer?: { readonly status: number; readonly body: unknown } | undefined;
}

/** One atomic change: all of it is stored, or nothing. */
export interface Change {
  /** `ifVersion` null inserts; otherwise the stored version must be that one (`connection_changed`). */
  readonly connection?: {
    readonly next: Connection;
    readonly ifVersion: number | null;
    readonly intent: AuditIntent;
  };
  /**
   * Takes the scopes from the connections that hold them, where `mayTakeScopes` says so, instead of `scope_taken`.
   */
  readonly replaceScopes?: ReplaceScopes;
  readonly idempotency?: IdempotencyRecord;
  /** For a connection that is new. */
  readonly quotas?: readonly Quota[];
  /** Jobs of the connection; each replaces the one with the same purpose and role. */
  readonly jobs?: readonly Job[];
  /** Canceled jobs. */
  readonly endJobs?: readonly Pick<Job, 'connectionId' | 'purpose'>[];
  /** Messages to the vendor's endpoints. */
  readonly messages?: readonly OutboxMessage[];
  /** Its audit record, stored atomically with the change. */
  readonly audit?: readonly AuditRecord[];
}

/** Written before and after whatever changes or reads credentials; nothing is ever changed, and taken out only by age. */
export interface AuditLog {
  /** All of them or none. @throws RolebridgeError `store_unavailable` */
  appendAudit(records: readonly AuditRecord[]): Promise<void>;
  /** The newest first; `before` is the last id of the page before. */
  auditRecords(
    /** Undefined: of all, for the operator. */
    organizationId: OrganizationId | undefined,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }>;
  /**
   * Signs how many records there are and which, from before that time, where the log is not a chain of lines.
   * @returns how many checkpoints
   */
  signAudit(before: string): Promise<number>;
  /** Mismatches with those checkpoints, in sentences for an operator. */
  auditFaults(): Promise<string[]>;
  /**
   * Takes out old records of all organizations: those from `keptSince` on stay, and of the older ones those that share
   * a file with them, for a quarter of the time until `now` at most, while their file is written to.
   * @returns how many went
   * @throws RolebridgeError `store_unavailable`
   */
  deleteAuditBefore(keptSince: string, now: string): Promise<number>;
}

/** Results of signing stored records again. */
export interface IntegrityKeyRenewal {
  /** Of the key that signs now. */
  readonly keyId: string;
  /** Documents of organizations, or rows. */
  readonly signedAgain: number;
}

export interface JobQueue {
  /** Those that are due, the longest due first; no other caller gets them before `leaseUntil`, unless they are finished. */
  leaseJobs(request: { now: string; leaseUntil: string; limit: number }): Promise<Job[]>;
  /** Due again at another time, or (undefined) never. One that was replaced or ended meanwhile is left alone. */
  completeJob(leased: Job, next: { dueAt: string; attempts: number } | undefined): Promise<void>;
  /** Proofs that access has ended, put off past `latest`, are due now: the clock was ahead. */
  hastenProofs(latest: string, now: string): Promise<void>;
  /** When the next one is due. */
  nextJobAt(): Promise<string | undefined>;
}

/** Which deliveries of one endpoint; the newest first. */
export interface DeliveryPage {
  readonly endpoint: string;
  readonly limit: number;
  readonly status?: 'pending' | 'delivered' | 'failed' | undefined;
  /** Only those created then or later. */
  readonly since?: string | undefined;
  /** The last one of the page before, of any endpoint. */
  readonly after?: Pick<OutboxMessage, 'id' | 'endpoint'> | undefined;
}

export interface WebhookEndpoints {
  saveWebhookEndpoint(endpoint: WebhookEndpoint, quotas?: readonly Quota[]): Promise<void>;
  webhookEndpoint(id: string): Promise<WebhookEndpoint | undefined>;
  /** The oldest first. */
  webhookEndpoints(organizationId: OrganizationId): Promise<WebhookEndpoint[]>;
  /** Undefined when there is none. */
  changeWebhookEndpoint(
    endpoint: Pick<WebhookEndpoint, 'id' | 'organizationId'>,
    change: (stored: WebhookEndpoint) => WebhookEndpoint,
  ): Promise<WebhookEndpoint | undefined>;
  deleteWebhookEndpoint(endpoint: WebhookEndpoint): Promise<void>;
}

/** How long finished deliveries can be listed and replayed, and about how many of one organization. */
export const keptDeliveries = { days: 7, count: 500 } as const;
/** When the oldest of them was created. */
export const oldestDeliveryAt = (nowMs: number): string =>
  new Date(nowMs - keptDeliveries.days * 86_400_000).toISOString();

export interface Outbox {
  /** Like {@link JobQueue.leaseJobs}. */
  leaseMessages(request: { now: string; leaseUntil: string; limit: number }): Promise<OutboxMessage[]>;
  /** Tried again at another time, finished and kept for {@link keptDeliveries}, or (undefined) gone. */
  completeMessage(leased: OutboxMessage, next: NextDelivery | undefined): Promise<void>;
  /** Stores a message without a change. */
  addMessage(message: OutboxMessage): Promise<void>;
  deliveries(page: DeliveryPage): Promise<{ deliveries: OutboxMessage[]; hasMore: boolean }>;
  delivery(endpoint: string, id: string): Promise<OutboxMessage | undefined>;
  /** Due again as if never tried; false when it is on its way already, or gone. */
  replayMessage(message: OutboxMessage, now: string): Promise<boolean>;
  /** The oldest one that is still to be delivered to the same endpoint about the same connection. */
  firstMessage(message: OutboxMessage): Promise<OutboxMessage | undefined>;
  /** Makes waiting messages of an endpoint, or of all, due now: it works again. */
  hastenMessages(endpoint: string | undefined, now: string): Promise<void>;
  nextMessageAt(): Promise<string | undefined>;
}

export interface Tokens {
  /** Replaces the one with the same kind and hash, and deletes `former`. */
  saveToken(token: Token, quotas?: readonly Quota[], former?: readonly Token[]): Promise<void>;
  /** Also when it has expired: the caller compares the time. */
  token(kind: Token['kind'], hash: string): Promise<Token | undefined>;
  /** All of one kind, in no order, also those that have expired and are not deleted yet. */
  tokensOf(organizationId: OrganizationId, kind: Token['kind']): Promise<Token[]>;
  /** Consumes the token: one of many concurrent callers gets it. */
  takeToken(kind: Token['kind'], hash: string): Promise<Token | undefined>;
  /** Replaces that version by the next one (same kind, hash and organization); false when it has changed or is deleted. */
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

/** Which connections a list has. */
export interface ConnectionPage extends ConnectionFilter {
  readonly limit: number;
  readonly after?: ConnectionId | undefined;
  /** The first of the page behind, instead: the ones in front of it. */
  readonly before?: ConnectionId | undefined;
  /** @default created */
  readonly order?: 'created' | 'checked' | undefined;
  /** A part of the name; case-insensitive. */
  readonly search?: string | undefined;
  /** A list that shows no checks and probes does not read them. */
  readonly withoutReports?: boolean | undefined;
}

/** Filters of connections; omitted members match any. */
export interface ConnectionFilter {
  readonly status?: Connection['status'] | undefined;
  /** Of the last verification that failed. */
  readonly code?: string | undefined;
  /** Of the role or key, or the expected one. */
  readonly accountId?: string | undefined;
  readonly assurance?: string | undefined;
  readonly reference?: string | undefined;
  /** Key of a scope: those that hold it or one within it. Of one organization only. */
  readonly scope?: string | undefined;
  /** Name, or name and version: `deploy`, `deploy@3`. */
  readonly permissionSet?: string | undefined;
  readonly permissions?: string | undefined;
}

/**
 * Where everything is kept. Each implementation passes `test/contract/store.ts`.
 * Once a promise is fulfilled, the change survives a crash and a loss of power.
 */
export interface Store extends AuditLog, JobQueue, Outbox, Tokens, WebhookEndpoints {
  /** With its first key, if it has one. @throws RolebridgeError `reference_taken` */
  createOrganization(organization: Organization, key?: ApiKey): Promise<void>;
  /** Erased ones too. */
  organization(id: OrganizationId): Promise<Organization | undefined>;
  /** In one question. */
  organizationsById(ids: readonly OrganizationId[]): Promise<Map<OrganizationId, Organization>>;
  organizationByReference(reference: string): Promise<Organization | undefined>;
  /** Of all, ordered by id: for the operator. Erased ones are left out. */
  organizations(
    page: {
      limit: number;
      after?: OrganizationId | undefined;
      before?: OrganizationId | undefined;
    } & OrganizationFilter,
  ): Promise<{ organizations: Organization[]; hasMore: boolean }>;
  /**
   * Puts the next state of the stored one in its place; undefined when there is none. With `erases`, no copy of an
   * earlier version stays.
   * @throws RolebridgeError `reference_taken`
   */
  changeOrganization(
    id: OrganizationId,
    change: (stored: Organization) => Organization,
    options?: { readonly erases?: boolean },
  ): Promise<Organization | undefined>;
  /** Deletes its rows, but for deleted connections and external IDs that are never issued again; of itself, its id and times stay. */
  eraseOrganization(id: OrganizationId, erasedAt: string): Promise<void>;
  /** @throws RolebridgeError `unauthorized` when its parent is revoked */
  createApiKey(key: ApiKey, quotas?: readonly Quota[]): Promise<void>;
  /** Revoked or expired keys; their children have ended, too. */
  deleteEndedApiKeys(organizationId: OrganizationId, now: string): Promise<void>;
  /** How much it has of what there are quotas for. */
  usage(organizationId: OrganizationId, names: readonly QuotaName[]): Promise<ReadonlyMap<QuotaName, number>>;
  /** Declared targets, by id. */
  projects(organizationId: OrganizationId): Promise<Project[]>;
  /** Replaces the one with its id. */
  saveProject(project: Project, quotas?: readonly Quota[]): Promise<void>;
  deleteProject(organizationId: OrganizationId, id: string): Promise<void>;
  /** Revoked ones too. */
  apiKey(id: ApiKeyId): Promise<ApiKey | undefined>;
  /** Revoked ones too, the oldest first. */
  apiKeys(organizationId: OrganizationId): Promise<ApiKey[]>;
  /** The key, revoked with all that were made with it; one that was stays as it was. Undefined when the organization has no such key. */
  revokeApiKey(organizationId: OrganizationId, id: ApiKeyId, revokedAt: string): Promise<ApiKey | undefined>;
  /** May be lost in a crash. */
  markApiKeyUsed(key: ApiKey, lastUsedAt: string): Promise<void>;
  /** Not deleted, of that organization. */
  connection(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  /** Of any organization, deleted ones too: for a callback, which proves itself with the connection's secret. */
  connectionForCallback(id: ConnectionId): Promise<Connection | undefined>;
  /** May be lost in a crash. It makes no new version. */
  markConnectionUsed(
    connection: Pick<Connection, 'id' | 'organizationId'>,
    lastUsedAt: string,
  ): Promise<void>;
  /**
   * Not deleted, ordered by creation then id, or those that were checked by the time of their last check;
   * `after` is the last id of the page before. With `before`, more of them are in front.
   */
  connections(
    /** Undefined: of all organizations, for the operator. */
    organizationId: OrganizationId | undefined,
    page: ConnectionPage,
  ): Promise<{ connections: Connection[]; hasMore: boolean }>;
  /** The connection of any organization that has this role. */
  roleHolder(role: RoleArn): Promise<Connection | undefined>;
  /** Without the checks and probes of their verifications. The connections that hold these scope keys, in the order given, those that no connection holds left out. */
  scopeHolders(
    organizationId: OrganizationId,
    keys: readonly string[],
  ): Promise<{ key: string; connection: Connection }[]>;
  /** Without checks and probes, too. The connections that hold scopes within this one, itself left out; by their keys in the order of bytes. */
  narrowerScopeHolders(
    organizationId: OrganizationId,
    key: string,
    limit: number,
  ): Promise<{ key: string; connection: Connection }[]>;
  /** Without checks and probes. Of all organizations, in any order, deleted ones too: for re-encryption. One created meanwhile may be missing. */
  everyConnection(): AsyncIterable<Connection>;
  /**
   * Of all organizations, in any order: connected and failed ones without a re-verification job, such as those that
   * were stored before jobs existed, or with one that no process can lease until after `latest`. One that changes meanwhile
   * may be missed.
   */
  unwatchedConnections(latest?: string): AsyncIterable<Connection>;
  /**
   * How many there are of each status, of all organizations, deleted ones left out; of the connected ones by assurance, of
   * the failed ones by code: for metrics and the operator's page.
   */
  connectionTotals(): Promise<{
    status: Record<Connection['status'], number>;
    assurance: Record<'proven' | 'tested', number>;
    code: ReadonlyMap<string, number>;
    /** `deploy@3`; of all states. */
    permissionSets: ReadonlyMap<string, number>;
    /** Of connected roles with a permission set. */
    permissions: ReadonlyMap<string, number>;
  }>;
  /**
   * The idempotency record of an event that was answered meanwhile is `connection_changed`; one without an answer changes nothing then.
   * When a connection gives its access key up, or has another one encrypted, the store keeps no copy of the old.
   *
   * @throws RolebridgeError `connection_changed`, `scope_taken` (members `holders`: connection id, name and scope),
   *   `role_already_connected` (names no connection), `store_unavailable`
   */
  commit(change: Change): Promise<void>;
  /** Replaces the connection's check before. It may be lost in a crash, which ends the check. */
  saveRunningCheck(check: RunningCheck): Promise<void>;
  runningCheck(organizationId: OrganizationId, connectionId: ConnectionId): Promise<RunningCheck | undefined>;
  /** Undefined for an event that was never attempted, or first a day ago. */
  idempotencyRecord(
    connectionId: ConnectionId,
    webhookId: string,
    now: string,
  ): Promise<IdempotencyRecord | undefined>;
  /**
   * Claims an `Idempotency-Key` for 24 hours: the stored record, or undefined when the caller acquired it. `replaces`
   * names the attempt that was lost, whose place it takes.
   */
  acquireRequest(
    mine: AnsweredRequest,
    replaces: string | undefined,
    quotas?: readonly Quota[],
  ): Promise<AnsweredRequest | undefined>;
  finishRequest(mine: AnsweredRequest): Promise<void>;
  /** The key is free again. */
  releaseRequest(mine: AnsweredRequest): Promise<void>;
  /** After the service key: a new key signs what is stored, and the one before can sign nothing any more. */
  renewIntegrityKey(): Promise<IntegrityKeyRenewal>;
  /** @throws RolebridgeError `store_unavailable` when a write would not be possible now */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** The result of one AWS call. Only `denied` is a verdict; `inconclusive` says nothing about the role. */
export type StsAnswer<Allowed, Reason = 'access_denied' | 'region_disabled'> =
  | ({ readonly outcome: 'allowed'; readonly requestId?: string | undefined } & Allowed)
  | {
      readonly outcome: 'denied';
      /** `region_disabled`: STS is switched off in the role's account for the region that was asked. */
      readonly reason: Reason;
      readonly message: string;
      readonly requestId?: string | undefined;
    }
  | {
      readonly outcome: 'inconclusive';
      readonly reason:
        | 'throttled'
        | 'timed_out'
        | 'unreachable'
        | 'server_error'
        | 'malformed'
        | 'clock_off'
        | 'denied_on_the_way'
        /** The text of the denial names a policy of the caller's side. */
        | 'vendor_not_allowed'
        | 'vendor_credentials_expired'
        | 'vendor_credentials_invalid'
        /** AWS was not asked: the service is about to end. */
        | 'shutting_down'
        /** AWS was not asked: too many calls of the same organization wait already. */
        | 'too_many_concurrent_calls';
      readonly requestId?: string | undefined;
    }
  | {
      /** AWS rejected the request's values, whatever the role allows. */
      readonly outcome: 'inconclusive';
      readonly reason: 'request_rejected';
      readonly rejection:
        | 'duration_too_long'
        | 'role_chaining_too_long'
        | 'session_policy_malformed'
        | 'session_too_large';
      readonly message: string;
      readonly requestId?: string | undefined;
    };

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: string;
}

/** AWS STS, as far as the service uses it. */
export interface Sts {
  assumeRole(request: {
    partition: Partition;
    roleArn: RoleArn;
    externalId: string | undefined;
    sessionName: string;
    /** @default 900, the shortest */
    durationSeconds?: number | undefined;
    /** JSON text. */
    sessionPolicy?: string | undefined;
    tags?: readonly { readonly key: string; readonly value: string }[] | undefined;
    sourceIdentity?: string | undefined;
    /** Through the STS of another region of the partition, where it has one. */
    inAnotherRegion?: true | undefined;
  }): Promise<
    StsAnswer<{
      sessionArn: string;
      /** The role's unique id, `AROA…`: a role that is made again under its name has another. */
      roleId: string;
      credentials: SessionCredentials;
    }>
  >;
  /** iam:GetRole with a session of that role. `trustPolicy` is as IAM sends it: URL-encoded JSON. */
  readRole(
    partition: Partition,
    credentials: SessionCredentials,
    roleName: string,
  ): Promise<StsAnswer<{ roleId: string; trustPolicy: string }>>;
  /** iam:ListAccountAliases with a session of a role, which needs no such permission. */
  accountAlias(
    partition: Partition,
    credentials: SessionCredentials,
  ): Promise<StsAnswer<{ alias: string | undefined }>>;
  /** iam:SimulatePrincipalPolicy of a role with a separate session; incomplete results are missing. */
  simulate(
    partition: Partition,
    credentials: SessionCredentials,
    roleArn: RoleArn,
    simulation: Simulation,
  ): Promise<StsAnswer<{ decisions: readonly SimulatedDecision[] }>>;
  /** Of these credentials; of the service's own when they are left out. */
  callerIdentity(
    partition: Partition,
    credentials?: SessionCredentials,
  ): Promise<StsAnswer<{ accountId: string; arn: string }>>;
  /** GetCallerIdentity with a customer's key: AWS answers it for every key that works, whatever its permissions. */
  accessKeyIdentity(
    partition: Partition,
    key: AccessKey,
  ): Promise<
    StsAnswer<
      { accountId: string; arn: string },
      'key_unknown' | 'secret_wrong' | 'key_expired' | 'region_disabled'
    >
  >;
  /** The signer by AWS's answer; `denied` when AWS does not accept it. */
  signerIdentity(
    partition: Partition,
    request: SignedIdentityRequest,
  ): Promise<StsAnswer<{ arn: string }, 'not_accepted'>>;
}

/** The caller of an STS request, and its values. */
export interface StsCaller {
  readonly organizationId: string;
  readonly requestId: string | undefined;
}

/** STS as all organizations share it. */
export interface SharedSts extends Sts {
  /** The same, with its calls in that organization's share, and the request's id in its logs. */
  forOrganization(caller: StsCaller): SharedSts;
}

/** Encrypts the secrets that the service creates; `context` binds an encrypted text to where it is stored. */
export interface Encryption {
  /** Of the key that encrypts. */
  readonly keyId: string;
  /** Of the key that encrypted it. */
  keyIdOf(encrypted: string): string;
  encrypt(plaintext: string, context: string): string;
  /** @throws when the key is missing, the text was changed, or it was encrypted for another context */
  open(encrypted: string, context: string): string;
  /** The same under a secret key (base64, 32 bytes), for what ends when that key is destroyed. */
  under(key: string): Pick<Encryption, 'encrypt' | 'open'>;
}
