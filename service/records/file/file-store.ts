import type { AuditRecord } from '../../domain/audit.js';
import {
  type ApiKey,
  type Connection,
  isDeleted,
  isVerifiable,
  type Organization,
} from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { ApiKeyId, AuditId, ConnectionId, OrganizationId } from '../../domain/ids.js';
import type { Change, IdempotencyRecord, Job, OutboxMessage, Store, Token } from '../../domain/ports.js';
import { keysWithin } from '../../domain/scope.js';
import { type OrganizationContents, ownCopy, type WholeStore } from '../records/index.js';
import type { AuditFiles } from './audit-files.js';
import { assertOrganization, commitChange } from './commit.js';
import { alreadyThere } from './conflicts.js';
import { completeJob, completeMessage } from './due-work.js';
import { claimReceipt, releaseReceipt } from './receipts.js';
import { placeOf, tokenId, watchId } from './records.js';
import type { StagedWrites } from './staged-writes.js';
import { deleteExpiredTokens, replaceToken, saveToken, takeToken } from './tokens.js';

/** Reads answer from what is on the disk; conflicts are judged against what is on its way there as well. */
export class FileStore implements Store, WholeStore {
  readonly #writes: StagedWrites;
  readonly #audit: AuditFiles;
  readonly #close: () => Promise<void>;

  constructor(writes: StagedWrites, audit: AuditFiles, close: () => Promise<void>) {
    this.#writes = writes;
    this.#audit = audit;
    this.#close = close;
  }

  *contents(): Iterable<OrganizationContents> {
    const { durable } = this.#writes;
    for (const [id, { organization }] of durable.organizations)
      if (organization !== undefined) yield durable.snapshot(id);
  }

  organizationsWithAudit(): Iterable<OrganizationId> {
    return this.#audit.organizations();
  }

  async createOrganization(organization: Organization): Promise<void> {
    // The id names a file.
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(organization.id))
      throw new TypeError(`Not an organization's id: ${JSON.stringify(organization.id)}`);
    if (this.#writes.staged.organizations.has(organization.id)) throw alreadyThere('organization');
    const next = ownCopy('organization', organization);
    await this.#writes.stage(organization.id, [{ kind: 'organization', id: next.id, next }]);
  }

  async organization(id: OrganizationId): Promise<Organization | undefined> {
    return this.#writes.durable.organizations.get(id)?.organization;
  }

