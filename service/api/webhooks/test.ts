import { sendTestMessage as send } from '../../actions/webhook-deliveries.js';
import { defineOperation } from '../operation.js';
import * as answers from './answers.js';
import { deliveryView, ofEndpoints, path, unknown } from './shared.js';

export const sendTestMessage = defineOperation({
  method: 'post',
  path: '/v1/webhook-endpoints/{id}/test',
  ...ofEndpoints,
  summary: 'Sends a test message (`webhook.test`) to a webhook endpoint.',
  description:
    'It is sent at once, even to a paused endpoint: if the endpoint accepts it, the waiting messages follow. `GET …/deliveries` has its result.',
  answer: { status: 202, description: 'The delivery, which is pending.', schema: answers.webhookDelivery },
  errors: ['webhook_endpoint_not_found'],
  examples: { test: { path, returns: 202 }, unknown },
  handler: async ({ deps, by, caller, params }) => deliveryView(await send(deps, by, caller, params.id)),
});
