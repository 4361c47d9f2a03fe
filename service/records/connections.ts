import { type Connection, isDeleted, isVerifiable } from '../domain/connection.js';
import { invalidRequest } from '../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import { forEachName } from '../domain/keys-of.js';
import type { ConnectionPage, Store } from '../domain/ports.js';
import { keysWithin, scopeKey } from '../domain/scope.js';
import type { Backend } from './backend.js';
import { changeRow } from './change-row.js';
import { cut, named, one, pagesOf } from './pages.js';
import { joined } from './reports.js';
import { jobKey, ownCopy } from './tables.js';

/** Queries about connections; `commit.ts` changes them. */
export function connectionsIn(backend: Backend) {
  async function connectionForCallback(id: ConnectionId): Promise<Connection | undefined> {
    const [connection, report] = await Promise.all([
      one(backend, 'connections', id),
      one(backend, 'reports', id),
    ]);
    return connection && joined(connection, report);
  }

  return {
    async connection(organizationId, id) {
      const found = await connectionForCallback(id);
      return found?.organizationId === organizationId && !isDeleted(found) ? found : undefined;
    },

    connectionForCallback,

    connections: (organizationId, page) => pageOf(backend, organizationId, page),

    async roleHolder(role) {
      const [holder] = await backend.holders('connections', 'role', [role]);
      return holder && connectionForCallback(holder.id);
    },

    scopeHolders: (organizationId, keys) => scopeHolders(backend, organizationId, keys),

    async narrowerScopeHolders(organizationId, key, limit) {
      const { after, before } = keysWithin(key);
      const holding = { constraint: 'scope', after, before } as const;
      const query = { organizationId, order: 'created', holding, limit } as const;
      return (await backend.list('connections', query))
        .flatMap((connection) => connection.scopes.map((scope) => ({ key: scopeKey(scope), connection })))
        .filter((held) => held.key > after && held.key < before)
        .sort((mine, other) => (mine.key < other.key ? -1 : 1))
        .slice(0, limit);
    },

    async *everyConnection() {
      for await (const page of pagesOf(backend, 'connections', { order: 'created' })) yield* page;
    },

    // No new version: decisions in progress and sessions stay valid.
    async markConnectionUsed({ organizationId, id: key }, lastUsedAt) {
      const used = (stored: Connection) => ({ ...stored, lastUsedAt });
      await changeRow(backend, 'connections', { organizationId, key }, used, { lasting: false });
    },

    async *unwatchedConnections(latest) {
      for await (const page of pagesOf(backend, 'connections', { order: 'created' })) {
        const verifiable = page.filter(isVerifiable);
        const keys = verifiable.map(({ id }) => jobKey({ connectionId: id, purpose: 'verify' }));
        const jobs = await backend.get('jobs', keys);
        yield* verifiable.filter((_, index) => {
          const job = jobs[index];
          return !job || (latest !== undefined && (job.leaseExpiresAt ?? job.dueAt) > latest);
        });
      }
    },

    async connectionTotals() {
      const [status, assurance, code, permissionSets, permissions] = await Promise.all([
        backend.count('connections', 'status', { deleted: 'no' }),
        backend.count('connections', 'assurance', { deleted: 'no', status: 'connected' }),
        backend.count('connections', 'code', { deleted: 'no', status: 'failed' }),
        backend.count('connections', 'permissionSetVersion', { deleted: 'no' }),
        backend.count('connections', 'permissions', { deleted: 'no', status: 'connected' }),
      ]);
      return {
        status: forEachName(
          ['pending', 'connected', 'failed', 'disconnected'],
          (name) => status.get(name) ?? 0,
        ),
        assurance: forEachName(['proven', 'tested'], (name) => assurance.get(name) ?? 0),
        code,
        permissionSets: withoutUnset(permissionSets),
        permissions: withoutUnset(permissions),
      };
    },

    async saveRunningCheck(check) {
      const own = ownCopy('runningChecks', check);
      await backend.transact(own.organizationId, (transaction) =>
        transaction.put('runningChecks', own, { lasting: false }),
      );
    },

    async runningCheck(organizationId, connectionId) {
      const found = await one(backend, 'runningChecks', connectionId);
      return found?.organizationId === organizationId ? found : undefined;
    },
  } satisfies Partial<Store>;
}

/** Rows without the value are counted under an empty name. */
const withoutUnset = (counts: ReadonlyMap<string, number>) =>
  new Map([...counts].filter(([name]) => name !== ''));

export async function scopeHolders(
  backend: Backend,
  organizationId: OrganizationId,
  keys: readonly string[],
): Promise<{ key: string; connection: Connection }[]> {
  const holders = await backend.holders('connections', 'scope', keys, organizationId);
  const held: { key: string; connection: Connection }[] = [];
  for (const [index, key] of keys.entries()) {
    const connection = holders[index];
    if (connection) held.push({ key, connection });
  }
  return held;
}

async function pageOf(
  backend: Backend,
  organizationId: OrganizationId | undefined,
  page: ConnectionPage,
): Promise<{ connections: Connection[]; hasMore: boolean }> {
  const {
    limit,
    after,
    before,
    search,
    status,
    code,
    accountId,
    assurance,
    reference,
    permissionSet,
    permissions,
  } = page;
  const place = before ?? after;
  const last = place === undefined ? undefined : await one(backend, 'connections', place);
  const isOther = organizationId !== undefined && last?.organizationId !== organizationId;
  if (place !== undefined && (last === undefined || isOther))
    throw invalidRequest('query.after', 'there is no such connection', 'Start again with the first page.');
  const set = permissionSet?.includes('@') ? { permissionSetVersion: permissionSet } : { permissionSet };
  const where = { deleted: 'no', status, code, accountId, assurance, reference, permissions, ...set };
  const query = {
    organizationId,
    order: page.order ?? 'created',
    where,
    search: named(search),
    within: page.scope,
    after,
    before,
    limit: limit + 1,
  } as const;
  const { shown, hasMore } = cut(await backend.list('connections', query), query);
  if (page.withoutReports) return { connections: shown, hasMore };
  const ids = shown.map(({ id }) => id);
  const reports = await backend.get('reports', ids);
  return { connections: shown.map((connection, index) => joined(connection, reports[index])), hasMore };
}
