import { listWebhookEndpoints as list } from '../../actions/webhook-endpoints.js';
import { defineOperation } from '../operation.js';
import * as answers from './answers.js';
import { endpointView, ofEndpoints } from './shared.js';

export const listWebhookEndpoints = defineOperation({
  method: 'get',
  path: '/v1/webhook-endpoints',
  ...ofEndpoints,
  summary: 'Lists webhook endpoints, oldest first: of one organization, or those for all.',
  answer: { status: 200, description: 'The endpoints.', schema: answers.webhookEndpointList },
  examples: { all: { returns: 200 } },
  handler: async ({ deps, caller }) => ({
    webhookEndpoints: (await list(deps, caller)).map(endpointView),
  }),
});
