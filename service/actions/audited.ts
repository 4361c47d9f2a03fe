import type { AuditEvent, AuditIntent, AuditRecord, Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { newAuditId } from '../domain/ids.js';
import type { Change, Clock, IdempotencyRecord, Store } from '../domain/ports.js';

type Log = { readonly store: Pick<Store, 'appendAudit' | 'commit'>; readonly clock: Clock };
type Ending = Pick<Extract<AuditRecord, { phase: 'outcome' }>, 'outcome' | 'code'>;

/**
 * Does something with its intent in the audit log before and its outcome after. Without the log nothing is done; a
 * crash in between leaves an intent without an outcome.
 * @throws RolebridgeError `store_unavailable` when the log can't be written, and errors of the effect
 */
export async function audited<Result>(
  log: Log,
  by: Requester,
  event: AuditEvent,
  effect: (intent: AuditIntent, takeOutcome: TakeOutcome) => Promise<Result>,
  /** Of the callback that asks: a failure is stored in one commit with its answer. */
  idempotency?: IdempotencyRecordOf,
): Promise<Result> {
  const { actor, requestId } = by;
  const intent: AuditRecord = { ...event, actor, requestId, ...stamp(log.clock), phase: 'intent' };
  await log.store.appendAudit([intent]);
  const outcome = (ending: Ending): AuditRecord => ({
    ...event,
    actor,
    requestId,
    ...stamp(log.clock),
    phase: 'outcome',
    intentId: intent.id,
    ...ending,
  });
  let taken: { readonly error: unknown } | undefined;
  const takeOutcome = (error?: unknown) => {
    taken = { error };
    return outcome(error === undefined ? { outcome: 'succeeded' } : endingOf(error));
  };
  let result: Result;
  try {
    // Only here is the brand given: an id of an intent that is in the log.
    result = await effect(intent.id as AuditIntent, takeOutcome);
  } catch (error) {
    // A commit that failed stored no outcome either.
    if (taken === undefined || taken.error !== error) {
      const record = outcome(endingOf(error));
      if (idempotency) await log.store.commit({ audit: [record], idempotency: idempotency({ error }) });
      // What went wrong first is what the caller has to know.
      else await log.store.appendAudit([record]).catch(() => {});
    }
    throw error;
  }
  if (taken === undefined) await log.store.appendAudit([outcome({ outcome: 'succeeded' })]);
  return result;
}

/** The record of the outcome, for the commit that is the last thing done: it is stored with that or not at all. */
export type TakeOutcome = (error?: unknown) => AuditRecord;

/** The answer to a callback, by what became of it, for the commit that decides it. */
export type IdempotencyRecordOf = (
  outcome: { readonly connection: Connection } | { readonly error: unknown },
) => IdempotencyRecord;

/**
 * Records a decision without a change or a call to AWS: an answer from memory, or a refusal. Nothing
 * is answered before it is recorded.
 */
export async function recordOutcome(
  { store, clock }: Log,
  { actor, requestId }: Requester,
  event: AuditEvent,
  error?: unknown,
  /** Stored in the same commit. */
  change?: Pick<Change, 'idempotency' | 'messages'>,
): Promise<void> {
  const ending: Ending = error === undefined ? { outcome: 'succeeded' } : endingOf(error);
  const record = { ...event, actor, requestId, ...stamp(clock), phase: 'outcome', ...ending } as const;
  if (change) await store.commit({ ...change, audit: [record] });
  else await store.appendAudit([record]);
}

const stamp = (clock: Clock) => {
  const now = clock.now();
  return { id: newAuditId(now), at: new Date(now).toISOString() };
};

function endingOf(error: unknown): Ending {
  if (!(error instanceof RolebridgeError)) return { outcome: 'failed', code: 'internal_error' };
  const { code, retryAfterSeconds } = error;
  return { outcome: retryAfterSeconds === undefined ? 'refused' : 'inconclusive', code };
}
