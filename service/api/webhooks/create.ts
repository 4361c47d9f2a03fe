import { createWebhookEndpoint as create } from '../../actions/webhook-endpoints.js';
import { defineOperation } from '../operation.js';
import * as answers from './answers.js';
import { createWebhookEndpointRequest } from './requests.js';
import { endpointView, ofEndpoints } from './shared.js';

export const createWebhookEndpoint = defineOperation({
  method: 'post',
  path: '/v1/webhook-endpoints',
  ...ofEndpoints,
  summary: 'Creates a webhook endpoint, and the secret that signs its messages.',
  description:
    'With an API key, or an operator’s token and `Rolebridge-Organization`, it gets the events of that organization; with an operator’s token alone those of all organizations.',
  body: createWebhookEndpointRequest,
  answer: {
    status: 201,
    description: 'The endpoint and its secret, which is shown only in this response.',
    schema: answers.webhookEndpointWithSecret,
    location: '/v1/webhook-endpoints/{id}',
  },
  examples: {
    all: { body: { url: 'https://hooks.vendor.example/rolebridge' }, returns: 201 },
    some: {
      body: {
        url: 'https://hooks.vendor.example/alarms',
        description: 'Pager',
        events: ['connection.failed', 'connection.callback_refused'],
      },
      returns: 201,
    },
    plain: { body: { url: 'http://hooks.vendor.example/' }, returns: 'request_invalid' },
    unknownType: {
      body: { url: 'https://hooks.vendor.example/', events: ['connection.made'] },
      returns: 'request_invalid',
    },
  },
  async handler({ deps, by, caller, body }) {
    const { secret, ...endpoint } = await create(deps, by, caller, body);
    return { ...endpointView(endpoint), secret };
  },
});
