import { changeWebhookEndpoint as change } from '../../actions/webhook-endpoints.js';
import { defineOperation } from '../operation.js';
import { updateWebhookEndpointRequest } from './requests.js';
import { endpointAnswer, endpointView, ofEndpoints, path, unknownPath } from './shared.js';

export const updateWebhookEndpoint = defineOperation({
  method: 'patch',
  path: '/v1/webhook-endpoints/{id}',
  ...ofEndpoints,
  summary: 'Changes URL, description or event types of a webhook endpoint, or disables it.',
  description: 'Pending messages are sent to a new URL at once.',
  body: updateWebhookEndpointRequest,
  answer: endpointAnswer,
  errors: ['webhook_endpoint_not_found', 'webhook_endpoint_of_settings'],
  examples: {
    disable: { path, body: { enabled: false }, returns: 200 },
    allTypes: { path, body: { events: null }, returns: 200 },
    nothing: { path, body: {}, returns: 'request_invalid' },
    unknown: { path: unknownPath, body: { enabled: false }, returns: 'webhook_endpoint_not_found' },
  },
  handler: async ({ deps, by, caller, params, body }) =>
    endpointView(await change(deps, by, caller, params.id, body)),
});
