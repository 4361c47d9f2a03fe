import { isDeepStrictEqual } from 'node:util';
import { accessKeyOf, type Connection, externalIdsOf, isDeleted } from '../domain/connection.js';
import { mayTakeScopes, withoutScopes } from '../domain/connection-scopes.js';
import { RolebridgeError } from '../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import type { Change, IdempotencyRecord } from '../domain/ports.js';
import { scopeKey } from '../domain/scope.js';
import { type Transaction, UniqueConflict } from './backend.js';
import { requireRoom } from './quotas.js';
import { hasVerification, reportOf, withoutReport } from './reports.js';
import { idempotencyKey, jobKey, ownCopy, type StoredIdempotencyRecord } from './tables.js';

/** Puts all of a change into the transaction. @throws RolebridgeError, UniqueConflict */
export async function commitChange(
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
    if (stored?.organizationId !== organizationId) throw connectionNotFound();
    known.add(connectionId);
  }
  if (idempotency) await saveIdempotency(transaction, storedIdempotency(idempotency, organizationId));
  for (const ended of endJobs) await transaction.delete('jobs', jobKey(ended));
  for (const job of jobs) await transaction.put('jobs', job);
  for (const message of messages) await transaction.put('messages', message);
  transaction.audit(audit);
}

/** @throws RolebridgeError `connection_changed` when another process answered the event */
async function saveIdempotency(
  transaction: Transaction,
  idempotency: StoredIdempotencyRecord,
): Promise<void> {
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
    transaction.forgetVersionBefore();
  // The connection can reuse its own earlier values; released ones are never reused by others.
  const { id: connectionId, organizationId } = next;
  const before = stored ? externalIdsOf(stored) : [];
  const after = externalIdsOf(next);
  for (const externalId of after.filter((one) => !before.includes(one))) {
    const retired = await transaction.get('retiredExternalIds', externalId);
    if (retired?.connectionId === connectionId) await transaction.delete('retiredExternalIds', externalId);
  }
  // A use since then made no new version: the change does not know of it.
  const lastUsedAt = stored?.lastUsedAt ?? next.lastUsedAt;
  await transaction.put('connections', { ...withoutReport(next), ...(lastUsedAt && { lastUsedAt }) });
  await saveReport(transaction, next);
  if (isDeleted(next)) await transaction.delete('runningChecks', next.id);
  for (const externalId of before.filter((one) => !after.includes(one)))
    await transaction.put('retiredExternalIds', { externalId, connectionId, organizationId });
}

async function saveReport(transaction: Transaction, next: Connection): Promise<void> {
  const report = reportOf(next);
  if (report) {
    if (!isDeepStrictEqual(await transaction.get('reports', next.id), report))
      await transaction.put('reports', report);
  } else if (!hasVerification(next)) await transaction.delete('reports', next.id);
}

/** Those that hold what `next` wants give it up, in the same change. @throws UniqueConflict */
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
  // Sorted: two changes that take from the same connections never wait for each other.
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

const storedIdempotency = (
  { answer, ...record }: IdempotencyRecord,
  organizationId: OrganizationId,
): StoredIdempotencyRecord =>
  ownCopy('idempotency', {
    ...record,
    organizationId,
    ...(answer && { answer: { ...answer, body: JSON.stringify(answer.body) ?? 'null' } }),
  });

export function idempotencyOf({ organizationId: _, ...stored }: StoredIdempotencyRecord): IdempotencyRecord {
  const { answer, ...record } = stored;
  return { ...record, ...(answer && { answer: { ...answer, body: JSON.parse(answer.body) } }) };
}

/** @throws RolebridgeError `not_found` */
export async function assertOrganization(transaction: Transaction, id: OrganizationId): Promise<void> {
  const organization = await transaction.get('organizations', id);
  if (organization === undefined || organization.erasedAt !== undefined)
    throw new RolebridgeError('not_found', 'There is no such organization.');
}

export const connectionNotFound = (): RolebridgeError =>
  new RolebridgeError('connection_not_found', 'There is no such connection.');

export const conflictAs =
  (what: string) =>
  (error: unknown): never => {
    throw error instanceof UniqueConflict ? alreadyThere(what) : error;
  };

export const alreadyThere = (what: string): RolebridgeError =>
  new RolebridgeError('internal_error', `This ${what} is already in the store.`);