  async organizations(page: {
    limit: number;
    after?: OrganizationId | undefined;
  }): Promise<{ organizations: Organization[]; hasMore: boolean }> {
    const { after, limit } = page;
    const ids = [...this.#writes.durable.organizations.keys()]
      .filter((id) => after === undefined || id > after)
      .sort();
    const organizations = ids
      .slice(0, limit)
      .map((id) => this.#writes.durable.of(id).organization as Organization);
    return { organizations, hasMore: ids.length > limit };
  }

  async createApiKey(key: ApiKey): Promise<void> {
    assertOrganization(this.#writes, key.organizationId);
    if (this.#writes.staged.apiKeys.has(key.id)) throw alreadyThere('API key');
    const next = ownCopy('apiKey', key);
    await this.#writes.stage(next.organizationId, [{ kind: 'apiKey', id: next.id, next }]);
  }

  async apiKey(id: ApiKeyId): Promise<ApiKey | undefined> {
    return this.#writes.durable.apiKeys.get(id);
  }

  async apiKeys(organizationId: OrganizationId): Promise<ApiKey[]> {
    const keys = this.#writes.durable.organizations.get(organizationId)?.apiKeys.values() ?? [];
    return [...keys].sort((one, other) =>
      `${one.createdAt}${one.id}` < `${other.createdAt}${other.id}` ? -1 : 1,
    );
  }

  async revokeApiKey(
    organizationId: OrganizationId,
    id: ApiKeyId,
    revokedAt: string,
  ): Promise<ApiKey | undefined> {
    const { staged, durable } = this.#writes;
    const stored = staged.apiKeys.get(id);
    if (stored?.organizationId !== organizationId) return undefined;
    if (stored.revokedAt !== undefined) {
      // Nobody is told of a revocation that might still be rolled back.
      await this.#writes.settled(organizationId);
      const settled = durable.apiKeys.get(id);
      return settled?.revokedAt === undefined ? this.revokeApiKey(organizationId, id, revokedAt) : settled;
    }
    const next = ownCopy('apiKey', { ...stored, revokedAt });
    await this.#writes.stage(organizationId, [{ kind: 'apiKey', id, next }]);
    return next;
  }

  async connection(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined> {
    const found = this.#writes.durable.connections.get(id);
    return found?.organizationId === organizationId && !isDeleted(found) ? found : undefined;
  }

  async connectionForCallback(id: ConnectionId): Promise<Connection | undefined> {
    return this.#writes.durable.connections.get(id);
  }

  async connections(
    organizationId: OrganizationId,
    page: { limit: number; after?: ConnectionId | undefined; status?: Connection['status'] | undefined },
  ): Promise<{ connections: Connection[]; hasMore: boolean }> {
    const records = this.#writes.durable.organizations.get(organizationId);
    const found: Connection[] = [];
    if (records === undefined) return { connections: found, hasMore: false };
    let place = 0;
    if (page.after !== undefined) {
      // Deleted since the page before, it still has its place.
      const last = records.connections.get(page.after);
      if (last === undefined)
        throw new RolebridgeError(
          'request_invalid',
          `There is no connection ${JSON.stringify(page.after)}.`,
          {
            remedy: 'Begin again with the first page.',
          },
        );
      place = placeOf(records.listed, last);
      if (records.listed[place]?.id === last.id) place += 1;
    }
    for (; place < records.listed.length; place++) {
      const connection = records.listed[place] as Connection;
      if (page.status !== undefined && connection.status !== page.status) continue;
      if (found.length === page.limit) return { connections: found, hasMore: true };
      found.push(connection);
    }
    return { connections: found, hasMore: false };
  }

  async scopeHolders(
    organizationId: OrganizationId,
    keys: readonly string[],
  ): Promise<{ key: string; connection: Connection }[]> {
    const records = this.#writes.durable.organizations.get(organizationId);
    return keys.flatMap((key) => {
      const id = records?.holders.get(key);
      const connection = id !== undefined && records?.connections.get(id);
      return connection ? [{ key, connection }] : [];
    });
  }

  async narrowerScopeHolders(
    organizationId: OrganizationId,
    key: string,
    limit: number,
  ): Promise<{ key: string; connection: Connection }[]> {
    const held = this.#writes.durable.organizations.get(organizationId)?.holders.keys() ?? [];
    const { after, before } = keysWithin(key);
    const within = [...held].filter((each) => each > after && each < before).sort();
    return this.scopeHolders(organizationId, within.slice(0, limit));
  }

  async *everyConnection(): AsyncIterable<Connection> {
    const { connections } = this.#writes.durable;
    for (const id of [...connections.keys()]) {
      const connection = connections.get(id);
      if (connection !== undefined) yield connection;
    }
  }

  async *unwatchedConnections(): AsyncIterable<Connection> {
    for (const { connections, watches } of [...this.#writes.durable.organizations.values()])
      for (const id of [...connections.keys()]) {
        const connection = connections.get(id);
        if (connection === undefined || !isVerifiable(connection)) continue;
        if (!watches.has(watchId({ connectionId: id, purpose: 'verify' }))) yield connection;
      }
  }

  async connectionCounts(): Promise<Record<Connection['status'], number>> {
    const counts = { pending: 0, connected: 0, failed: 0, disconnected: 0 };
    for (const { listed } of this.#writes.durable.organizations.values())
      for (const { status } of listed) counts[status]++;
    return counts;
  }

  commit(change: Change): Promise<void> {
    return commitChange(this.#writes, change);
  }

  acquireIdempotency(
    claim: IdempotencyRecord,
    now: string,
  ): Promise<{ claimed: true; firstAttemptAt: string } | { claimed: false; receipt: IdempotencyRecord }> {
    return claimReceipt(this.#writes, claim, now);
  }

  releaseIdempotency(connectionId: ConnectionId, webhookId: string): Promise<void> {
    return releaseReceipt(this.#writes, connectionId, webhookId);
  }

  appendAudit(records: readonly AuditRecord[]): Promise<void> {
    return this.#audit.append(records);
  }

  auditRecords(
    organizationId: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    return this.#audit.page(organizationId, page);
  }

  deleteAuditBefore(keptSince: string, now: string): Promise<number> {
    return this.#audit.deleteBefore(Date.parse(keptSince), Date.parse(now));
  }

  async leaseJobs(request: { now: string; leaseUntil: string; limit: number }): Promise<Job[]> {
    return this.#writes.durable.dueWatches.claim(request);
  }

  completeJob(claimed: Job, next: { dueAt: string; attempts: number } | undefined): Promise<void> {
    return completeJob(this.#writes, claimed, next);
  }

  async nextJobAt(): Promise<string | undefined> {
    return this.#writes.durable.dueWatches.nextAt();
  }

  async leaseMessages(request: { now: string; leaseUntil: string; limit: number }): Promise<OutboxMessage[]> {
    return this.#writes.durable.dueMessages.claim(request);
  }

  completeMessage(
    claimed: OutboxMessage,
    next: { dueAt: string; attempts: number } | undefined,
  ): Promise<void> {
    return completeMessage(this.#writes, claimed, next);
  }

  async nextMessageAt(): Promise<string | undefined> {
    return this.#writes.durable.dueMessages.nextAt();
  }

  saveToken(token: Token): Promise<void> {
    return saveToken(this.#writes, token);
  }

  async token(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    return this.#writes.durable.tokens.get(tokenId(kind, hash));
  }

  async tokensOf(organizationId: OrganizationId, kind: Token['kind']): Promise<Token[]> {
    const tokens = this.#writes.durable.organizations.get(organizationId)?.tokens.values() ?? [];
    return [...tokens].filter((token) => token.kind === kind);
  }

  takeToken(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    return takeToken(this.#writes, kind, hash);
  }

  replaceToken(before: Token, next: Token): Promise<boolean> {
    return replaceToken(this.#writes, before, next);
  }

  deleteExpiredTokens(now: string): Promise<void> {
    return deleteExpiredTokens(this.#writes, now);
  }

  async ready(): Promise<void> {
    await this.#writes.ready();
    await this.#audit.ready();
  }

  close(): Promise<void> {
    return this.#close();
  }
}
