import type { AuditRecord } from '../../domain/audit.js';
import {
  type AccessKeyConnection,
  type ApiKey,
  accessKeyOf,
  type Connection,
  claimedRole,
  isDeleted,
  type Organization,
} from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { ApiKeyId, AuditId, ConnectionId, OrganizationId } from '../../domain/ids.js';
import type { CallbackReceipt, Change, OutboxMessage, Store, Token, Watch } from '../../domain/ports.js';
import { describeScope, scopeFromKey, scopeKey } from '../../domain/scope.js';
import type { AuditFiles } from './audit-files.js';
import { DueWork } from './due-work.js';
import { ownCopy } from './format.js';
import {
  externalIdsOf,
  messageId,
  placeOf,
  type RecordChange,
  receiptId,
  tokenId,
  watchId,
} from './records.js';
import { type StagedWrites, unavailable } from './staged-writes.js';

const receiptLifetimeMs = 24 * 60 * 60 * 1000;

/** Reads answer from what is on the disk; conflicts are judged against what is on its way there as well. */
export class FileStore implements Store {
  readonly #writes: StagedWrites;
  readonly #audit: AuditFiles;
  readonly #watches: DueWork<Watch>;
  readonly #messages: DueWork<OutboxMessage>;
  readonly #close: () => Promise<void>;

