import { type ErrorCode, errorCatalog } from '../domain/error-catalog/index.js';
import { RolebridgeError } from '../domain/errors.js';
import { withVendorName } from '../domain/vendor-words.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/** Problem details (RFC 9457), with the members of the error beside these. */
export interface ProblemAnswer extends Answer {
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

/** Known errors as problem details; everything else is a 500 with a fixed text. A customer reads the vendor's name in it. */
export function problemAnswer(error: unknown, publicUrl: string, vendorName = 'the vendor'): ProblemAnswer {
  if (!(error instanceof RolebridgeError)) {
    const known = frameworkError(error);
    return problemAnswer(
      known ??
        new RolebridgeError('internal_error', 'The service failed while it handled the request.', {
          remedy: 'Retry. If it fails again, give the vendor the request id.',
        }),
      publicUrl,
      vendorName,
    );
  }
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

/** Where the service explains a code; `type` of the problem details. */
export const problemUrl = (code: ErrorCode, publicUrl: string): string => `${publicUrl}/problems/${code}`;

/** Express and its body parser report bad requests as errors with a status; none of them may become a 500. */
function frameworkError(error: unknown): RolebridgeError | undefined {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
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
