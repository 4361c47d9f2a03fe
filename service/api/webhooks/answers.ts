import { z } from 'zod';
import { isoTime } from '../../domain/verification.js';
import { eventType, webhookEndpointSchema } from '../../domain/webhook-endpoint.js';
import { nextAfter } from '../schemas.js';

const text = z.string();

export const webhookEndpoint = z
  .object({
    ...webhookEndpointSchema.pick({ id: true, url: true }).shape,
    organizationId: text.optional().meta({ description: 'Absent: it gets the events of all organizations.' }),
    description: text.optional(),
    events: z.array(eventType).optional().meta({ description: 'Absent: all types.' }),
    enabled: z.boolean(),
    source: z
      .enum(['call', 'settings'])
      .meta({ description: '`settings`: ROLEBRIDGE_WEBHOOK_ENDPOINTS names it, and no call changes it.' }),
    createdAt: isoTime.optional(),
    updatedAt: isoTime.optional(),
    previousSecretValidUntil: isoTime
      .optional()
      .meta({ description: 'Until then the previous secret signs too.' }),
  })
  .meta({ id: 'WebhookEndpoint' });
export const webhookEndpointWithSecret = webhookEndpoint.extend({
  secret: text.meta({ description: 'Signs its messages: `whsec_…`. Shown only in this response.' }),
});
export const webhookEndpointList = z.object({ webhookEndpoints: z.array(webhookEndpoint) });
export const webhookDelivery = z
  .object({
    id: text.meta({ description: 'The `webhook-id` of the message.' }),
    type: text,
    organizationId: text.optional(),
    connectionId: text.optional(),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    createdAt: isoTime,
    nextAttemptAt: isoTime.optional().meta({ description: 'The time of the next attempt, while pending.' }),
    finishedAt: isoTime.optional(),
    lastAttempt: z
      .object({
        at: isoTime,
        status: z.int().optional().meta({ description: 'The HTTP status that the endpoint answered.' }),
        reason: text.optional().meta({ description: 'The reason of the failure.' }),
      })
      .optional(),
  })
  .meta({ id: 'WebhookDelivery' });
export const webhookDeliveryList = z.object({
  deliveries: z.array(webhookDelivery).meta({ description: 'Newest first.' }),
  next: nextAfter,
});
export const replayed = z.object({ replayed: z.int() });
