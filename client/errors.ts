import type { Problem, ProblemCode } from './api.js';

/** An error code of the service, or a newer one that this client doesn't know. `unexpected_answer` is the client's own. */
export type ApiErrorCode = ProblemCode | 'unexpected_answer' | (string & {});

/** The service answered with a problem. */
export class RolebridgeApiError extends Error {
  readonly status: number;
  /** The error code, which is stable. */
  readonly code: ApiErrorCode;
  /** What happened. */
  readonly detail: string;
  /** What to do next. */
  readonly remedy: string | undefined;
  /** Seconds until the same request can be sent again; set if nothing was decided. */
  readonly retryAfterSeconds: number | undefined;
  /** The id of the request, for the vendor's support and the audit log. */
  readonly requestId: string | undefined;
  /** The whole answer, such as the checks of a verification. */
  readonly problem: Partial<Problem>;

  constructor(answer: {
    status: number;
    problem: Partial<Omit<Problem, 'code'>> & { code: ApiErrorCode; detail: string };
    retryAfterSeconds?: number | undefined;
    requestId?: string | undefined;
  }) {
    const { code, detail, remedy } = answer.problem;
    super(`${code}: ${detail}`);
    this.name = 'RolebridgeApiError';
    this.status = answer.status;
    this.code = code;
    this.detail = detail;
    this.remedy = remedy;
    this.retryAfterSeconds = answer.retryAfterSeconds;
    this.requestId = answer.requestId;
    this.problem = answer.problem as Partial<Problem>;
  }
}

/** The service gave no answer: the result of the request is unknown. */
export class RolebridgeUnreachableError extends Error {
  readonly reason: 'unreachable' | 'timed_out';
  readonly remedy: string;

  constructor(reason: 'unreachable' | 'timed_out', message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RolebridgeUnreachableError';
    this.reason = reason;
    this.remedy = remedy;
  }
}
