import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { connectionId, organizationId } from './ids.js';
import { isoTime } from './verification.js';

/** The endpoint's answer: a status, or the reason that there was none. */
const deliveryAttempt = z.strictObject({
  at: isoTime,
  status: z.int().optional(),
  reason: z.string().optional(),
});
export type DeliveryAttempt = Readonly<z.infer<typeof deliveryAttempt>>;

/** A webhook to one endpoint: created with the change that it reports, and kept for a while after its delivery. */
export const outboxMessageSchema = z.strictObject({
  /** The `webhook-id`, `msg_…`: one for each event, whatever the number of endpoints. */
  id: z.string(),
  /** The endpoint's id. */
  endpoint: z.string(),
  organizationId,
  /** Absent: the message is about no connection, such as a test message. */
  connectionId: connectionId.optional(),
  /** The body as it is sent: JSON text. */
  body: z.string(),
  createdAt: isoTime,
  dueAt: isoTime,
  attempts: z.int(),
  lastAttempt: deliveryAttempt.optional(),
  /** Set when the message was delivered or given up. */
  finished: z.strictObject({ at: isoTime, outcome: z.enum(['delivered', 'failed']) }).optional(),
});
export type OutboxMessage = DeepReadonly<z.infer<typeof outboxMessageSchema>>;

/** Each endpoint has its own copy of a message. */
export const messageKey = ({ id, endpoint }: Pick<OutboxMessage, 'id' | 'endpoint'>): string =>
  `${id} ${endpoint}`;

export type NextDelivery = Pick<OutboxMessage, 'attempts' | 'lastAttempt'> &
  ({ readonly dueAt: string } | { readonly finished: NonNullable<OutboxMessage['finished']> });
