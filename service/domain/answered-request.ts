import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { connectionId, organizationId } from './ids.js';
import { isoTime } from './verification.js';

/** A request with an `Idempotency-Key`, so that the same request gets the same answer. */
export const answeredRequestSchema = z.strictObject({
  /** SHA-256 of credential, organization, operation and key: the key itself is stored nowhere. */
  id: z.string(),
  organizationId,
  /** Of the attempt: the audit log has its outcome. */
  requestId: z.string(),
  /** SHA-256 of the body: the same key with another body is another request. */
  requestHash: z.string(),
  startedAt: isoTime,
  /** A process that died does not hold the key for ever. */
  leaseExpiresAt: isoTime,
  /** Absent while it is handled. */
  answer: z
    .strictObject({
      status: z.int(),
      /** JSON; encrypted when it holds a secret, and absent once that is gone. */
      body: z.string().optional(),
      encryptedUntil: isoTime.optional(),
      /** Of the created object. */
      createdId: z.string().optional(),
    })
    .optional(),
});
export type AnsweredRequest = Readonly<z.infer<typeof answeredRequestSchema>>;

/**
 * The answer to a callback, so that the same `webhook-id` gets the same answer again. It is stored in the commit
 * that decides the event and holds no lease, so that a crash leaves nothing to wait for.
 */
export const idempotencyRecordSchema = z.strictObject({
  connectionId,
  organizationId,
  webhookId: z.string().min(1),
  /** SHA-256 of the body, hexadecimal: the same id with another body is another event. */
  requestHash: z.string(),
  /** The propagation window counts from the first attempt, also over retries. */
  firstAttemptAt: isoTime,
  /** Absent when an attempt ended without a verdict. The body is JSON text, so that it is sent again to the letter. */
  answer: z.strictObject({ status: z.int(), body: z.string() }).optional(),
});
export type IdempotencyRecord = DeepReadonly<z.infer<typeof idempotencyRecordSchema>>;
