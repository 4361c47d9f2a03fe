import { findWebhookEndpoint } from '../../actions/webhook-endpoints.js';
import { defineOperation } from '../operation.js';
import { endpointAnswer, endpointView, ofEndpoints, path, unknown } from './shared.js';

export const getWebhookEndpoint = defineOperation({
  method: 'get',
  path: '/v1/webhook-endpoints/{id}',
  ...ofEndpoints,
  summary: 'Returns a webhook endpoint.',
  answer: endpointAnswer,
  errors: ['webhook_endpoint_not_found'],
  examples: { one: { path, returns: 200 }, unknown },
  handler: async ({ deps, caller, params }) =>
    endpointView(await findWebhookEndpoint(deps, caller, params.id)),
});
