import type { ErrorCode } from './error-catalog/index.js';

export type { ErrorCode } from './error-catalog/index.js';

/** An expected failure: `detail` says what happened, `remedy` what to do next. Neither contains a secret. */
export class RolebridgeError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string | undefined;
  /** Seconds after which the same request may be retried. */
  readonly retryAfterSeconds: number | undefined;
  /** Further members of the problem details, such as the checks of a verification. */
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
