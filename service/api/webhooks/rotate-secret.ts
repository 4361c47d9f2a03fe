import { rotateWebhookSecret as rotate } from '../../actions/webhook-endpoints.js';
import { defineOperation } from '../operation.js';
import * as answers from './answers.js';
import { rotateWebhookSecretRequest } from './requests.js';
import { endpointView, ofEndpoints, path, unknownPath } from './shared.js';

export const rotateWebhookSecret = defineOperation({
  method: 'post',
  path: '/v1/webhook-endpoints/{id}/rotate-secret',
  ...ofEndpoints,
  summary: 'Creates another secret for a webhook endpoint.',
  description: 'Until `previousSecretValidUntil`, a day by default, both secrets sign every message.',
  body: rotateWebhookSecretRequest,
  answer: {
    status: 200,
    description: 'The endpoint and its new secret, which is shown only in this response.',
    schema: answers.webhookEndpointWithSecret,
  },
  errors: ['webhook_endpoint_not_found', 'webhook_endpoint_of_settings'],
  examples: {
    aDay: { path, body: {}, returns: 200 },
    atOnce: { path, body: { previousValidSeconds: 0 }, returns: 200 },
    unknown: { path: unknownPath, body: {}, returns: 'webhook_endpoint_not_found' },
  },
  async handler({ deps, by, caller, params, body }) {
    const { secret, ...endpoint } = await rotate(deps, by, caller, params.id, body);
    return { ...endpointView(endpoint), secret };
  },
});
