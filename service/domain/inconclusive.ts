import { RolebridgeError } from './errors.js';
import type { InconclusiveAnswer } from './sts-calls.js';

/** The reason why AWS gave no verdict. */
export type InconclusiveReason = InconclusiveAnswer['reason'];

/** `propagating`: a new role is not known everywhere yet. */
export interface NoVerdict {
  readonly reason: InconclusiveReason | 'propagating';
  readonly message: string;
  readonly retryAfterSeconds: number;
}

/** The message, and the seconds until a retry. */
const messages: Record<InconclusiveReason, readonly [string, number]> = {
  throttled: ['AWS is throttling requests.', 5],
  timed_out: ['AWS did not answer in time.', 2],
  unreachable: ['AWS could not be reached.', 5],
  server_error: ['AWS answered with a server error.', 2],
  malformed: ['The answer from AWS is malformed.', 2],
  clock_off: ["The service's clock differs from the clock of AWS.", 30],
  denied_on_the_way: [
    'GetCallerIdentity needs no permission, and something between the service and AWS denies it.',
    30,
  ],
  vendor_not_allowed: ["A policy of the vendor's own AWS account denies sts:AssumeRole.", 60],
  request_rejected: ['AWS did not accept the request.', 30],
  shutting_down: ['The service is shutting down.', 5],
  too_many_concurrent_calls: ['Too many of your calls wait for AWS at the same time.', 5],
  vendor_credentials_expired: ["The service's own AWS credentials have expired.", 30],
  vendor_credentials_invalid: ["The service's own AWS credentials are missing or not accepted.", 30],
};

const codeOf = (reason: NoVerdict['reason']) => {
  if (reason === 'propagating') return 'verification_in_progress';
  if (reason === 'too_many_concurrent_calls') return 'rate_limited';
  if (reason === 'vendor_not_allowed') return reason;
  return reason.startsWith('vendor_credentials') ? 'vendor_credentials_invalid' : 'aws_unavailable';
};

export function noVerdict(reason: InconclusiveReason): NoVerdict {
  const [message, retryAfterSeconds] = messages[reason];
  return { reason, message, retryAfterSeconds };
}

/** The error that asks the caller to retry. */
export const inconclusiveError = (reason: InconclusiveReason): RolebridgeError =>
  noVerdictError(noVerdict(reason));

/** @param subject such as ` about the role` */
export const noVerdictError = (
  { reason, message, retryAfterSeconds }: NoVerdict,
  subject = '',
): RolebridgeError =>
  new RolebridgeError(codeOf(reason), message, {
    remedy: `Nothing was decided${subject}. Send the same request again after the time in Retry-After.`,
    retryAfterSeconds,
  });
