import type { IdempotencyRecordOf } from '../../actions/audited.js';
import { type Dependencies, isoNow } from '../../actions/dependencies.js';
import type { Connection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import type { IdempotencyRecord } from '../../domain/ports.js';
import { type Answer, problemAnswer } from '../problem.js';

type EventKey = Pick<IdempotencyRecord, 'organizationId' | 'connectionId' | 'webhookId' | 'requestHash'>;

export interface Attempt {
  /** When the event first arrived: the propagation window starts here, even for retries. */
  readonly firstAttemptAtMs: number;
  /** Builds the idempotency record that is stored with the decision. */
  readonly idempotencyRecordOf: (answer?: (next: Connection) => Answer) => IdempotencyRecordOf;
}
type Decide = (attempt: Attempt) => Promise<Answer>;

/**
 * Handles each event once. Nothing is stored before the commit that decides the event, so that a crash leaves no lock
 * behind. A retry in the same process waits for the running attempt. If two processes decide at once, one commit is
 * refused, and that process returns the answer of the other.
 */
export function createHandleOnce(deps: Dependencies) {
  const running = new Map<string, { readonly requestHash: string; readonly answer: Promise<Answer> }>();
  return async (key: EventKey, decide: Decide): Promise<Answer> => {
    const name = `${key.connectionId} ${key.webhookId}`;
    const other = running.get(name);
    if (other) {
      requireSameBody(other, key);
      return withinMaxWait(deps, other.answer);
    }
    const answer = decideOnce(deps, key, decide);
    running.set(name, { requestHash: key.requestHash, answer });
    return answer.finally(() => running.delete(name));
  };
}

async function decideOnce(deps: Dependencies, key: EventKey, decide: Decide): Promise<Answer> {
  const stored = () => deps.store.idempotencyRecord(key.connectionId, key.webhookId, isoNow(deps.clock));
  const record = await stored();
  if (record) requireSameBody(record, key);
  if (record?.answer) return answerIn(record.answer);
  const { firstAttemptAt } = record ?? { firstAttemptAt: isoNow(deps.clock) };
  const answered = ({ status, body }: Answer) => ({
    ...key,
    firstAttemptAt,
    answer: { status, body: JSON.stringify(body) },
  });
  const failed = (problem: Answer) =>
    isVerdict(problem) ? answered(problem) : { ...key, firstAttemptAt, answer: undefined };
  const problemOf = (error: unknown) => callbackProblem(error, deps);
  /** The error or connection of the last prepared record, whose commit may have failed. */
  let recorded: unknown;
  const idempotencyRecordOf: Attempt['idempotencyRecordOf'] =
    (answer = () => ({ status: 200, body: null })) =>
    (outcome) => {
      recorded = 'error' in outcome ? outcome.error : outcome.connection;
      return 'error' in outcome ? failed(problemOf(outcome.error)) : answered(answer(outcome.connection));
    };
  try {
    const answer = await decide({ firstAttemptAtMs: Date.parse(firstAttemptAt), idempotencyRecordOf });
    if (recorded === undefined) await deps.store.commit({ idempotency: answered(answer) });
    return answer;
  } catch (error) {
    const problem = problemOf(error);
    if (recorded !== error && !isChangedMeanwhile(error))
      await deps.store.commit({ idempotency: failed(problem) }).catch((failure) => {
        // Only a verdict must be stored.
        if (isVerdict(problem)) throw failure;
      });
    if (isVerdict(problem)) return problem;
    const decidedElsewhere = isChangedMeanwhile(error) ? (await stored())?.answer : undefined;
    if (decidedElsewhere) return answerIn(decidedElsewhere);
    throw isChangedMeanwhile(error) ? changedMeanwhile() : error;
  }
}

/** A retry waits for the running attempt up to a limit. */
function withinMaxWait(deps: Dependencies, answer: Promise<Answer>): Promise<Answer> {
  const answered = new AbortController();
  const late = deps.clock.sleep(deps.maxWaitMs, answered.signal).then(() => {
    throw new RolebridgeError('callback_in_progress', 'The same callback is still being handled.', {
      remedy: 'Send the same callback again after the time in Retry-After.',
      retryAfterSeconds: 2,
    });
  });
  return Promise.race([answer, late]).finally(() => answered.abort());
}

/** @throws RolebridgeError `idempotency_key_reused` */
function requireSameBody({ requestHash }: Pick<EventKey, 'requestHash'>, key: EventKey): void {
  if (requestHash === key.requestHash) return;
  throw new RolebridgeError('idempotency_key_reused', 'This webhook-id was sent before with another body.', {
    remedy: 'Send each event with a new webhook-id, and a retry with the same body.',
  });
}

const answerIn = ({ status, body }: NonNullable<IdempotencyRecord['answer']>): Answer => ({
  status,
  body: JSON.parse(body),
});

const isVerdict = ({ status }: Answer): boolean => status < 500 && status !== 429;

/** A concurrent edit is not the deployer's fault: answer 503 so that the script retries. */
const isChangedMeanwhile = (error: unknown): boolean =>
  error instanceof RolebridgeError && error.code === 'connection_changed';

const changedMeanwhile = () =>
  new RolebridgeError('callback_in_progress', 'The connection was changed while it was being verified.', {
    remedy: 'Send the same callback again.',
    retryAfterSeconds: 1,
  });

/** Callbacks report every invalid request as 422. */
function callbackProblem(error: unknown, { publicUrl, vendor }: Dependencies): Answer {
  const known = isChangedMeanwhile(error) ? changedMeanwhile() : error;
  const answer = problemAnswer(known, publicUrl, vendor.inSentence);
  return answer.status === 400 ? { ...answer, status: 422, body: { ...answer.body, status: 422 } } : answer;
}
