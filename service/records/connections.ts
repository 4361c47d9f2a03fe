import {
  assurance as assuranceNames,
  type Connection,
  connectionStatus,
  isDeleted,
  isVerifiable,
} from '../domain/connection.js';
import { invalidRequest } from '../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import { jobKey } from '../domain/job.js';
import { forEachName } from '../domain/keys-of.js';
import type { ConnectionPage, ScopeHolder, Store } from '../domain/ports.js';
import { isKeyWithin, scopeKey } from '../domain/scope.js';
import type { Backend } from './backend.js';
import { changeRow } from './change-row.js';
import { named, one, pageOf, pagesOf } from './pages.js';
import { withReport } from './reports.js';
import { validatedCopy } from './tables.js';

/** Queries about connections; `commit.ts` changes them. */
export function connectionsIn(backend: Backend) {
  async function connectionForCallback(id: ConnectionId): Promise<Connection | undefined> {
    const [connection, report] = await Promise.all([
      one(backend, 'connections', id),
      one(backend, 'reports', id),
    ]);
    return connection && withReport(connection, report);
  }

  return {
    async connection(organizationId, id) {
      const found = await connectionForCallback(id);
      return found?.organizationId === organizationId && !isDeleted(found) ? found : undefined;
    },

    connectionForCallback,

    connections: (organizationId, page) => connectionPage(backend, organizationId, page),

    async roleHolder(role) {
      const [holder] = await backend.holders('connections', 'role', [role]);
      return holder && connectionForCallback(holder.id);
    },

    scopeHolders: (organizationId, keys) => scopeHolders(backend, organizationId, keys),

    async scopeHoldersWithin(organizationId, scope, limit) {
      const within = { scope, first: limit };
      const isHeld = isKeyWithin(scope);
      const holders = await backend.list('connections', { organizationId, order: 'created', within, limit });
      return holders
        .flatMap((connection) => connection.scopes.map((scope) => ({ key: scopeKey(scope), connection })))
        .filter(({ key }) => isHeld(key))
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

    async *connectionsWithoutJob(latest) {
      for await (const page of pagesOf(backend, 'connections', { order: 'created' })) {
        const verifiable = page.filter(isVerifiable);
        const keys = verifiable.map(({ id }) => jobKey({ connectionId: id, purpose: 'verify' }));
        const jobs = await backend.get('jobs', keys);
        yield* verifiable.filter((_, index) => {
          const job = jobs[index];
          return !job || (job.leaseExpiresAt ?? job.dueAt) > latest;
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
        status: forEachName(connectionStatus.options, (name) => status.get(name) ?? 0),
        assurance: forEachName(assuranceNames.options, (name) => assurance.get(name) ?? 0),
        code,
        permissionSets: withoutUnset(permissionSets),
        permissions: withoutUnset(permissions),
      };
    },

    async saveRunningCheck(check) {
      const own = validatedCopy('runningChecks', check);
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
): Promise<ScopeHolder[]> {
  const holders = await backend.holders('connections', 'scope', keys, organizationId);
  const held: ScopeHolder[] = [];
  for (const [index, key] of keys.entries()) {
    const connection = holders[index];
    if (connection) held.push({ key, connection });
  }
  return held;
}

async function connectionPage(
  backend: Backend,
  organizationId: OrganizationId | undefined,
  page: ConnectionPage,
): Promise<{ connections: Connection[]; hasMore: boolean }> {
  const { limit, after, before, order = 'created', permissionSet, scope } = page;
  const { status, code, accountId, assurance, reference, permissions } = page;
  const place = before ?? after;
  const last = place && (await one(backend, 'connections', place));
  if (place && (last === undefined || last.organizationId !== (organizationId ?? last.organizationId)))
    throw invalidRequest('query.after', 'there is no such connection', 'Start again with the first page.');
  const set = permissionSet?.includes('@') ? { permissionSetVersion: permissionSet } : { permissionSet };
  const where = { deleted: 'no', status, code, accountId, assurance, reference, permissions, ...set };
  const within = scope === undefined ? undefined : { scope };
  const found = { organizationId, order, where, search: named(page.search), within };
  const { rows, hasMore } = await pageOf(backend, 'connections', { ...found, limit, after, before });
  if (page.withoutReports) return { connections: rows, hasMore };
  const reports = await backend.get(
    'reports',
    rows.map(({ id }) => id),
  );
  return { connections: rows.map((connection, index) => withReport(connection, reports[index])), hasMore };
}
