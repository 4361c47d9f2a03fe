import type { AuditEvent, AuditIntent, AuditRecord, Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { newAuditId } from '../domain/ids.js';
import type { AuditLog, Clock } from '../domain/ports.js';

type Log = { readonly store: AuditLog; readonly clock: Clock };
type Ending = Pick<Extract<AuditRecord, { phase: 'outcome' }>, 'outcome' | 'code'>;

/**
 * Does something with its intent in the audit log before and its outcome after. Without the log nothing is done; a
 * crash in between leaves an intent without an outcome.
 * @throws RolebridgeError `store_unavailable` when the log can't be written, and what the effect throws
 */
export async function audited<Result>(
  log: Log,
  by: Requester,
  event: AuditEvent,
  effect: (intent: AuditIntent, takeOutcome: TakeOutcome) => Promise<Result>,
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
  let isTaken = false;
  const takeOutcome = () => {
    isTaken = true;
    return outcome({ outcome: 'succeeded' });
  };
  let result: Result;
  try {
    // Only here is the brand given: an id of an intent that is in the log.
    result = await effect(intent.id as AuditIntent, takeOutcome);
  } catch (error) {
    // What went wrong first is what the caller has to know.
    await log.store.appendAudit([outcome(endingOf(error))]).catch(() => {});
    throw error;
  }
  if (!isTaken) await log.store.appendAudit([outcome({ outcome: 'succeeded' })]);
  return result;
}

/** The record of success, for the commit that is the last thing done: it is stored with that or not at all. */
export type TakeOutcome = () => AuditRecord;

/**
 * Records what was decided without a change and without a call to AWS: an answer from memory, or a refusal. Nothing
 * is answered before it is recorded.
 */
export async function recordOutcome(
  { store, clock }: Log,
  { actor, requestId }: Requester,
  event: AuditEvent,
  error?: unknown,
): Promise<void> {
  const ending: Ending = error === undefined ? { outcome: 'succeeded' } : endingOf(error);
  await store.appendAudit([{ ...event, actor, requestId, ...stamp(clock), phase: 'outcome', ...ending }]);
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
