import type { AuditEvent, AuditIntent, AuditRecord, Requester } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { newAuditId } from '../domain/ids.js';
import type { Change, Clock, IdempotencyRecord, Store } from '../domain/ports.js';

type Log = { readonly store: Pick<Store, 'appendAudit' | 'commit'>; readonly clock: Clock };
type Ending = Pick<Extract<AuditRecord, { phase: 'outcome' }>, 'outcome' | 'code'>;

/**
 * Records the intent, runs the effect, and records the outcome. Without a writable log nothing is done; a crash in between
 * leaves an intent without an outcome.
 * @throws RolebridgeError `store_unavailable` when the log can't be written, and errors of the effect
 */
export async function audited<Result>(
  log: Log,
  by: Requester,
  event: AuditEvent,
  effect: (intent: AuditIntent, takeOutcome: TakeOutcome) => Promise<Result>,
  /** The callback's idempotency record: a failure is stored in one commit with its answer. */
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
    // The only place that creates the brand: the intent with this id is in the log.
    result = await effect(intent.id as AuditIntent, takeOutcome);
  } catch (error) {
    // A failed commit stored no outcome.
    if (taken === undefined || taken.error !== error) {
      const record = outcome(endingOf(error));
      if (idempotency) await log.store.commit({ audit: [record], idempotency: idempotency({ error }) });
      // The caller needs the first error.
      else await log.store.appendAudit([record]).catch(() => {});
    }
    throw error;
  }
  if (taken === undefined) await log.store.appendAudit([outcome({ outcome: 'succeeded' })]);
  return result;
}

/** Returns the record of the outcome, to store it in the commit of the change. */
export type TakeOutcome = (error?: unknown) => AuditRecord;

/** Returns the idempotency record of a callback for its outcome, to store it in the commit of the change. */
export type IdempotencyRecordOf = (
  outcome: { readonly connection: Connection } | { readonly error: unknown },
) => IdempotencyRecord;

/**
 * Records a decision without a change or a call to AWS, such as an answer from the cache or a refusal, before it is
 * answered.
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
