import type { ErrorRow } from './error-row.js';

export const webhookErrors = {
  webhook_endpoint_not_found: {
    status: 404,
    title: 'No such webhook endpoint',
    meaning: 'The organization has no webhook endpoint with this id, or it was deleted.',
    see: '`GET /v1/webhook-endpoints` lists them: with an API key those of its organization, with an operator’s token those for all.',
    fix: 'Use an id from that list.',
  },
  webhook_endpoint_of_settings: {
    status: 409,
    title: 'The settings define this endpoint',
    meaning: '`ROLEBRIDGE_WEBHOOK_ENDPOINTS` names this URL, so no call can change or delete the endpoint.',
    see: 'The endpoint has `source: settings`.',
    fix: 'Change the setting and restart the service, or create the endpoint by a call and remove it from the setting.',
  },
  webhook_delivery_not_found: {
    status: 404,
    title: 'No such delivery',
    meaning:
      'This endpoint got no message with this webhook id, or too long ago: deliveries are kept for 7 days.',
    see: '`GET /v1/webhook-endpoints/{id}/deliveries` lists them.',
    fix: 'Use a webhook id from that list.',
  },
} as const satisfies Record<string, ErrorRow>;
