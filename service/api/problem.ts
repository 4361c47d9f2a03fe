import { type ErrorCode, errorCatalog } from '../domain/error-catalog/index.js';
import { RolebridgeError } from '../domain/errors.js';
import { withVendorName } from '../domain/vendor-words.js';
import { memberOf } from '../unknown-value.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/** Problem details (RFC 9457), with the members of the error beside these. */
interface ProblemAnswer extends Answer {
  readonly body: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly code: ErrorCode;
    readonly detail: string;
    readonly remedy?: string;
  };
}

/** The HTTP status of a known error. */
export const statusOf = ({ code }: Pick<RolebridgeError, 'code'>): number => errorCatalog[code].status;

/** Known errors as problem details; everything else is a 500 with a fixed text. Customers read the vendor's name in it. */
export function problemAnswer(thrown: unknown, publicUrl: string, vendorName = 'the vendor'): ProblemAnswer {
  const error = thrown instanceof RolebridgeError ? thrown : frameworkError(thrown);
  const { status, title } = errorCatalog[error.code];
  return {
    status,
    retryAfterSeconds: error.retryAfterSeconds ?? (status === 503 ? 2 : undefined),
    body: {
      type: problemUrl(error.code, publicUrl),
      title: withVendorName(title, vendorName),
      status,
      code: error.code,
      detail: withVendorName(error.detail, vendorName),
      ...(error.remedy !== undefined && { remedy: withVendorName(error.remedy, vendorName) }),
      ...error.members,
    },
  };
}

/** The URL that explains a code, which is the `type` of the problem. */
export const problemUrl = (code: ErrorCode, publicUrl: string): string => `${publicUrl}/problems/${code}`;

/** Express and its body parser report bad requests as errors with a status; none of them may become a 500. */
function frameworkError(thrown: unknown): RolebridgeError {
  const status = memberOf(thrown, 'status');
  if (typeof status !== 'number' || status < 400 || status > 499)
    return new RolebridgeError('internal_error', 'The service failed while it handled the request.', {
      remedy: 'Retry. If it fails again, give the vendor the request id.',
    });
  if (status === 413) return bodyTooLarge();
  if (status === 415) return bodyCompressed();
  return new RolebridgeError('request_invalid', 'The request is malformed.', {
    remedy: 'Check its path, headers and body.',
  });
}

export const bodyTooLarge = () =>
  new RolebridgeError('body_too_large', 'The body is larger than 64 kB.', { remedy: 'Send less.' });
export const bodyCompressed = () =>
  new RolebridgeError('media_type_not_supported', 'Compressed bodies are not accepted.', {
    remedy: 'Send the body as it is.',
  });
