import { isDeepStrictEqual } from 'node:util';
import type { IdempotencyRecord } from '../domain/answered-request.js';
import { accessKeyOf, type Connection, externalIdsOf, isDeleted } from '../domain/connection.js';
import { mayTakeScopes, withoutScopes } from '../domain/connection-scopes.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ConnectionId, ExternalId, OrganizationId } from '../domain/ids.js';
import { jobKey } from '../domain/job.js';
import type { Change } from '../domain/ports.js';
import { scopeKey } from '../domain/scope.js';
import { type Transaction, UniqueConflict } from './backend.js';
import { assertOrganization } from './change-row.js';
import { requireRoom } from './quotas.js';
import { hasVerification, reportOf, withoutReport } from './reports.js';
import { idempotencyKey } from './tables.js';

/** Writes all of a change in the transaction. @throws RolebridgeError, UniqueConflict */
export async function applyChange(
  transaction: Transaction,
  organizationId: OrganizationId,
  change: Change,
): Promise<void> {
  const { connection, idempotency, jobs = [], endJobs = [], messages = [], audit = [] } = change;
  if (connection) await saveConnection(transaction, connection, change.replaceScopes ?? false, change.quotas);
  const known = new Set<ConnectionId>(connection ? [connection.next.id] : []);
  for (const { connectionId } of [...(idempotency ? [idempotency] : []), ...jobs, ...endJobs, ...messages]) {
    if (connectionId === undefined || known.has(connectionId)) continue;
    const stored = await transaction.get('connections', connectionId);
    if (stored?.organizationId !== organizationId)
      throw new RolebridgeError('connection_not_found', 'There is no such connection.');
    known.add(connectionId);
  }
  if (idempotency) await saveIdempotency(transaction, idempotency);
  for (const ended of endJobs) await transaction.delete('jobs', jobKey(ended));
  for (const job of jobs) await transaction.put('jobs', job);
  for (const message of messages) await transaction.put('messages', message);
  transaction.audit(audit);
}

/** @throws RolebridgeError `connection_changed` when another process answered the event */
async function saveIdempotency(transaction: Transaction, idempotency: IdempotencyRecord): Promise<void> {
  const stored = await transaction.get('idempotency', idempotencyKey(idempotency));
  if (stored?.answer === undefined) await transaction.put('idempotency', idempotency);
  else if (idempotency.answer !== undefined) throw changedMeanwhile();
}

async function saveConnection(
  transaction: Transaction,
  { next, ifVersion }: NonNullable<Change['connection']>,
  replaceScopes: NonNullable<Change['replaceScopes']>,
  quotas: Change['quotas'],
): Promise<void> {
  const stored = await transaction.get('connections', next.id);
  if ((stored?.version ?? null) !== ifVersion || (stored && stored.organizationId !== next.organizationId))
    throw changedMeanwhile();
  if (!stored) {
    await assertOrganization(transaction, next.organizationId);
    await requireRoom(transaction, quotas);
  }
  if (replaceScopes) await takeScopes(transaction, next, replaceScopes);
  const encrypted = stored && accessKeyOf(stored)?.encrypted;
  if (encrypted && !isDeepStrictEqual(encrypted, accessKeyOf(next)?.encrypted))
    transaction.dropFormerVersion();
  const before = stored ? externalIdsOf(stored) : [];
  await reviveExternalIds(transaction, before, next);
  // `markConnectionUsed` does not raise the version, so `next` may have an older time.
  const lastUsedAt = stored?.lastUsedAt ?? next.lastUsedAt;
  await transaction.put('connections', { ...withoutReport(next), ...(lastUsedAt && { lastUsedAt }) });
  await saveReport(transaction, next);
  if (isDeleted(next)) await transaction.delete('runningChecks', next.id);
  const { id: connectionId, organizationId } = next;
  const after = externalIdsOf(next);
  for (const externalId of before.filter((one) => !after.includes(one)))
    await transaction.put('retiredExternalIds', { externalId, connectionId, organizationId });
}

/** A retired external ID can be used again only by the connection that had it. */
async function reviveExternalIds(
  transaction: Transaction,
  before: readonly ExternalId[],
  next: Connection,
): Promise<void> {
  for (const externalId of externalIdsOf(next).filter((one) => !before.includes(one))) {
    const retired = await transaction.get('retiredExternalIds', externalId);
    if (retired?.connectionId === next.id) await transaction.delete('retiredExternalIds', externalId);
  }
}

async function saveReport(transaction: Transaction, next: Connection): Promise<void> {
  const report = reportOf(next);
  if (report) {
    if (!isDeepStrictEqual(await transaction.get('reports', next.id), report))
      await transaction.put('reports', report);
  } else if (!hasVerification(next)) await transaction.delete('reports', next.id);
}

/** Takes the scopes of `next` from the connections that hold them. @throws UniqueConflict */
async function takeScopes(
  transaction: Transaction,
  next: Connection,
  replaceScopes: NonNullable<Change['replaceScopes']>,
): Promise<void> {
  if (isDeleted(next)) return;
  const wanted = new Set(next.scopes.map(scopeKey));
  const holders = new Set<string>();
  for (const key of wanted) {
    const holder = await transaction.holder('scope', key);
    if (holder !== undefined && holder !== next.id) holders.add(holder);
  }
  // Sorted, so that two changes that take from the same connections can't deadlock.
  for (const id of [...holders].sort()) {
    const holder = await transaction.get('connections', id);
    if (holder === undefined) continue;
    if (!mayTakeScopes(holder, next, replaceScopes)) throw new UniqueConflict('scope');
    await transaction.put('connections', {
      ...withoutScopes(holder, wanted),
      version: holder.version + 1,
      updatedAt: next.updatedAt,
    });
  }
}

const changedMeanwhile = (): RolebridgeError =>
  new RolebridgeError('connection_changed', 'The connection has changed in the meantime.', {
    remedy: 'Read the connection again and repeat the change.',
  });
