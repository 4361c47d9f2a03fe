import type { Dependencies } from '../actions/dependencies.js';
import type { Requester } from '../domain/audit.js';
import {
  type ConnectedConnection,
  type Connection,
  isVerifiable,
  type VerifiableConnection,
} from '../domain/connection.js';
import { type ErrorCode, RolebridgeError } from '../domain/errors.js';
import type { Job } from '../domain/ports.js';
import { secondCheckMs } from '../domain/schedule.js';
import { isOpenToOthers } from '../domain/webhook-message.js';
import { verifyStoredAccessKey } from './change-access-key.js';
import type { Comparison, MassFailure } from './mass-failure.js';
import { VerificationFailed } from './verification-failed.js';
import { type VerificationRequest, verifyConnection } from './verify-connection.js';

/** The result of a scheduled check. */
export type CheckFinding =
  | { readonly finding: 'healthy' | 'nothing_to_verify' }
  /** `isCounted`: the status says so now; otherwise a second check decides. */
  | {
      readonly finding: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly isCounted: boolean;
      readonly before: Connection;
    }
  | { readonly finding: 'inconclusive'; readonly code: ErrorCode; readonly retryAfterSeconds: number };

/** When the same job is due again, for jobs that stay; a job stored with a change has its own time. */
export interface ScheduledCheck {
  readonly result: CheckFinding;
  readonly next: { readonly dueAt: string; readonly attempts: number } | undefined;
}

/**
 * Verifies a connection by the service's own accord. One failure turns nothing, but for a role that lets others in; a
 * second in a row does. Without a verdict the failures so far still count.
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
  let isCounted = false;
  const decides: Decides = {
    async persistFailure(code) {
      if (code === 'role_not_assumable' && job.attempts > 0 && isConnectedRole(before))
        comparison = await massFailure.denied(before);
      isCounted = comparison !== 'held' && (isSecond || isOpenToOthers(code));
      return isCounted;
    },
    async isVendorsDenialFinal() {
      if (before.method === 'assume_role') comparison = await massFailure.denied(before);
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
    await massFailure.passed(before, startedAt);
    return { result: { finding: 'healthy' }, next: undefined };
  } catch (error) {
    if (!(error instanceof RolebridgeError)) throw error;
    const { code, detail: message } = error;
    if (error instanceof VerificationFailed) {
      // Of a trust policy that names two external IDs nothing is stored, and there is nothing to repeat soon.
      if (code === 'previous_external_id_accepted' && before.status === 'connected')
        return { result: { finding: 'healthy' }, next: dueIn(secondCheckMs * 5, 0) };
      if (comparison === 'held')
        return {
          result: { finding: 'inconclusive', code: 'vendor_not_allowed', retryAfterSeconds: 60 },
          next: dueIn(secondCheckMs * (1 + Math.random()), job.attempts),
        };
      return {
        result: { finding: 'refused', code, message, isCounted, before },
        next: isCounted ? undefined : dueIn(secondCheckMs, job.attempts + 1),
      };
    }
    // The text of the denial blames the vendor, and others open: the second one is a verdict.
    if (comparison === 'alone')
      return {
        result: { finding: 'refused', code, message, isCounted: false, before },
        next: dueIn(secondCheckMs, job.attempts + 1),
      };
    const retryAfterSeconds = error.retryAfterSeconds ?? 60;
    // Jitter, so that connections with the same fault don't retry together.
    const waitMs = (retryAfterSeconds + 60 * Math.random()) * 1000 * 2;
    return {
      result: { finding: 'inconclusive', code, retryAfterSeconds },
      next: dueIn(waitMs, job.attempts),
    };
  }
}

type Decides = Required<Pick<VerificationRequest, 'persistFailure' | 'isVendorsDenialFinal'>>;

const isConnectedRole = (connection: Connection): connection is ConnectedConnection =>
  connection.method === 'assume_role' && connection.status === 'connected';

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
