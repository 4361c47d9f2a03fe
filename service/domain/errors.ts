/** Every code that the service answers with; `http/problem.ts` gives each its status and title. */
export const errorCodes = [
  'request_invalid',
  'role_arn_invalid',
  'partition_not_supported',
  'role_in_vendor_account',
  'role_already_connected',
  'role_not_assumable',
  'account_mismatch',
  'external_id_not_required',
  'external_id_not_enforced',
  'previous_external_id_accepted',
  'external_id_not_changing',
  'pending_external_id_in_use',
  'access_not_ended',
  'scope_taken',
  'connection_not_found',
  'connection_changed',
  'connection_disconnected',
  'no_connection_for_target',
  'role_missing',
  'connection_not_healthy',
  'duration_too_long',
  'session_tags_denied',
  'session_policy_invalid',
  'method_mismatch',
  'access_key_not_available',
  'access_key_turned_off',
  'access_key_invalid',
  'access_key_expired',
  'access_key_unreadable',
  'root_access_key',
  'key_in_vendor_account',
  'form_refused',
  'session_ended',
  'sign_in_link_invalid',
  'api_key_not_found',
  'api_key_in_use',
  'enrollment_ended',
  'account_not_enrollable',
  'account_not_proved',
  'unauthorized',
  'callback_unauthorized',
  'callback_in_progress',
  'verification_in_progress',
  'aws_unavailable',
  'vendor_credentials_invalid',
  'rate_limited',
  'store_unavailable',
  'not_found',
  'method_not_allowed',
  'request_too_slow',
  'headers_too_large',
  'body_too_large',
  'media_type_not_supported',
  'internal_error',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** An expected failure: `detail` says what happened, `remedy` what to do next. Neither holds a secret. */
export class RolebridgeError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string | undefined;
  /** Seconds after which the same request may be tried again. */
  readonly retryAfterSeconds: number | undefined;
  /** Further members of the problem details, such as the checks made. */
  readonly members: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      remedy?: string;
      retryAfterSeconds?: number;
      members?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = 'RolebridgeError';
    this.code = code;
    this.detail = detail;
    this.remedy = options.remedy;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.members = options.members ?? {};
  }
}