  constructor(writes: StagedWrites, audit: AuditFiles, close: () => Promise<void>) {
    this.#writes = writes;
    this.#audit = audit;
    this.#watches = new DueWork<Watch>(writes, 'watch', watchId);
    this.#messages = new DueWork<OutboxMessage>(writes, 'message', messageId);
    this.#close = close;
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
    const found = [...this.#writes.durable.organizations.values()]
      .flatMap(({ organization }) => organization ?? [])
      .filter(({ id }) => after === undefined || id > after)
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    return { organizations: found.slice(0, limit), hasMore: found.length > limit };
  }

  async createApiKey(key: ApiKey): Promise<void> {
    this.#assertOrganization(key.organizationId);
    if (this.#writes.staged.apiKeys.has(key.id)) throw alreadyThere('API key');
    const next = ownCopy('apiKey', key);
    await this.#writes.stage(next.organizationId, [{ kind: 'apiKey', id: next.id, next }]);
  }

  async apiKey(id: ApiKeyId): Promise<ApiKey | undefined> {
    return this.#writes.durable.apiKeys.get(id);
  }

  async apiKeys(organizationId: OrganizationId): Promise<ApiKey[]> {
    const keys = [...(this.#writes.durable.organizations.get(organizationId)?.apiKeys.values() ?? [])];
    return keys.sort((one, other) =>
      `${one.createdAt} ${one.id}` < `${other.createdAt} ${other.id}` ? -1 : 1,
    );
  }

  async revokeApiKey(
    organizationId: OrganizationId,
    id: ApiKeyId,
    revokedAt: string,
  ): Promise<ApiKey | undefined> {
    const key = this.#writes.staged.organizations.get(organizationId)?.apiKeys.get(id);
    if (key === undefined) return undefined;
    const next = ownCopy('apiKey', { ...key, revokedAt: key.revokedAt ?? revokedAt });
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

  async accessKeyConnections(page: {
    limit: number;
    after?: ConnectionId | undefined;
  }): Promise<{ connections: AccessKeyConnection[]; hasMore: boolean }> {
    const { after, limit } = page;
    const found = [...this.#writes.durable.connections.values()]
      .filter((connection) => connection.method === 'access_key')
      .filter((connection) => accessKeyOf(connection) && (after === undefined || connection.id > after))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    return { connections: found.slice(0, limit), hasMore: found.length > limit };
  }

  async commit(change: Change): Promise<void> {
    const changes: RecordChange[] = [];
    let organizationId: OrganizationId | undefined;
    if (change.connection !== undefined) {
      const next = ownCopy('connection', change.connection.next);
      organizationId = next.organizationId;
      this.#assertOrganization(organizationId);
      this.#assertUnchanged(next, change.connection.ifVersion);
      this.#assertRoleFree(next);
      changes.push(...this.#freeScopes(next, change.replaceScopes === true), {
        kind: 'connection',
        id: next.id,
        next,
      });
    }
    if (change.receipt !== undefined) {
      const next = ownCopy('receipt', change.receipt);
      const receiptOrganization =
        next.connectionId === change.connection?.next.id
          ? change.connection.next.organizationId
          : this.#organizationOf(next.connectionId);
      organizationId ??= receiptOrganization;
      if (organizationId !== receiptOrganization)
        throw new TypeError('The receipt belongs to another organization than the connection.');
      changes.push({ kind: 'receipt', id: receiptId(next.connectionId, next.webhookId), next });
    }
    for (const watch of change.watches ?? []) {
      organizationId ??= watch.organizationId;
      changes.push({ kind: 'watch', id: watchId(watch), next: ownCopy('watch', watch) });
    }
    for (const ended of change.endWatches ?? []) {
      organizationId ??= this.#organizationOf(ended.connectionId);
      changes.push({ kind: 'watch', id: watchId(ended), next: undefined });
    }
    for (const message of change.messages ?? []) {
      organizationId ??= message.organizationId;
      changes.push({ kind: 'message', id: messageId(message), next: ownCopy('message', message) });
    }
    if (organizationId !== undefined) await this.#writes.stage(organizationId, changes);
  }

  async appendAudit(records: readonly AuditRecord[]): Promise<void> {
    try {
      await this.#audit.append(records);
    } catch (error) {
      throw unavailable(error);
    }
  }

  auditRecords(
    organizationId: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    return this.#audit.page(organizationId, page);
  }

  async claimWatches(request: { now: string; leaseUntil: string; limit: number }): Promise<Watch[]> {
    return this.#watches.claim(request);
  }

  finishWatch(claimed: Watch, next: { dueAt: string; attempts: number } | undefined): Promise<void> {
    return this.#watches.finish(claimed, next);
  }

  async nextWatchAt(): Promise<string | undefined> {
    return this.#watches.nextAt();
  }

  async claimMessages(request: { now: string; leaseUntil: string; limit: number }): Promise<OutboxMessage[]> {
    return this.#messages.claim(request);
  }

  finishMessage(
    claimed: OutboxMessage,
    next: { dueAt: string; attempts: number } | undefined,
  ): Promise<void> {
    return this.#messages.finish(claimed, next);
  }

  async nextMessageAt(): Promise<string | undefined> {
    return this.#messages.nextAt();
  }

  async saveToken(token: Token): Promise<void> {
    this.#assertOrganization(token.organizationId);
    const id = tokenId(token.kind, token.hash);
    await this.#writes.stage(token.organizationId, [{ kind: 'token', id, next: ownCopy('token', token) }]);
  }

  async token(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    return this.#writes.durable.tokens.get(tokenId(kind, hash));
  }

  async takeToken(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    const id = tokenId(kind, hash);
    const token = this.#writes.staged.tokens.get(id);
    if (token === undefined) return undefined;
    await this.#writes.stage(token.organizationId, [{ kind: 'token', id, next: undefined }]);
    return token;
  }

  async deleteExpiredTokens(now: string): Promise<void> {
    for (const [organizationId, { tokens }] of this.#writes.staged.organizations) {
      const expired = [...tokens].filter(([, { expiresAt }]) => expiresAt <= now);
      if (expired.length === 0) continue;
      await this.#writes.stage(
        organizationId,
        expired.map(([id]) => ({ kind: 'token', id, next: undefined })),
      );
    }
  }

  async claimCallback(
    claim: CallbackReceipt,
    now: string,
  ): Promise<{ claimed: true; firstAttemptAt: string } | { claimed: false; receipt: CallbackReceipt }> {
    const id = receiptId(claim.connectionId, claim.webhookId);
    const organizationId = this.#organizationOf(claim.connectionId);
    const { staged, durable } = this.#writes;
    // Nobody is told of a receipt that might still be rolled back.
    while (staged.of(organizationId).receipts.get(id) !== durable.of(organizationId).receipts.get(id))
      await this.#writes.settled(organizationId);
    const oldest = Date.parse(now) - receiptLifetimeMs;
    const { receipts } = staged.of(organizationId);
    let known = receipts.get(id);
    if (known !== undefined && Date.parse(known.firstAttemptAt) <= oldest) known = undefined;
    if (known?.answer !== undefined || (known && Date.parse(known.claimedUntil) > Date.parse(now)))
      return { claimed: false, receipt: known };
    const firstAttemptAt = known?.firstAttemptAt ?? claim.firstAttemptAt;
    const changes: RecordChange[] = [];
    // Receipts stand in the order of their first attempt, so only those that go are looked at.
    for (const [oldId, receipt] of receipts) {
      if (Date.parse(receipt.firstAttemptAt) > oldest) break;
      changes.push({ kind: 'receipt', id: oldId, next: undefined });
    }
    changes.push({ kind: 'receipt', id, next: ownCopy('receipt', { ...claim, firstAttemptAt }) });
    await this.#writes.stage(organizationId, changes);
    return { claimed: true, firstAttemptAt };
  }

  async releaseCallback(connectionId: ConnectionId, webhookId: string): Promise<void> {
    const organizationId = this.#writes.staged.connections.get(connectionId)?.organizationId;
    if (organizationId === undefined) return;
    const id = receiptId(connectionId, webhookId);
    const known = this.#writes.staged.of(organizationId).receipts.get(id);
    if (known === undefined || known.answer !== undefined) return;
    const next = ownCopy('receipt', { ...known, claimedUntil: new Date(0).toISOString() });
    await this.#writes.stage(organizationId, [{ kind: 'receipt', id, next }]);
  }

  ready(): Promise<void> {
    return this.#writes.ready();
  }

  close(): Promise<void> {
    return this.#close();
  }

  #organizationOf(id: ConnectionId): OrganizationId {
    const connection = this.#writes.staged.connections.get(id);
    if (connection === undefined)
      throw new RolebridgeError('connection_not_found', 'There is no such connection.');
    return connection.organizationId;
  }

  #assertOrganization(id: OrganizationId): void {
    if (!this.#writes.staged.organizations.has(id))
      throw new RolebridgeError('not_found', 'There is no such organization.');
  }

  #assertUnchanged(next: Connection, ifVersion: number | null): void {
    const { staged } = this.#writes;
    const stored = staged.connections.get(next.id);
    if (
      (stored?.version ?? null) !== ifVersion ||
      (stored !== undefined && stored.organizationId !== next.organizationId)
    )
      throw new RolebridgeError('connection_changed', 'The connection was changed by somebody else.', {
        remedy: 'Read the connection again and repeat the change.',
      });
    for (const externalId of externalIdsOf(next))
      if ((staged.externalIds.get(externalId) ?? next.id) !== next.id) throw alreadyThere('external ID');
  }

  #assertRoleFree(next: Connection): void {
    const role = claimedRole(next);
    if (role === undefined) return;
    const { staged, durable } = this.#writes;
    const stagedHolder = staged.claimedRoles.get(role);
    const durableHolder = durable.claimedRoles.get(role);
    // A role that another organization gives up is free once that is on the disk, since it may still be rolled back.
    const isHeldElsewhere =
      durableHolder !== undefined &&
      durable.connections.get(durableHolder)?.organizationId !== next.organizationId;
    if ((stagedHolder !== undefined && stagedHolder !== next.id) || isHeldElsewhere)
      throw new RolebridgeError('role_already_connected', 'This role is already connected.', {
        remedy: 'Disconnect it where it is connected, or use another role.',
      });
    if (durableHolder !== next.id) this.#writes.assertOthersCertain(next.organizationId);
  }

  /** The changes to those that lose scopes to `next`. */
  #freeScopes(next: Connection, replaceScopes: boolean): RecordChange[] {
    if (isDeleted(next)) return [];
    const records = this.#writes.staged.of(next.organizationId);
    const wanted = new Set(next.scopes.map(scopeKey));
    const holders = [...wanted].flatMap((key) => {
      const id = records.holders.get(key);
      const connection = id !== undefined && id !== next.id && records.connections.get(id);
      return connection ? [{ connection, scope: scopeFromKey(key) }] : [];
    });
    if (holders.length > 0 && !replaceScopes)
      throw new RolebridgeError(
        'scope_taken',
        holders
          .map(({ connection, scope }) => `"${connection.name}" already serves ${describeScope(scope)}.`)
          .join(' '),
        {
          remedy: 'Choose another scope, or replace the connection that holds it.',
          members: {
            holders: holders.map(({ connection, scope }) => ({
              connectionId: connection.id,
              name: connection.name,
              scope,
            })),
          },
        },
      );
    return [...new Set(holders.map(({ connection }) => connection))].map((holder) => ({
      kind: 'connection',
      id: holder.id,
      next: ownCopy('connection', {
        ...holder,
        scopes: holder.scopes.filter((scope) => !wanted.has(scopeKey(scope))),
        version: holder.version + 1,
        updatedAt: next.updatedAt,
      }),
    }));
  }
}

const alreadyThere = (what: string): RolebridgeError =>
  new RolebridgeError('internal_error', `This ${what} is already in the store.`);
