import { z } from 'zod';
import { endpointUrl, eventFilter } from '../../domain/webhook-endpoint.js';
import { limit, name } from '../schemas.js';

const endpointMembers = {
  url: endpointUrl.meta({ description: 'An `https` URL. Requests to private addresses are refused.' }),
  description: name.meta({ description: 'A description for your own use.' }),
  events: eventFilter.meta({ description: 'The event types to send. By default all.' }),
  enabled: z.boolean().meta({
    description: 'Whether the endpoint gets events. Events while it is disabled are not sent later.',
  }),
};
export const createWebhookEndpointRequest = z
  .strictObject(endpointMembers)
  .partial({ description: true, events: true, enabled: true });
export const updateWebhookEndpointRequest = z
  .strictObject({
    ...endpointMembers,
    description: endpointMembers.description.nullable(),
    events: endpointMembers.events.nullable(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must name what to change');
/** How long the previous secret stays valid; a week at most. */
export const rotateWebhookSecretRequest = z.strictObject({
  previousValidSeconds: z.int().min(0).max(604_800).optional(),
});
export const deliveriesQuery = z.strictObject({
  limit,
  status: z.enum(['pending', 'delivered', 'failed']).optional(),
  after: z
    .string()
    .regex(/^msg_[a-z2-7]{24}$/, 'must be a webhook id')
    .meta({ description: 'The `next` of the previous page.' })
    .optional(),
});
export const replayRequest = z.strictObject({
  since: z.iso.datetime().meta({ description: 'Messages created then or later.' }),
  until: z.iso.datetime().optional().meta({ description: 'Messages created then or before.' }),
  status: z.enum(['failed', 'delivered']).optional().meta({ description: 'By default those that failed.' }),
});
