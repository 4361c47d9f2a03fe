import { isDeepStrictEqual } from 'node:util';
import type { AnsweredRequest } from '../domain/answered-request.js';
import type { ApiKey } from '../domain/api-key.js';
import type { AuditRecord } from '../domain/audit.js';
import { type Connection, isVerifiable } from '../domain/connection.js';
import { mayTakeScopes } from '../domain/connection-scopes.js';
import { RolebridgeError } from '../domain/errors.js';
import {
  type ApiKeyId,
  type AuditId,
  type ConnectionId,
  firstAuditIdAt,
  type OrganizationId,
} from '../domain/ids.js';
import type { Organization } from '../domain/organization.js';
import type {
  Change,
  ConnectionFilter,
  DeliveryPage,
  IdempotencyRecord,
  Job,
  NextDelivery,
  OrganizationFilter,
  OutboxMessage,
  RunningCheck,
  Store,
  Token,
} from '../domain/ports.js';
import type { Project } from '../domain/project.js';
import type { RoleArn } from '../domain/role-arn.js';
import { describeScope, isWithin, keysWithin, scopeFromKey, scopeKey } from '../domain/scope.js';
import type { WebhookEndpoint } from '../domain/webhook-endpoint.js';
import { type Backend, UniqueConflict } from './backend.js';
import {
  alreadyThere,
  assertOrganization,
  commitChange,
  connectionNotFound,
  idempotencyOf,
} from './commit-change.js';
import { completeMessage, deliveries, firstMessage, hastenMessages, replayMessage } from './deliveries.js';
import { eraseOrganization } from './erase-organization.js';
import { addToParent, revokeWithChildren } from './key-family.js';
import { joined } from './reports.js';
import {
  byOrganization,
  idempotencyKey,
  jobKey,
  messageKey,
  ownCopy,
  projectKey,
  searchable,
  type TableName,
  tokenKey,
  type Values,
} from './tables.js';
import { completeDue, leaseDue, nextDueAt } from './work-queue.js';

const idempotencyLifetimeMs = 24 * 60 * 60 * 1000;
const dayBefore = (time: string): string => new Date(Date.parse(time) - idempotencyLifetimeMs).toISOString();
const rowsAtOnce = 200;

type Page<Id> = { limit: number; after?: Id | undefined };

/** Every rule of what may be stored, over any backend. */
export class RecordStore implements Store {
  constructor(readonly backend: Backend) {}

