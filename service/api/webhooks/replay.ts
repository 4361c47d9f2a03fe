import { replayDeliveries, replayDelivery } from '../../actions/webhook-deliveries.js';
import { defineOperation } from '../operation.js';
import * as answers from './answers.js';
import { replayRequest } from './requests.js';
import { deliveryView, ofEndpoints, path, unknownPath } from './shared.js';

export const replayWebhookDelivery = defineOperation({
  method: 'post',
  path: '/v1/webhook-endpoints/{id}/deliveries/{webhookId}/replay',
  ...ofEndpoints,
  summary: 'Sends one message again.',
  description: 'The message has the same `webhook-id` and body. A pending message does not change.',
  answer: { status: 202, description: 'The delivery, which is pending.', schema: answers.webhookDelivery },
  errors: ['webhook_endpoint_not_found', 'webhook_delivery_not_found'],
  examples: {
    unknown: {
      path: { ...path, webhookId: 'msg_aaaaaaaaaaaaaaaaaaaaaaaa' },
      returns: 'webhook_delivery_not_found',
    },
    unknownEndpoint: {
      path: { ...unknownPath, webhookId: 'msg_aaaaaaaaaaaaaaaaaaaaaaaa' },
      returns: 'webhook_endpoint_not_found',
    },
  },
  handler: async ({ deps, by, caller, params }) =>
    deliveryView(await replayDelivery(deps, by, caller, params.id, params.webhookId)),
});

export const replayWebhookDeliveries = defineOperation({
  method: 'post',
  path: '/v1/webhook-endpoints/{id}/replay',
  ...ofEndpoints,
  summary: 'Sends the messages of a time range again, oldest first: by default those that failed.',
  body: replayRequest,
  answer: {
    status: 202,
    description: 'The number of messages that are sent again.',
    schema: answers.replayed,
  },
  errors: ['webhook_endpoint_not_found'],
  examples: {
    failed: { path, body: { since: '2026-11-24T00:00:00Z' }, returns: 202 },
    notATime: { path, body: { since: 'yesterday' }, returns: 'request_invalid' },
    unknown: {
      path: unknownPath,
      body: { since: '2026-11-24T00:00:00Z' },
      returns: 'webhook_endpoint_not_found',
    },
  },
  handler: async ({ deps, by, caller, params, body }) => ({
    replayed: await replayDeliveries(deps, by, caller, params.id, body),
  }),
});
