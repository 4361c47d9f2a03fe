import { deleteWebhookEndpoint as remove } from '../../actions/webhook-endpoints.js';
import { defineOperation } from '../operation.js';
import { ofEndpoints, path, unknown } from './shared.js';

export const deleteWebhookEndpoint = defineOperation({
  method: 'delete',
  path: '/v1/webhook-endpoints/{id}',
  ...ofEndpoints,
  summary: 'Deletes a webhook endpoint and its pending messages.',
  answer: { status: 204, description: 'The endpoint is deleted.' },
  errors: ['webhook_endpoint_not_found', 'webhook_endpoint_of_settings'],
  examples: { delete: { path, returns: 204 }, unknown },
  handler: ({ deps, by, caller, params }) => remove(deps, by, caller, params.id),
});
