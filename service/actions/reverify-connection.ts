import type { Requester } from '../domain/audit.js';
import {
  type ConnectedConnection,
  type Connection,
  type FailedConnection,
  isVerifiable,
  type VerifiableConnection,
} from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import type { Job } from '../domain/ports.js';
import { secondCheckMs } from '../domain/schedule.js';
import { isOpenToOthers } from '../domain/webhook-message.js';
import { verifyStoredAccessKey } from './change-access-key.js';
import type { Dependencies } from './dependencies.js';
import type { Comparison, MassFailure } from './mass-failure.js';
import { VerificationFailed } from './verification-failed.js';
import { type VerificationRequest, verifyConnection } from './verify-connection.js';

/** The result of a scheduled check. */
export type CheckFinding =
  | { readonly finding: 'healthy' | 'nothing_to_verify' }
  /** `isPersisted`: the failure changed the status; otherwise a second check decides. */
  | {
      readonly finding: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly isPersisted: boolean;
      readonly before: Connection;
    }
  /** `remedy`: the check can't run until someone acts on it; otherwise a retry is enough. */
  | {
      readonly finding: 'inconclusive';
      readonly code: ErrorCode;
      readonly message?: string;
      readonly remedy?: string | undefined;
    };

/** The finding, and the next time of the same job; undefined when a change has scheduled it. */
export interface ScheduledCheck {
  readonly result: CheckFinding;
  readonly next: { readonly dueAt: string; readonly attempts: number } | undefined;
}

/**
 * Runs a scheduled verification. A single failure changes the status only of a role that is open to others; a second
 * failure in a row always does. A check without a verdict resets nothing.
 */
export async function reverifyConnection(
  deps: Dependencies,
  by: Requester,
  job: Job,
  massFailure: MassFailure,
): Promise<ScheduledCheck> {
  const before = await deps.store.connection(job.organizationId, job.connectionId);
  if (before === undefined || !isVerifiable(before))
    return { result: { finding: 'nothing_to_verify' }, next: undefined };
  const isSecond = before.status === 'failed' || job.attempts > 0;
  let comparison: Comparison | undefined;
  let isPersisted = false;
  const decides: Decides = {
    async persistFailure(code) {
      if (
        code === 'role_not_assumable' &&
        job.attempts > 0 &&
        isRole(before) &&
        before.status === 'connected'
      )
        comparison = await massFailure.denied(before);
      isPersisted = comparison !== 'held' && (isSecond || isOpenToOthers(code));
      return isPersisted;
    },
    async isVendorsDenialFinal() {
      if (isRole(before)) comparison = await massFailure.denied(before);
      return comparison === 'alone' && isSecond;
    },
  };
  const startedAt = deps.clock.now();
  const dueIn = (ms: number, attempts: number) => ({
    dueAt: new Date(startedAt + ms).toISOString(),
    attempts,
  });
  try {
    await verify(deps, by, before, decides, isSecond);
    // A customer's key opens with nothing of the vendor's, so it says nothing of other denials.
    if (isRole(before)) await massFailure.passed(before, startedAt);
    return { result: { finding: 'healthy' }, next: undefined };
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    const { code, detail: message } = error;
    if (error instanceof VerificationFailed) {
      // The rotation is not complete: nothing is stored, and the check is not repeated soon.
      if (code === 'previous_external_id_accepted' && before.status === 'connected')
        return { result: { finding: 'healthy' }, next: dueIn(secondCheckMs * 5, 0) };
      if (comparison === 'held')
        return {
          result: { finding: 'inconclusive', code: 'vendor_not_allowed' },
          next: dueIn(secondCheckMs * (1 + Math.random()), job.attempts),
        };
      return {
        result: { finding: 'refused', code, message, isPersisted, before },
        next: isPersisted ? undefined : dueIn(secondCheckMs, job.attempts + 1),
      };
    }
    // The denial blames the vendor while other roles open: the second such denial is a verdict.
    if (comparison === 'alone')
      return {
        result: { finding: 'refused', code, message, isPersisted: false, before },
        next: dueIn(secondCheckMs, job.attempts + 1),
      };
    // Jitter, so that connections with the same fault don't retry together.
    if (error.retryAfterSeconds !== undefined || code === 'connection_changed') {
      const waitMs = ((error.retryAfterSeconds ?? 60) + 60 * Math.random()) * 1000 * 2;
      return { result: { finding: 'inconclusive', code }, next: dueIn(waitMs, job.attempts) };
    }
    // A fault of the settings or of stored data, such as a missing encryption key: it needs a person, not a retry.
    const { remedy } = error;
    const waitMs = deps.schedule.verifyIntervalMs * (0.8 + 0.2 * Math.random());
    return { result: { finding: 'inconclusive', code, message, remedy }, next: dueIn(waitMs, job.attempts) };
  }
}

type Decides = Required<Pick<VerificationRequest, 'persistFailure' | 'isVendorsDenialFinal'>>;

const isRole = (connection: VerifiableConnection): connection is ConnectedConnection | FailedConnection =>
  connection.method === 'assume_role';

function verify(
  deps: Dependencies,
  by: Requester,
  connection: VerifiableConnection,
  { persistFailure, isVendorsDenialFinal }: Decides,
  isSecond: boolean,
): Promise<Connection> {
  return connection.method === 'access_key'
    ? verifyStoredAccessKey(deps, by, connection, { isScheduled: true, persistFailure })
    : verifyConnection(deps, by, connection, {
        roleArn: connection.roleArn,
        askedBy: 'schedule',
        persistFailure,
        isVendorsDenialFinal,
        diagnose: isSecond && connection.status === 'connected',
      });
}
