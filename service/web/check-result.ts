import { statusOf } from '../api/problem.js';
import { type Connection, verificationOf } from '../domain/connection.js';
import { type ErrorCode, errorCatalog } from '../domain/error-catalog/index.js';
import type { RolebridgeError } from '../domain/errors.js';
import type { Cause, Check, CheckName, FailedVerification, Probe } from '../domain/verification.js';

/** The result of a check that didn't pass: fault and fix, or inconclusive. */
export interface CheckResult {
  readonly kind: 'refused' | 'inconclusive';
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly checks: readonly Check[];
  readonly causes: readonly Cause[];
  /** The trust policy that would pass, if that is the fault. */
  readonly trustPolicy?: string | undefined;
  /** The one that the role has, where it was read. */
  readonly currentPolicy?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** AWS's id of the request that decided it. */
  readonly awsRequestId?: string | undefined;
  readonly status: number;
}

/** The result in an error of an action; the stored one has more details. */
export function resultOf(error: RolebridgeError, connection?: Connection): CheckResult {
  const { checks, diagnosis, trustPolicy } = error.members;
  const stored = connection && storedResultOf(connection);
  if (stored?.code === error.code) return stored;
  return {
    kind: error.retryAfterSeconds === undefined ? 'refused' : 'inconclusive',
    code: error.code,
    message: error.detail,
    remedy: error.remedy,
    checks: checks ?? [],
    causes: diagnosis?.causes ?? [],
    trustPolicy: trustPolicy ?? diagnosis?.trustPolicy,
    retryAfterSeconds: error.retryAfterSeconds,
    status: statusOf(error),
  };
}

/** The result of the stored verification, if it failed. */
export function storedResultOf(connection: Connection): CheckResult | undefined {
  const verification = verificationOf(connection);
  if (verification?.result !== 'failed') return undefined;
  return {
    kind: 'refused',
    code: verification.code,
    message: verification.message,
    remedy: verification.remedy,
    checks: verification.checks,
    causes: verification.diagnosis?.causes ?? [],
    trustPolicy: verification.diagnosis?.trustPolicy,
    currentPolicy: verification.diagnosis?.currentPolicy,
    awsRequestId: decidingProbe(verification)?.requestId,
    status: errorCatalog[verification.code].status,
  };
}

/** The requests of each check, where they are not simply the last ones: most requests are sent side by side. */
const probesOf: Partial<Record<CheckName, readonly Probe['probe'][]>> = {
  account: ['caller_identity'],
  external_id_required: ['without_external_id', 'without_external_id_in_another_region'],
  external_id_exact: ['wrong_external_id', 'altered_external_id'],
  previous_external_id: ['with_previous_external_id'],
  trust_policy: ['get_role'],
  permissions: ['simulate_principal_policy'],
};

/** The request that decided the failed check. Of several negative probes, AWS should have denied the one it allowed. */
function decidingProbe({ checks, probes }: FailedVerification): Probe | undefined {
  const failed = checks.at(-1)?.name;
  const own = probes.filter(({ probe }) => failed !== undefined && probesOf[failed]?.includes(probe));
  return own.findLast(({ outcome }) => outcome === 'allowed') ?? own.at(-1) ?? probes.at(-1);
}
