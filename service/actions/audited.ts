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
  effect: (intent: AuditIntent) => Promise<Result>,
): Promise<Result> {
  const { actor, requestId } = by;
  const intent: AuditRecord = { ...event, actor, requestId, ...stamp(log.clock), phase: 'intent' };
  await log.store.appendAudit([intent]);
  const end = (ending: Ending) =>
    log.store.appendAudit([
      { ...event, actor, requestId, ...stamp(log.clock), phase: 'outcome', intentId: intent.id, ...ending },
    ]);
  let result: Result;
  try {
    result = await effect(intent.id as string as AuditIntent);
  } catch (error) {
    // What went wrong first is what the caller has to know.
    await end(endingOf(error)).catch(() => {});
    throw error;
  }
  await end({ outcome: 'succeeded' });
  return result;
}

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
