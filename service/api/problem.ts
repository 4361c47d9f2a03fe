import { type ErrorCode, RolebridgeError } from '../domain/errors.js';

/** One table: each code's HTTP status and title (RFC 9457). */
export const problems: Record<ErrorCode, readonly [status: number, title: string]> = {
  request_invalid: [400, 'The request is not valid'],
  role_arn_invalid: [400, 'Not the ARN of an IAM role'],
  partition_not_supported: [422, 'AWS partition not supported'],
  role_in_vendor_account: [422, "The role is in an account that can't be connected"],
  role_already_connected: [409, 'The role is already connected'],
  role_not_assumable: [422, "The role can't be assumed"],
  account_mismatch: [422, 'The role is in another account than expected'],
  external_id_not_required: [422, 'The role can be assumed without the external ID'],
  external_id_not_enforced: [422, 'The role can be assumed with any external ID'],
  previous_external_id_accepted: [422, 'The role still accepts the previous external ID'],
  external_id_not_changing: [409, 'The external ID is not being changed'],
  pending_external_id_in_use: [409, 'The role accepts the new external ID only'],
  access_not_ended: [503, 'AWS still lets the service in'],
  scope_taken: [409, 'The scope is held by another connection'],
  connection_not_found: [404, 'No such connection'],
  connection_changed: [409, 'The connection was changed meanwhile'],
  connection_disconnected: [422, 'The connection is disconnected'],
  no_connection_for_target: [404, 'No connection applies to the target'],
  role_missing: [422, 'The connection has no role yet'],
  connection_not_healthy: [409, 'The connection of the target is not healthy'],
  duration_too_long: [422, 'The session would be longer than allowed'],
  session_tags_denied: [422, 'The role does not allow session tags'],
  session_policy_invalid: [422, 'AWS does not accept the session policy'],
  method_mismatch: [422, "Not a call for the connection's method"],
  access_key_not_available: [422, 'Access keys are not available'],
  access_key_turned_off: [422, 'Access keys are turned off'],
  access_key_invalid: [422, 'AWS does not accept the access key'],
  access_key_expired: [422, 'The access key has expired'],
  access_key_unreadable: [500, 'The stored access key can not be decrypted'],
  root_access_key: [422, "The access key is a root user's"],
  key_in_vendor_account: [422, "The access key is of an account that can't be connected"],
  form_refused: [403, 'The form was refused'],
  session_ended: [403, 'Not signed in any more'],
  sign_in_link_invalid: [403, 'The link does not work any more'],
  api_key_not_found: [404, 'No such API key'],
  api_key_in_use: [409, 'The API key is the one in use'],
  enrollment_ended: [403, 'The enrollment has ended'],
  account_not_enrollable: [403, 'The enrollment is not for this account'],
  account_not_proved: [403, 'The account was not proved'],
  unauthorized: [401, 'No valid API key'],
  callback_unauthorized: [401, "Not signed with this connection's secret, or stale"],
  callback_in_progress: [503, 'Not decided yet'],
  verification_in_progress: [503, 'Not decided yet'],
  aws_unavailable: [503, 'AWS gave no verdict'],
  vendor_credentials_invalid: [503, "The service's own AWS credentials do not work"],
  rate_limited: [429, 'Too many requests'],
  store_unavailable: [503, 'The store is not available'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_too_slow: [408, 'The request took too long to arrive'],
  headers_too_large: [431, 'The headers are too large'],
  body_too_large: [413, 'The body is too large'],
  media_type_not_supported: [415, 'Media type not supported'],
  internal_error: [500, 'Internal error'],
};

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/** The HTTP status of a known error. */
export const statusOf = ({ code }: Pick<RolebridgeError, 'code'>): number => problems[code][0];

/** Known errors as problem details; everything else is a 500 with a fixed text. */
export function problemAnswer(error: unknown, publicUrl: string): Answer {
  if (!(error instanceof RolebridgeError)) {
    const known = frameworkError(error);
    return problemAnswer(
      known ??
        new RolebridgeError('internal_error', 'The service failed while it handled the request.', {
          remedy: 'Try again. When it goes on, tell the vendor the request id.',
        }),
      publicUrl,
    );
  }
  const [status, title] = problems[error.code];
  return {
    status,
    retryAfterSeconds: error.retryAfterSeconds ?? (status === 503 ? 2 : undefined),
    body: {
      type: problemUrl(error.code, publicUrl),
      title,
      status,
      code: error.code,
      detail: error.detail,
      ...(error.remedy !== undefined && { remedy: error.remedy }),
      ...error.members,
    },
  };
}

/** Where the service explains a code; `type` of the problem details. */
export const problemUrl = (code: ErrorCode, publicUrl: string): string => `${publicUrl}/problems/${code}`;

/** Express and its body parser report bad requests as errors with a status; none of them may become a 500. */
function frameworkError(error: unknown): RolebridgeError | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
  if (status === 413)
    return new RolebridgeError('body_too_large', 'The body is larger than 64 kB.', { remedy: 'Send less.' });
  if (status === 415)
    return new RolebridgeError('media_type_not_supported', 'Compressed bodies are not accepted.', {
      remedy: 'Send the body as it is.',
    });
  return new RolebridgeError('request_invalid', 'The request is malformed.', {
    remedy: 'Check its path, headers and body.',
  });
}
