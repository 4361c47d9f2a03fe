import { listDeliveries } from '../../actions/webhook-deliveries.js';
import { defineOperation } from '../operation.js';
import { nextOf } from '../schemas.js';
import * as answers from './answers.js';
import { deliveriesQuery } from './requests.js';
import { deliveryView, ofEndpoints, path, unknown } from './shared.js';

export const listWebhookDeliveries = defineOperation({
  method: 'get',
  path: '/v1/webhook-endpoints/{id}/deliveries',
  ...ofEndpoints,
  summary: 'Lists deliveries to a webhook endpoint, newest first, with status, attempts and last answer.',
  description:
    'Returns deliveries of the last 7 days. About 500 finished deliveries of each organization are kept.',
  query: deliveriesQuery,
  answer: { status: 200, description: 'A page of deliveries.', schema: answers.webhookDeliveryList },
  errors: ['webhook_endpoint_not_found'],
  examples: {
    all: { path, returns: 200 },
    failed: { path, query: { status: 'failed', limit: '10' }, returns: 200 },
    unknownStatus: { path, query: { status: 'lost' }, returns: 'request_invalid' },
    unknown,
  },
  async handler({ deps, caller, params, query: { after: lastId, ...query } }) {
    const after = lastId === undefined ? undefined : { id: lastId, endpoint: params.id };
    const { deliveries, hasMore } = await listDeliveries(deps, caller, params.id, { ...query, after });
    return { deliveries: deliveries.map(deliveryView), next: nextOf(deliveries, hasMore) };
  },
});
