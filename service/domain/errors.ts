import type { ErrorCode } from './error-catalog/index.js';
import type { Check, FailedVerification } from './verification.js';

export type { ErrorCode } from './error-catalog/index.js';

/** Further members of the problem details. */
export interface ErrorMembers {
  /** The checks of a failed verification. */
  readonly checks?: readonly Check[];
  readonly diagnosis?: Partial<NonNullable<FailedVerification['diagnosis']>>;
  /** The trust policy to deploy. */
  readonly trustPolicy?: string;
  /** An invalid member of a request. */
  readonly errors?: readonly { readonly at: string; readonly message: string }[];
  readonly [member: string]: unknown;
}

/** An expected failure: `detail` says what happened, `remedy` what to do next. Neither contains a secret. */
export class RolebridgeError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string | undefined;
  /** Seconds after which the same request may be retried. */
  readonly retryAfterSeconds: number | undefined;
  readonly members: ErrorMembers;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      remedy?: string;
      retryAfterSeconds?: number;
      members?: ErrorMembers;
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

/** `request_invalid` about one place of the request, such as `body.scope.project`. */
export const invalidRequest = (at: string, message: string, remedy: string): RolebridgeError =>
  new RolebridgeError('request_invalid', `${at}: ${message}`, {
    remedy,
    members: { errors: [{ at, message }] },
  });
