import type { AuditIntent } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { mayTakeScopes, withoutScopes } from '../domain/connection-scopes.js';
import type { Change } from '../domain/ports.js';
import { jobsAfter } from '../domain/schedule.js';
import { scopeKey } from '../domain/scope.js';
import { type ConnectionMessage, messagesAfter, scopesChanged } from '../domain/webhook-message.js';
import type { IdempotencyRecordOf, TakeOutcome } from './audited.js';
import type { Dependencies } from './dependencies.js';
import { outboxMessages } from './outbox.js';

/**
 * Stores a connection and the consequences of its change in one commit: its next check, and the messages to the vendor's
 * endpoints.
 */
export async function commitWithConsequences(
  deps: Dependencies,
  intent: AuditIntent,
  before: Connection | undefined,
  next: Connection,
  {
    isExpiry = false,
    replaceScopes = false,
    messagesOf = () => [],
    takeOutcome,
    error,
    idempotency,
    quotas,
  }: CommitOptions = {},
): Promise<void> {
  const about = { organizationId: next.organizationId, connectionId: next.id };
  const messages = await outboxMessages(deps, about, [
    ...messagesAfter(before, next, { isExpiry }),
    ...(await lostScopes(deps, next, replaceScopes)),
    ...messagesOf(next),
  ]);
  const { jobs, endJobs } = jobsAfter(before, next, deps.schedule, deps.clock.now());
  await deps.store.commit({
    replaceScopes,
    connection: { next, ifVersion: before?.version ?? null, intent },
    jobs,
    endJobs,
    messages,
    ...(quotas && { quotas }),
    ...(takeOutcome && { audit: [takeOutcome(error)] }),
    ...(idempotency && { idempotency: idempotency(error === undefined ? { connection: next } : { error }) }),
  });
  if (jobs.length > 0 || messages.length > 0) deps.wake();
}

/** The messages about connections that lose a scope to this one. */
async function lostScopes(
  { store }: Dependencies,
  next: Connection,
  replace: NonNullable<Change['replaceScopes']>,
): Promise<ConnectionMessage[]> {
  if (replace === false || next.scopes.length === 0) return [];
  const keys = new Set(next.scopes.map(scopeKey));
  const holders = (await store.scopeHolders(next.organizationId, [...keys]))
    .map(({ connection }) => connection)
    .filter((holder) => holder.id !== next.id && mayTakeScopes(holder, next, replace));
  return [...new Map(holders.map((holder) => [holder.id, holder])).values()].map((holder) =>
    scopesChanged({ ...withoutScopes(holder, keys), version: holder.version + 1 }, holder),
  );
}

export interface CommitOptions extends Pick<Change, 'replaceScopes' | 'quotas'> {
  /** The connection is deleted because it was never used. */
  readonly isExpiry?: boolean;
  /** Messages about the stored connection, besides those of the change itself. */
  readonly messagesOf?: ((stored: Connection) => readonly ConnectionMessage[]) | undefined;
  /** The audit log's record of the outcome, stored with the change. */
  readonly takeOutcome?: TakeOutcome | undefined;
  /** The error of a change that stores a failure. */
  readonly error?: unknown;
  /** The idempotency record of the callback that caused the change, stored with it. */
  readonly idempotency?: IdempotencyRecordOf | undefined;
}
