import type { ShownEndpoint } from '../../actions/webhook-endpoints.js';
import { operatorOrganizationId } from '../../domain/organization.js';
import type { OutboxMessage } from '../../domain/ports.js';
import { textIn } from '../../unknown-value.js';
import { webhookEndpointId } from '../example-values.js';
import * as answers from './answers.js';

/** Common members of the operations in this folder. */
export const ofEndpoints = {
  tag: 'Webhook endpoints',
  auth: 'organization',
  permission: 'webhooks:write',
  isOrganizationWide: true,
  isForAllOrganizations: true,
} as const;
export const path = { id: webhookEndpointId };
export const unknownPath = { id: 'whe_aaaaaaaaaaaaaaaaaaaaaaaa' };
export const unknown = { path: unknownPath, returns: 'webhook_endpoint_not_found' } as const;
export const endpointAnswer = {
  status: 200,
  description: 'The endpoint.',
  schema: answers.webhookEndpoint,
} as const;

const ofOne = (organizationId: string) =>
  organizationId === operatorOrganizationId ? {} : { organizationId };

export const endpointView = ({ organizationId, isEnabled, isSetting, ...shown }: ShownEndpoint) => ({
  ...shown,
  ...ofOne(organizationId),
  enabled: isEnabled,
  source: isSetting ? ('settings' as const) : ('call' as const),
});

export const deliveryView = (message: OutboxMessage) => ({
  id: message.id,
  type: textIn(JSON.parse(message.body), 'type') ?? '',
  ...ofOne(message.organizationId),
  connectionId: message.connectionId,
  status: message.finished?.outcome ?? ('pending' as const),
  attempts: message.attempts,
  createdAt: message.createdAt,
  ...(message.finished ? { finishedAt: message.finished.at } : { nextAttemptAt: message.dueAt }),
  lastAttempt: message.lastAttempt,
});
