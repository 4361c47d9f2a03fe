import type { ErrorRow } from './error-row.js';

export const idempotencyErrors = {
  request_in_progress: {
    status: 409,
    title: 'The same request is being handled',
    meaning: 'A request with this `Idempotency-Key` arrived before, and has no answer yet.',
    see: 'Another process or an earlier attempt of yours sent it.',
    fix: 'Send the same request again after `Retry-After`: you get its answer.',
  },
  request_outcome_unknown: {
    status: 409,
    title: 'The outcome of the request is unknown',
    meaning:
      'The service stopped while it handled the first request with this `Idempotency-Key`. It may have been done.',
    see: '`GET /v1/audit` has records with the `requestId` of this answer, if it had started.',
    fix: 'List the objects of that kind. If yours is missing, send the request with a new `Idempotency-Key`.',
  },
  secret_no_longer_available: {
    status: 410,
    title: 'The secret is no longer available',
    meaning:
      'The request was done before. The secret in its answer is kept for 15 minutes, and not once it is used, rotated or revoked; nor if the service ended before it answered.',
    see: '`createdId` in this answer is the id of the created resource.',
    fix: 'Read it by that id. Rotate its secret, or create another one.',
  },
} as const satisfies Record<string, ErrorRow>;