  async createOrganization(organization: Organization): Promise<void> {
    // The id names files.
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(organization.id))
      throw new TypeError(`Not an organization's id: ${JSON.stringify(organization.id)}`);
    const own = ownCopy('organizations', organization);
    await this.backend
      .transact(own.id, async (transaction) => {
        if (await transaction.get('organizations', own.id)) throw alreadyThere('organization');
        await transaction.put('organizations', own);
      })
      .catch(referenceTaken);
  }

  organization(id: OrganizationId): Promise<Organization | undefined> {
    return this.#one('organizations', id);
  }

  async organizationsById(ids: readonly OrganizationId[]): Promise<Map<OrganizationId, Organization>> {
    const found = await this.backend.get('organizations', [...new Set(ids)]);
    return new Map(found.flatMap((organization) => (organization ? [[organization.id, organization]] : [])));
  }

  async organizationByReference(reference: string): Promise<Organization | undefined> {
    const holding = { constraint: 'reference', values: [reference] } as const;
    const [found] = await this.backend.list('organizations', { order: 'id', holding, limit: 1 });
    return found;
  }

  changeOrganization(
    id: OrganizationId,
    change: (stored: Organization) => Organization,
    { erases = false }: { readonly erases?: boolean } = {},
  ): Promise<Organization | undefined> {
    return this.backend
      .transact(id, async (transaction) => {
        const stored = await transaction.get('organizations', id);
        if (stored === undefined) return undefined;
        const next = ownCopy('organizations', change(stored));
        if (erases) transaction.forgetVersionBefore();
        await transaction.put('organizations', next);
        return next;
      })
      .catch(referenceTaken);
  }

  eraseOrganization(id: OrganizationId, erasedAt: string): Promise<void> {
    return eraseOrganization(this.backend, id, erasedAt);
  }

  async organizations({ limit, after, search, name }: Page<OrganizationId> & OrganizationFilter) {
    const found = await this.backend.list('organizations', {
      order: 'id',
      where: { listed: 'yes', searchName: name && searchable(name) },
      search: search ? { column: 'searchName', text: searchable(search) } : undefined,
      after,
      limit: limit + 1,
    });
    return { organizations: found.slice(0, limit), hasMore: found.length > limit };
  }

  async createApiKey(key: ApiKey): Promise<void> {
    const own = ownCopy('apiKeys', key);
    await this.backend
      .transact(own.organizationId, async (transaction) => {
        await assertOrganization(transaction, own.organizationId);
        if (await transaction.get('apiKeys', own.id)) throw alreadyThere('API key');
        await addToParent(transaction, own);
        await transaction.put('apiKeys', own);
      })
      .catch(conflictAs('API key'));
  }

  apiKey(id: ApiKeyId): Promise<ApiKey | undefined> {
    return this.#one('apiKeys', id);
  }

  apiKeys(organizationId: OrganizationId): Promise<ApiKey[]> {
    const query = { organizationId, order: 'created', limit: rowsAtOnce } as const;
    return collect(
      (after) => this.backend.list('apiKeys', { ...query, after }),
      ({ id }) => id,
    );
  }

  revokeApiKey(organizationId: OrganizationId, id: ApiKeyId, revokedAt: string): Promise<ApiKey | undefined> {
    return this.backend.transact(organizationId, async (transaction) => {
      const stored = await transaction.get('apiKeys', id);
      if (stored?.organizationId !== organizationId) return undefined;
      return revokeWithChildren(transaction, stored, revokedAt);
    });
  }

  async markApiKeyUsed({ organizationId, id }: ApiKey, lastUsedAt: string): Promise<void> {
    await this.backend.transact(organizationId, async (transaction) => {
      const stored = await transaction.get('apiKeys', id);
      if (stored) await transaction.put('apiKeys', { ...stored, lastUsedAt }, { lasting: false });
    });
  }

  async connection(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined> {
    const found = await this.connectionForCallback(id);
    const isDeleted = found?.status === 'disconnected' && found.reason === 'deleted';
    return found?.organizationId === organizationId && !isDeleted ? found : undefined;
  }

  async connectionForCallback(id: ConnectionId): Promise<Connection | undefined> {
    const [connection, report] = await Promise.all([this.#one('connections', id), this.#one('reports', id)]);
    return connection && joined(connection, report);
  }

  async connections(
    organizationId: OrganizationId | undefined,
    page: Page<ConnectionId> & ConnectionFilter,
  ): Promise<{ connections: Connection[]; hasMore: boolean }> {
    if (page.scope !== undefined) return this.#connectionsWithin(organizationId, page.scope, page);
    const { limit, after, status, code, accountId, assurance, reference, permissionSet, permissions } = page;
    const last = after === undefined ? undefined : await this.#one('connections', after);
    const isOther = organizationId !== undefined && last?.organizationId !== organizationId;
    if (after !== undefined && (last === undefined || isOther))
      throw new RolebridgeError('request_invalid', `There is no connection ${JSON.stringify(after)}.`, {
        remedy: 'Begin again with the first page.',
      });
    const set = permissionSet?.includes('@') ? { permissionSetVersion: permissionSet } : { permissionSet };
    const where = { deleted: 'no', status, code, accountId, assurance, reference, permissions, ...set };
    const query = { organizationId, order: 'created', where, after, limit: limit + 1 } as const;
    const found = await this.backend.list('connections', query);
    const shown = found.slice(0, limit);
    const reports = await this.backend.get(
      'reports',
      shown.map(({ id }) => id),
    );
    const connections = shown.map((connection, index) => joined(connection, reports[index]));
    return { connections, hasMore: found.length > limit };
  }

  /** Not by their claims: a page is in the order of creation. */
  async #connectionsWithin(
    organizationId: OrganizationId | undefined,
    key: string,
    page: Page<ConnectionId> & ConnectionFilter,
  ): Promise<{ connections: Connection[]; hasMore: boolean }> {
    const wider = scopeFromKey(key);
    const within: Connection[] = [];
    for (let { after } = page; ; ) {
      const next = await this.connections(organizationId, { ...page, scope: undefined, after, limit: 500 });
      within.push(...next.connections.filter(({ scopes }) => scopes.some((scope) => isWithin(scope, wider))));
      after = next.connections.at(-1)?.id;
      if (!next.hasMore || within.length > page.limit)
        return { connections: within.slice(0, page.limit), hasMore: within.length > page.limit };
    }
  }

  async connectionCount(organizationId: OrganizationId): Promise<number> {
    const counts = await this.backend.count('connections', 'deleted', { deleted: 'no', organizationId });
    return counts.get('no') ?? 0;
  }

  async roleHolder(role: RoleArn): Promise<Connection | undefined> {
    const holding = { constraint: 'role', values: [role] } as const;
    const [holder] = await this.backend.list('connections', { order: 'created', holding, limit: 1 });
    return holder && this.connectionForCallback(holder.id);
  }

  async scopeHolders(
    organizationId: OrganizationId,
    keys: readonly string[],
  ): Promise<{ key: string; connection: Connection }[]> {
    const holding = { constraint: 'scope', values: keys } as const;
    const query = { organizationId, order: 'created', holding, limit: keys.length } as const;
    const found = await this.backend.list('connections', query);
    return keys.flatMap((key) => {
      const connection = found.find(({ scopes }) => scopes.some((scope) => scopeKey(scope) === key));
      return connection ? [{ key, connection }] : [];
    });
  }

  async narrowerScopeHolders(
    organizationId: OrganizationId,
    key: string,
    limit: number,
  ): Promise<{ key: string; connection: Connection }[]> {
    const { after, before } = keysWithin(key);
    const holding = { constraint: 'scope', after, before } as const;
    const found = await this.backend.list('connections', {
      organizationId,
      order: 'created',
      holding,
      limit,
    });
    return found
      .flatMap((connection) => connection.scopes.map((scope) => ({ key: scopeKey(scope), connection })))
      .filter((held) => held.key > after && held.key < before)
      .sort((one, other) => (one.key < other.key ? -1 : 1))
      .slice(0, limit);
  }

  async *everyConnection(): AsyncIterable<Connection> {
    for (let after: string | undefined; ; ) {
      const found = await this.backend.list('connections', { order: 'created', after, limit: rowsAtOnce });
      yield* found;
      after = found.at(-1)?.id;
      if (found.length < rowsAtOnce) return;
    }
  }

  async *unwatchedConnections(latest?: string): AsyncIterable<Connection> {
    let waiting: Connection[] = [];
    const unwatched = async () => {
      const keys = waiting.map(({ id }) => jobKey({ connectionId: id, purpose: 'verify' }));
      const jobs = await this.backend.get('jobs', keys);
      const found = waiting.filter((_, index) => {
        const job = jobs[index];
        return !job || (latest !== undefined && (job.leaseExpiresAt ?? job.dueAt) > latest);
      });
      waiting = [];
      return found;
    };
    for await (const connection of this.everyConnection()) {
      if (isVerifiable(connection)) waiting.push(connection);
      if (waiting.length === rowsAtOnce) yield* await unwatched();
    }
    yield* await unwatched();
  }

  async connectionCounts(): Promise<Record<Connection['status'], number>> {
    const counts = await this.backend.count('connections', 'status', { deleted: 'no' });
    const of = (status: Connection['status']) => counts.get(status) ?? 0;
    return {
      pending: of('pending'),
      connected: of('connected'),
      failed: of('failed'),
      disconnected: of('disconnected'),
    };
  }

  async connectionTotals(): ReturnType<Store['connectionTotals']> {
    const [status, assurance, code, permissionSets, permissions] = await Promise.all([
      this.connectionCounts(),
      this.backend.count('connections', 'assurance', { deleted: 'no', status: 'connected' }),
      this.backend.count('connections', 'code', { deleted: 'no', status: 'failed' }),
      this.backend.count('connections', 'permissionSetVersion', { deleted: 'no' }),
      this.backend.count('connections', 'permissions', { deleted: 'no', status: 'connected' }),
    ]);
    const of = (name: string) => assurance.get(name) ?? 0;
    return {
      status,
      assurance: { proven: of('proven'), tested: of('tested') },
      code,
      permissionSets,
      permissions,
    };
  }

  async commit(change: Change): Promise<void> {
    const { connection, receipt, watches = [], endJobs = [], messages = [] } = change;
    const [first] = [...(receipt ? [receipt] : []), ...endJobs];
    const owner = connection?.next ?? watches[0] ?? messages[0];
    const organizationId =
      owner?.organizationId ?? (first && (await this.#organizationOf(first.connectionId)));
    if (organizationId === undefined) return;
    if ([...watches, ...messages].some((one) => one.organizationId !== organizationId))
      throw new TypeError('One change is of one organization.');
    const own: Change = {
      ...change,
      ...(connection && { connection: { ...connection, next: ownCopy('connections', connection.next) } }),
      watches: watches.map((job) => ownCopy('jobs', job)),
      messages: messages.map((message) => ownCopy('messages', message)),
    };
    const old = receipt ? await this.#oldIdempotency(organizationId, receipt) : [];
    for (let tries = 1; ; tries++)
      try {
        return await this.backend.transact(organizationId, async (transaction) => {
          for (const record of old) await transaction.delete('idempotency', idempotencyKey(record));
          await commitChange(transaction, organizationId, own);
        });
      } catch (error) {
        if (!(error instanceof UniqueConflict)) throw error;
        const refusal = await this.#refusal(error, change);
        if (refusal || tries === 3) throw refusal ?? alreadyThere(error.constraint);
      }
  }

  async saveRunningCheck(check: RunningCheck): Promise<void> {
    const own = ownCopy('runningChecks', check);
    await this.backend.transact(own.organizationId, (transaction) =>
      transaction.put('runningChecks', own, { lasting: false }),
    );
  }

  async runningCheck(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
  ): Promise<RunningCheck | undefined> {
    const found = await this.#one('runningChecks', connectionId);
    return found?.organizationId === organizationId ? found : undefined;
  }

  async idempotencyRecord(
    connectionId: ConnectionId,
    webhookId: string,
    now: string,
  ): Promise<IdempotencyRecord | undefined> {
    const stored = await this.#one('idempotency', idempotencyKey({ connectionId, webhookId }));
    return stored && stored.firstAttemptAt > dayBefore(now) ? idempotencyOf(stored) : undefined;
  }

  projects(organizationId: OrganizationId): Promise<Project[]> {
    const query = { organizationId, order: 'id', limit: rowsAtOnce } as const;
    return collect((after) => this.backend.list('projects', { ...query, after }), projectKey);
  }

  async saveProject(project: Project): Promise<void> {
    const own = ownCopy('projects', project);
    await this.backend.transact(own.organizationId, async (transaction) => {
      await assertOrganization(transaction, own.organizationId);
      await transaction.put('projects', own);
    });
  }

  async deleteProject(organizationId: OrganizationId, id: string): Promise<void> {
    await this.backend.transact(organizationId, (transaction) =>
      transaction.delete('projects', projectKey({ organizationId, id })),
    );
  }

  async acquireRequest(
    mine: AnsweredRequest,
    replaces: string | undefined,
  ): Promise<AnsweredRequest | undefined> {
    const { organizationId } = mine;
    const oldest = new Date(Date.parse(mine.startedAt) - idempotencyLifetimeMs).toISOString();
    const query = { organizationId, order: 'age', upTo: oldest, limit: rowsAtOnce } as const;
    const old = await this.backend.list('answeredRequests', query);
    return this.backend.transact(organizationId, async (transaction) => {
      await assertOrganization(transaction, organizationId);
      for (const { id } of old) await transaction.delete('answeredRequests', id);
      const stored = await transaction.get('answeredRequests', mine.id);
      if (stored !== undefined && (stored.answer || stored.requestId !== replaces)) return stored;
      await transaction.put('answeredRequests', ownCopy('answeredRequests', mine));
      return undefined;
    });
  }

  async finishRequest(mine: AnsweredRequest): Promise<void> {
    await this.backend.transact(mine.organizationId, async (transaction) => {
      const stored = await transaction.get('answeredRequests', mine.id);
      // Another attempt took its place.
      if (stored?.requestId !== mine.requestId) return;
      await transaction.put('answeredRequests', ownCopy('answeredRequests', mine));
    });
  }

  async releaseRequest({ organizationId, id, requestId }: AnsweredRequest): Promise<void> {
    await this.backend.transact(organizationId, async (transaction) => {
      const stored = await transaction.get('answeredRequests', id);
      if (stored?.requestId === requestId) await transaction.delete('answeredRequests', id);
    });
  }

  async appendAudit(records: readonly AuditRecord[]): Promise<void> {
    for (const own of byOrganization(records, ({ organizationId }) => organizationId).values())
      await this.backend.log.append(own);
  }

  auditRecords(
    organizationId: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    return this.backend.log.read(organizationId, page);
  }

  async signAudit(before: string): Promise<number> {
    return (await this.backend.log.checkpoints?.sign(firstAuditIdAt(Date.parse(before)))) ?? 0;
  }

  async auditFaults(): Promise<string[]> {
    return (await this.backend.log.checkpoints?.faults()) ?? [];
  }

  deleteAuditBefore(keptSince: string): Promise<number> {
    return this.backend.log.trim(firstAuditIdAt(Date.parse(keptSince)));
  }

  leaseJobs(request: { now: string; leaseUntil: string; limit: number }): Promise<Job[]> {
    return leaseDue(this.backend, 'jobs', request);
  }

  completeJob(leased: Job, next: { dueAt: string; attempts: number } | undefined): Promise<void> {
    return completeDue(this.backend, 'jobs', leased, next);
  }

  async hastenProofs(latest: string, now: string): Promise<void> {
    const late: Job[] = [];
    for (let after: string | undefined; ; ) {
      const found = await this.backend.list('jobs', { order: 'due', after, limit: rowsAtOnce });
      late.push(...found.filter(({ purpose, dueAt }) => purpose === 'confirm_revocation' && dueAt > latest));
      const last = found.at(-1);
      if (last === undefined || found.length < rowsAtOnce) break;
      after = jobKey(last);
    }
    for (const job of late) await this.completeJob(job, { dueAt: now, attempts: job.attempts });
  }

  nextJobAt(): Promise<string | undefined> {
    return nextDueAt(this.backend, 'jobs');
  }

  leaseMessages(request: { now: string; leaseUntil: string; limit: number }): Promise<OutboxMessage[]> {
    return leaseDue(this.backend, 'messages', request);
  }

  completeMessage(leased: OutboxMessage, next: NextDelivery | undefined): Promise<void> {
    return completeMessage(this.backend, leased, next);
  }

  firstMessage(message: OutboxMessage): Promise<OutboxMessage | undefined> {
    return firstMessage(this.backend, message);
  }

  hastenMessages(endpoint: string | undefined, now: string): Promise<void> {
    return hastenMessages(this.backend, endpoint, now);
  }

  async addMessage(message: OutboxMessage): Promise<void> {
    const own = ownCopy('messages', message);
    await this.backend.transact(own.organizationId, (transaction) => transaction.put('messages', own));
  }

  deliveries(page: DeliveryPage): Promise<{ deliveries: OutboxMessage[]; hasMore: boolean }> {
    return deliveries(this.backend, page);
  }

  delivery(endpoint: string, id: string): Promise<OutboxMessage | undefined> {
    return this.#one('messages', messageKey({ id, endpoint }));
  }

  replayMessage(message: OutboxMessage, now: string): Promise<boolean> {
    return replayMessage(this.backend, message, now);
  }

  async saveWebhookEndpoint(endpoint: WebhookEndpoint): Promise<void> {
    const own = ownCopy('webhookEndpoints', endpoint);
    await this.backend.transact(own.organizationId, async (transaction) => {
      await assertOrganization(transaction, own.organizationId);
      await transaction.put('webhookEndpoints', own);
    });
  }

  webhookEndpoint(id: string): Promise<WebhookEndpoint | undefined> {
    return this.#one('webhookEndpoints', id);
  }

  webhookEndpoints(organizationId: OrganizationId): Promise<WebhookEndpoint[]> {
    const query = { organizationId, order: 'created', limit: rowsAtOnce } as const;
    return collect(
      (after) => this.backend.list('webhookEndpoints', { ...query, after }),
      ({ id }) => id,
    );
  }

  changeWebhookEndpoint(
    { id, organizationId }: Pick<WebhookEndpoint, 'id' | 'organizationId'>,
    change: (stored: WebhookEndpoint) => WebhookEndpoint,
  ): Promise<WebhookEndpoint | undefined> {
    return this.backend.transact(organizationId, async (transaction) => {
      const stored = await transaction.get('webhookEndpoints', id);
      if (stored?.organizationId !== organizationId) return undefined;
      const next = ownCopy('webhookEndpoints', change(stored));
      transaction.forgetVersionBefore();
      await transaction.put('webhookEndpoints', next);
      return next;
    });
  }

  async deleteWebhookEndpoint({ id, organizationId }: WebhookEndpoint): Promise<void> {
    await this.backend.transact(organizationId, (transaction) => transaction.delete('webhookEndpoints', id));
  }

  nextMessageAt(): Promise<string | undefined> {
    return nextDueAt(this.backend, 'messages');
  }

  async saveToken(token: Token): Promise<void> {
    const own = ownCopy('tokens', token);
    await this.backend
      .transact(own.organizationId, async (transaction) => {
        await assertOrganization(transaction, own.organizationId);
        await transaction.put('tokens', own);
      })
      .catch(conflictAs('token'));
  }

  token(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    return this.#one('tokens', tokenKey({ kind, hash }));
  }

  tokensOf(organizationId: OrganizationId, kind: Token['kind']): Promise<Token[]> {
    const query = { organizationId, order: 'expiry', where: { kind }, limit: rowsAtOnce } as const;
    return collect((after) => this.backend.list('tokens', { ...query, after }), tokenKey);
  }

  async takeToken(kind: Token['kind'], hash: string): Promise<Token | undefined> {
    const key = tokenKey({ kind, hash });
    const found = await this.#one('tokens', key);
    if (found === undefined) return undefined;
    return this.backend.transact(found.organizationId, async (transaction) => {
      const stored = await transaction.get('tokens', key);
      if (stored) await transaction.delete('tokens', key);
      return stored;
    });
  }

  async replaceToken(before: Token, next: Token): Promise<boolean> {
    const seen = ownCopy('tokens', before);
    return this.backend.transact(before.organizationId, async (transaction) => {
      if (!isDeepStrictEqual(await transaction.get('tokens', tokenKey(before)), seen)) return false;
      await transaction.put('tokens', ownCopy('tokens', next));
      return true;
    });
  }

  async deleteExpiredTokens(now: string): Promise<void> {
    for (;;) {
      const expired = await this.backend.list('tokens', { order: 'expiry', upTo: now, limit: rowsAtOnce });
      for (const [organizationId, tokens] of byOrganization(expired, (token) => token.organizationId))
        await this.backend.transact(organizationId, async (transaction) => {
          for (const token of tokens) {
            const stored = await transaction.get('tokens', tokenKey(token));
            if (stored && stored.expiresAt <= now) await transaction.delete('tokens', tokenKey(token));
          }
        });
      if (expired.length < rowsAtOnce) return;
    }
  }

  ready(): Promise<void> {
    return this.backend.ready();
  }

  close(): Promise<void> {
    return this.backend.close();
  }

  async #one<Name extends TableName>(table: Name, key: string): Promise<Values[Name] | undefined> {
    const [found] = await this.backend.get(table, [key]);
    return found;
  }

  #oldIdempotency(organizationId: OrganizationId, { firstAttemptAt }: IdempotencyRecord) {
    const upTo = dayBefore(firstAttemptAt);
    return this.backend.list('idempotency', { organizationId, order: 'age', upTo, limit: rowsAtOnce });
  }

  /** @throws RolebridgeError `connection_not_found` */
  async #organizationOf(id: ConnectionId): Promise<OrganizationId> {
    const connection = await this.#one('connections', id);
    if (connection === undefined) throw connectionNotFound();
    return connection.organizationId;
  }

  /** Why a change can't be; undefined when what was in its way is gone. */
  async #refusal(
    { constraint }: UniqueConflict,
    { connection, replaceScopes = false }: Change,
  ): Promise<RolebridgeError | undefined> {
    if (constraint === 'role')
      return new RolebridgeError('role_already_connected', 'This role is already connected.', {
        remedy: 'Disconnect it where it is connected, or use another role.',
      });
    if (constraint === 'key')
      return new RolebridgeError('connection_changed', 'The connection has changed in the meantime.');
    if (constraint === 'externalId' || connection === undefined) return alreadyThere('external ID');
    const { organizationId, id, scopes } = connection.next;
    const holders = (await this.scopeHolders(organizationId, [...new Set(scopes.map(scopeKey))]))
      .filter((held) => held.connection.id !== id)
      .filter((held) => !mayTakeScopes(held.connection, connection.next, replaceScopes))
      .map(({ key, connection }) => ({ connection, scope: scopeFromKey(key) }));
    if (holders.length === 0) return undefined;
    return new RolebridgeError(
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
  }
}

/** All pages of a list. */
async function collect<Value>(
  page: (after: string | undefined) => Promise<readonly Value[]>,
  keyOf: (value: Value) => string,
): Promise<Value[]> {
  const found: Value[] = [];
  for (let after: string | undefined; ; ) {
    const more = await page(after);
    found.push(...more);
    const last = more.at(-1);
    if (last === undefined || more.length < rowsAtOnce) return found;
    after = keyOf(last);
  }
}

const conflictAs =
  (what: string) =>
  (error: unknown): never => {
    throw error instanceof UniqueConflict ? alreadyThere(what) : error;
  };

function referenceTaken(error: unknown): never {
  if (error instanceof UniqueConflict && error.constraint === 'reference')
    throw new RolebridgeError('reference_taken', 'Another organization has this reference.', {
      remedy: 'Use that organization, or choose another reference.',
    });
  throw error;
}
