import { z } from 'zod';
import { organizationId } from './ids.js';
import { isoTime } from './verification.js';

/** A request with an `Idempotency-Key`, so that the same request gets the same answer. */
export const answeredRequestSchema = z.strictObject({
  /** SHA-256 of credential, organization, operation and key: the key itself is stored nowhere. */
  id: z.string(),
  organizationId,
  /** The id of the request, to find its outcome in the audit log. */
  requestId: z.string(),
  /** SHA-256 of the body: the same key with another body is another request. */
  requestHash: z.string(),
  startedAt: isoTime,
  /** The end of the lease, after which another attempt can take the key over. */
  leaseExpiresAt: isoTime,
  /** Absent while the request is being handled. */
  answer: z
    .strictObject({
      status: z.int(),
      /** JSON; encrypted when it holds a secret, and absent once that is gone. */
      body: z.string().optional(),
      encryptedUntil: isoTime.optional(),
      /** The id of the created object. */
      createdId: z.string().optional(),
    })
    .optional(),
});
export type AnsweredRequest = Readonly<z.infer<typeof answeredRequestSchema>>;
