import type { AuditRecord } from '../../domain/audit.js';
import type { ApiKey, Connection, Organization } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import {
  type ApiKeyId,
  type AuditId,
  type ConnectionId,
  firstAuditIdAt,
  type OrganizationId,
} from '../../domain/ids.js';
import type { Change, IdempotencyRecord, Job, OutboxMessage, Store, Token } from '../../domain/ports.js';
import { AuditAppender, deleteAuditRecordsBefore, listAuditRecords } from './audit-log.js';
import { commitChange } from './commit.js';
import {
  countByStatus,
  everyConnection,
  findConnection,
  findForCallback,
  findNarrowerScopeHolders,
  findScopeHolders,
  listConnections,
  unwatchedConnections,
} from './connections.js';
import { type Database, statement } from './database.js';
import { messageWork, watchWork } from './due-work.js';
import {
  createApiKey,
  createOrganization,
  findApiKey,
  findOrganization,
  listApiKeys,
  listOrganizations,
  revokeApiKey,
} from './organizations.js';
import { claimReceipt, deleteOldReceipts, releaseReceipt } from './receipts.js';
import { anyRow } from './record-rows.js';
import { deleteExpiredTokens, findToken, listTokens, replaceToken, saveToken, takeToken } from './tokens.js';

const receiptCleaningMs = 60_000;

/** A write that changes nothing: a server that can be read and not written is not ready. */
const touch = statement(
  'touch',
  anyRow,
  'UPDATE schema_version SET version = version WHERE id = 1 RETURNING version',
);

/** Every question is asked of the database, and every conflict decided there: any number of processes share it. */
export class PostgresStore implements Store {
  readonly #database: Database;
  readonly #auditAppender: AuditAppender;
  #receiptsCleanedAtMs = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#auditAppender = new AuditAppender(database);
  }

  createOrganization(organization: Organization): Promise<void> {
    return createOrganization(this.#database, organization);
  }

  organization(id: OrganizationId): Promise<Organization | undefined> {
    return findOrganization(this.#database, id);
  }

  organizations(page: { limit: number; after?: OrganizationId | undefined }) {
    return listOrganizations(this.#database, page);
  }

  createApiKey(key: ApiKey): Promise<void> {
    return createApiKey(this.#database, key);
  }

  apiKey(id: ApiKeyId): Promise<ApiKey | undefined> {
    return findApiKey(this.#database, id);
  }

  apiKeys(organizationId: OrganizationId): Promise<ApiKey[]> {
    return listApiKeys(this.#database, organizationId);
  }

  revokeApiKey(organizationId: OrganizationId, id: ApiKeyId, revokedAt: string): Promise<ApiKey | undefined> {
    return revokeApiKey(this.#database, organizationId, id, revokedAt);
  }

  connection(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined> {
    return findConnection(this.#database, organizationId, id);
  }

  connectionForCallback(id: ConnectionId): Promise<Connection | undefined> {
    return findForCallback(this.#database, id);
  }

  connections(
    organizationId: OrganizationId,
    page: { limit: number; after?: ConnectionId | undefined; status?: Connection['status'] | undefined },
  ): Promise<{ connections: Connection[]; hasMore: boolean }> {
    return listConnections(this.#database, organizationId, page);
  }

  scopeHolders(
    organizationId: OrganizationId,
    keys: readonly string[],
  ): Promise<{ key: string; connection: Connection }[]> {
    return findScopeHolders(this.#database, organizationId, keys);
  }

  narrowerScopeHolders(
    organizationId: OrganizationId,
    key: string,
    limit: number,
  ): Promise<{ key: string; connection: Connection }[]> {
    return findNarrowerScopeHolders(this.#database, organizationId, key, limit);
  }

  everyConnection(): AsyncIterable<Connection> {
    return everyConnection(this.#database);
  }

  unwatchedConnections(): AsyncIterable<Connection> {
    return unwatchedConnections(this.#database);
  }

  connectionCounts(): Promise<Record<Connection['status'], number>> {
    return countByStatus(this.#database);
  }

  commit(change: Change): Promise<void> {
    return commitChange(this.#database, change);
  }

  async acquireIdempotency(
    claim: IdempotencyRecord,
    now: string,
  ): Promise<{ claimed: true; firstAttemptAt: string } | { claimed: false; receipt: IdempotencyRecord }> {
    const nowMs = Date.parse(now);
    if (Math.abs(nowMs - this.#receiptsCleanedAtMs) >= receiptCleaningMs) {
      this.#receiptsCleanedAtMs = nowMs;
      await deleteOldReceipts(this.#database, now);
    }
    return claimReceipt(this.#database, claim, now);
  }

  releaseIdempotency(connectionId: ConnectionId, webhookId: string): Promise<void> {
    return releaseReceipt(this.#database, connectionId, webhookId);
  }

  appendAudit(records: readonly AuditRecord[]): Promise<void> {
    return this.#auditAppender.append(records);
  }

  auditRecords(
    organizationId: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    return listAuditRecords(this.#database, organizationId, page);
  }

  deleteAuditBefore(keptSince: string): Promise<number> {
    return deleteAuditRecordsBefore(this.#database, firstAuditIdAt(Date.parse(keptSince)));
  }

  leaseJobs(request: { now: string; leaseUntil: string; limit: number }): Promise<Job[]> {
    return watchWork.claim(this.#database, request);
  }

  completeJob(claimed: Job, next: { dueAt: string; attempts: number } | undefined): Promise<void> {
    return watchWork.finish(this.#database, claimed, next);
  }

  nextJobAt(): Promise<string | undefined> {
    return watchWork.nextAt(this.#database);
  }

  leaseMessages(request: { now: string; leaseUntil: string; limit: number }): Promise<OutboxMessage[]> {
    return messageWork.claim(this.#database, request);
  }

  completeMessage(
    claimed: OutboxMessage,
    next: { dueAt: string; attempts: number } | undefined,
  ): Promise<void> {
    return messageWork.finish(this.#database, claimed, next);
  }

  nextMessageAt(): Promise<string | undefined> {
    return messageWork.nextAt(this.#database);
  }

  saveToken(token: Token): Promise<void> {
    return saveToken(this.#database, token);
  }

  token(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    return findToken(this.#database, kind, hash);
  }

  tokensOf(organizationId: OrganizationId, kind: Token['kind']): Promise<Token[]> {
    return listTokens(this.#database, organizationId, kind);
  }

  takeToken(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    return takeToken(this.#database, kind, hash);
  }

  replaceToken(before: Token, next: Token): Promise<boolean> {
    return replaceToken(this.#database, before, next);
  }

  deleteExpiredTokens(now: string): Promise<void> {
    return deleteExpiredTokens(this.#database, now);
  }

  async ready(): Promise<void> {
    if ((await this.#database.query(touch, [])).length === 0)
      throw new RolebridgeError('store_unavailable', 'The database has lost its schema.');
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
