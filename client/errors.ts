import type { Problem, ProblemCode } from './api.js';

/** A code of the service; one that is newer than this client is a text. `unexpected_answer` is the client's own. */
export type ApiErrorCode = ProblemCode | 'unexpected_answer' | (string & {});

/** The service answered, and the answer is a problem. */
export class RolebridgeApiError extends Error {
  readonly status: number;
  /** Stable: decide by this. */
  readonly code: ApiErrorCode;
  /** What happened. */
  readonly detail: string;
  /** What to do next. */
  readonly remedy: string | undefined;
  /** Set when nothing was decided, and the same request may be sent again after so many seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** For the vendor's support, and for the audit log. */
  readonly requestId: string | undefined;
  /** The whole answer, such as with the checks that a verification made. */
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

/** No answer from the service: the result of the request is unknown. */
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
